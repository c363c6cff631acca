import { FileError } from '../local/files.ts';
import { readClusterPolicies } from '../local/policies.ts';
import { isClusterName } from '../shared/admission/path.ts';
import { namespaceName } from '../shared/policy/kyverno/object-names.ts';
import { toYaml } from '../shared/policy/kyverno/yaml/write.ts';
import type { Rule } from '../shared/policy/policy.ts';
import { PolicyLoadError, printWarning } from '../shared/policy/problems.ts';
import { extractedKindsOf } from '../shared/policy/resources.ts';
import { type ClusterPolicies, EmptyPolicySet, UnknownCluster } from '../shared/policy-set/clusters.ts';
import type { TrustRoots } from '../shared/trust/root/trust-root.ts';
import { type Arguments, atLeastOne, readArguments, single } from './arguments.ts';
import { certificatesIn } from './certificates.ts';
import { type Plurals, pluralOf, readPlurals } from './plurals.ts';
import { tokenFrom } from './token.ts';
import { trustPolicyBesidePolicies, trustPolicyOption } from './trust-policy.ts';
import { trustedRootOption, trustRootFrom } from './trust-root.ts';
import { UsageError } from './usage.ts';
import { systemNamespace, type WebhookConfiguration, type WebhookSettings, webhookConfigurations } from './webhooks.ts';

/** `countersign manifests --policies DIR --url URL`: prints the webhook configurations of one cluster. */
export async function manifests(words: readonly string[]): Promise<number> {
  const { output, warnings } = await manifestsFrom(words);
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  process.stdout.write(output);
  return 0;
}

