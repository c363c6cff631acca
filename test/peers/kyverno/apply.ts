import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tool } from '../tools.ts';

/** What one rule said of one resource. A rule with `verifyImages` says two things: when it verifies, and when it validates what it noted. */
export interface KyvernoResult {
  readonly policy: string;
  readonly rule: string;
  readonly result: 'pass' | 'fail' | 'warn' | 'error' | 'skip';
  readonly message: string;
  /** `Pod/default/web`; without a namespace `Namespace/web`. */
  readonly resource: string;
}

export interface KyvernoOptions {
  /** The `-f` file: variables, namespaces' labels and the operation. */
  readonly values?: object;
  /** Who asks, as a `UserInfo` has it. */
  readonly userInfo?: object;
  /** PolicyExceptions. */
  readonly exceptions?: readonly object[];
}

/**
 * `kyverno apply` on policies and resources: what each rule said of each, as its policy report has it. It asks registries as it does in a
 * cluster, and nothing else as long as the policies ask for no log; one on loopback by plain HTTP. Throws for a policy that Kyverno does
 * not take.
 */
export async function kyvernoApply(
  policies: string,
  resources: readonly object[],
  { values, userInfo, exceptions = [] }: KyvernoOptions = {},
): Promise<KyvernoResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-kyverno-'));
  try {
    const file = (name: string) => join(dir, `${name}.yaml`);
    const [policyFile, resourceFile, valuesFile] = [file('policies'), file('resources'), file('values')];
    const args = ['apply', policyFile, '--resource', resourceFile, '--policy-report', '--output-format', 'json'];
    await writeFile(policyFile, policies);
    await writeFile(resourceFile, documents(resources));
    if (values !== undefined) {
      await writeFile(valuesFile, JSON.stringify({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'Values', ...values }));
      args.push('--values-file', valuesFile);
    }
    if (userInfo !== undefined) {
      await writeFile(file('user'), JSON.stringify(userInfo));
      args.push('--userinfo', file('user'));
    }
    if (exceptions.length > 0) {
      await writeFile(file('exceptions'), documents(exceptions));
      args.push('--exceptions', file('exceptions'));
    }
    const { code, stdout, stderr } = await run(await tool('kyverno'), args, { timeout: 120_000 });
    const report = stdout.split('\n').find((line) => line.startsWith('{"kind":"ClusterReport"'));
    // Of each policy that it reads Kyverno says that its kind is deprecated, of one with an unknown field nothing at all.
    const read = stdout.includes(' is deprecated ') && !stdout.includes('Policies Skipped');
    if (!read || code > 1) throw new Error(`kyverno apply: exit status ${code}\n${stdout}${stderr}`);
    if (report === undefined) return [];
    const { results }: { results: readonly Reported[] | null } = JSON.parse(report);
    // Kyverno reports them in no order.
    return (results ?? []).flatMap(resultsOf).sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A file of several objects: JSON is YAML. */
export function documents(objects: readonly object[]): string {
  return objects.map((each) => JSON.stringify(each)).join('\n---\n');
}

interface Reported {
  readonly policy: string;
  readonly rule: string;
  readonly result: KyvernoResult['result'];
  readonly message?: string;
  readonly resources: readonly { readonly kind: string; readonly namespace?: string; readonly name: string }[];
}

function resultsOf({ policy, rule, result, message = '', resources }: Reported): KyvernoResult[] {
  return resources.map((resource) => ({ policy, rule, result, message, resource: nameOf(resource) }));
}

function keyOf({ resource, policy, rule, message }: KyvernoResult): string {
  return [resource, policy, rule, message].join('\n');
}

function nameOf({ kind, namespace, name }: Reported['resources'][number]): string {
  return [kind, namespace, name].filter((part) => part !== undefined).join('/');
}