/** The same words make the same output, byte for byte. Throws UsageError and PolicyLoadError. */
export async function manifestsFrom(words: readonly string[]): Promise<{ output: string; warnings: string[] }> {
  const found = readArguments(words, {
    single: ['policies', 'url', 'ca', 'cluster', 'token', 'break-glass', 'output', trustedRootOption],
    several: ['resource'],
    flags: ['audit-only'],
    bare: { instead: 'write countersign manifests --policies DIR --url URL' },
    elsewhere: {
      policy: 'write --policies DIR, a folder with the policies',
      [trustPolicyOption]: trustPolicyBesidePolicies,
    },
  });
  const [folder = ''] = atLeastOne(found, 'policies', '--policies DIR');
  const [url = ''] = atLeastOne(found, 'url', '--url URL');
  const print = printerFor(single(found, 'output', 'yaml'));
  const token = tokenFrom(found);
  const breakGlass = breakGlassFrom(found);
  const auditOnly = found.has('audit-only');
  if (auditOnly && breakGlass !== undefined) {
    throw new UsageError(
      '--break-glass is beside webhooks that block, and --audit-only has none: leave one of them out',
    );
  }
  const settings: WebhookSettings = {
    base: baseOf(url),
    cluster: single(found, 'cluster', 'default'),
    ...(token === undefined ? {} : { token }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
    ...(auditOnly ? { auditOnly } : {}),
    ...(await caBundleFrom(found)),
  };
  const policies = await policiesOf(folder, settings.cluster, await trustRootFrom(found));
  if (!isClusterName(settings.cluster)) {
    throw new UsageError(`--cluster: '${settings.cluster.slice(0, 120)}' cannot be a segment of the webhook's URL`);
  }
  const plurals = readPlurals(found.get('resource') ?? [], policies.scopes.all);
  const configurations = webhookConfigurations(policies.scopes, { ...settings, plurals });
  const warnings = [...warningsOf(policies, settings), ...guesses(policies.scopes.all, plurals)];
  return { output: print(configurations), warnings };
}

async function policiesOf(folder: string, cluster: string, roots: TrustRoots): Promise<ClusterPolicies> {
  try {
    return await readClusterPolicies(folder, cluster, roots);
  } catch (thrown) {
    if (thrown instanceof PolicyLoadError) throw thrown;
    const known = thrown instanceof UnknownCluster || thrown instanceof EmptyPolicySet;
    if (known || isFileError(thrown)) throw new UsageError(thrown.message);
    throw thrown;
  }
}

function isFileError(thrown: unknown): thrown is Error {
  return thrown instanceof FileError || (Error.isError(thrown) && 'code' in thrown);
}

/** What loading warns of, and what is in the policies that no API server will ever ask about. */
function warningsOf(policies: ClusterPolicies, { token, breakGlass }: WebhookSettings): string[] {
  const warnings = policies.warnings.map(printWarning);
  // What auto-gen made of a rule says nothing that the written rule does not.
  for (const rule of policies.scopes.all.filter(({ autogenOf }) => autogenOf === undefined)) {
    const leftOut = [systemNamespace, ...(breakGlass === undefined ? [] : [breakGlass])];
    const namespaces = namespacesOf(rule);
    if (namespaces?.every((name) => leftOut.includes(name))) {
      const what = `${namespaces.join(', ')}, which the webhooks leave out: it blocks nothing`;
      const { file, line, name, policy } = rule;
      warnings.push(printWarning({ file, line, message: `rule '${name}' of ${policy} is only about ${what}` }));
    }
  }
  if (token === undefined) {
    warnings.push(
      'warning: no --token: a deployed function refuses calls at these URLs, only `serve` without a token answers them',
    );
  }
  return warnings;
}

/** A wrong guess would ask about nothing, and no API server says so. */
function guesses(rules: readonly Rule[], plurals: Plurals): string[] {
  const warnings = new Map<string, string>();
  for (const rule of rules) {
    for (const resource of extractedKindsOf(rule)) {
      const { kind } = resource;
      if (plurals.has(kind) || warnings.has(kind)) continue;
      const plural = pluralOf(resource, plurals);
      const message =
        `${kind} is asked about as '${plural}', a guess: ` +
        `compare it with kubectl api-resources, and say --resource ${kind}=${plural}, or what it is called`;
      warnings.set(kind, printWarning({ file: rule.file, line: rule.line, message }));
    }
  }
  return [...warnings.values()];
}

/** The namespaces that a rule names, if it is about no others. Patterns stand for themselves. */
function namespacesOf({ namespace, match }: Rule): readonly string[] | undefined {
  if (namespace !== undefined) return [namespace];
  const lists = match.blocks.map(({ namespaces }) => namespaces);
  return lists.some((list) => list === undefined) ? undefined : [...new Set(lists.flatMap((list) => list ?? []))];
}

function printerFor(format: string): (configurations: readonly WebhookConfiguration[]) => string {
  if (format === 'json') {
    return (items) => `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
  }
  if (format !== 'yaml') throw new UsageError(`-o takes yaml or json, not '${format}'`);
  return (configurations) => configurations.map(toYaml).join('---\n');
}

/** The URL that paths are appended to. What an API server refuses in a webhook's URL is refused here. */
function baseOf(text: string): string {
  const refuse = (why: string): never => {
    throw new UsageError(`--url ${why}, not '${text.slice(0, 200)}'`);
  };
  const parsed = /^https:\/\/[^\s\\]+$/i.test(text) ? URL.parse(text) : null;
  if (/^http:/i.test(text)) refuse('takes https: an API server calls webhooks over nothing else');
  if (parsed === null) return refuse('takes the URL of the deployment, as https://api.example.com/stage');
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UsageError('--url takes no user name or password: an API server sends none');
  }
  if (/[?#]/.test(text)) refuse('takes a URL without query and fragment');
  const path = parsed.pathname.replace(/\/+$/, '');
  const webhook = /\/(?:mutate|validate)(?=\/|$)/.exec(path)?.[0];
  if (webhook !== undefined) {
    refuse(
      `takes what the webhooks' paths are appended to: leave ${webhook} out, what follows it, and a cluster before it`,
    );
  }
  if (path.includes('//')) refuse('takes a path without empty segments');
  return `https://${parsed.host}${path}`;
}

function breakGlassFrom(found: Arguments): string | undefined {
  const namespace = single(found, 'break-glass', undefined);
  if (namespace === undefined) return undefined;
  if (!namespaceName.test(namespace))
    throw new UsageError(`--break-glass: '${namespace}' is not a valid name of a namespace`);
  if (namespace === systemNamespace) {
    throw new UsageError(
      `--break-glass needs a namespace that is for nothing else: the webhooks leave ${systemNamespace} out anyway`,
    );
  }
  return namespace;
}

/** The certificates of `--ca` and nothing else that the file may hold: whoever may read webhook configurations reads them. */
async function caBundleFrom(found: Arguments): Promise<{ caBundle?: string }> {
  const file = single(found, 'ca', undefined);
  if (file === undefined) return {};
  const { pem } = await certificatesIn(file, '--ca');
  return { caBundle: Buffer.from(pem.join(''), 'latin1').toString('base64') };
}
