import { expanded } from '../local/globs.ts';
import { readExceptions } from '../local/policies.ts';
import { shownName } from '../shared/answer/message.ts';
import { exitStatus, type ReportResult, report, reportResult } from '../shared/answer/report.ts';
import { toJson, toYaml } from '../shared/policy/kyverno/yaml/write.ts';
import { refuseUnasked } from '../shared/policy/unasked.ts';
import { printable } from '../shared/printable.ts';
import { type Admission, admission } from './admission.ts';
import { atLeastOne, readArguments } from './arguments.ts';
import { circumstanceOptions, circumstancesFrom } from './circumstances.ts';
import { coreFrom, coreOptions, outputFrom, registriesFrom, timeoutFrom } from './core.ts';
import { type NotAsked, notAsked } from './not-asked.ts';
import { policiesFrom } from './policies.ts';
import { type PolicyReport, policyReports, type Told } from './policy-report.ts';
import { progress } from './progress.ts';
import { readResources } from './resources.ts';
import { shortRun } from './short-run.ts';
import { refuseSecondStandardInput } from './standard-input.ts';
import { treeOf } from './tree.ts';
import { trustPolicyFrom, trustPolicyOption } from './trust-policy.ts';
import { trustRootFrom } from './trust-root.ts';
import { UsageError } from './usage.ts';
import { askedAbout } from './values/circumstances.ts';
import { labelsAmong } from './values/namespaces.ts';

const form = 'countersign apply POLICY... --resource FILE...';

/** `countersign apply POLICY... --resource FILE...`: both webhooks, one after the other, on each resource as a CREATE. */
export async function apply(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: [...coreOptions.single, ...circumstanceOptions, trustPolicyOption],
    several: [...coreOptions.several, 'registries', 'resource', 'exception'],
    flags: ['policy-report', 'openreportsEnabled'],
    aliases: { resources: 'resource', exceptions: 'exception', 'output-format': 'output' },
    bare: 'taken',
    elsewhere: {
      policy: `policies stand before any option: write ${form}`,
      policies: `policies stand before any option: write ${form}`,
      image: 'apply is about resources; for images: countersign verify --policy FILE... --image REF...',
    },
  });
  const output = outputFrom(found, ['json', 'yaml']);
  if (found.has('openreportsEnabled') && !found.has('policy-report')) {
    throw new UsageError('--openreportsEnabled is about reports: write --policy-report too');
  }
  const timeout = timeoutFrom(found);
  const policies = atLeastOne(found, '', 'POLICY');
  const files = atLeastOne(found, 'resource', '--resource FILE');
  refuseSecondStandardInput(policies, files);
  const registries = registriesFrom(found);
  const roots = await trustRootFrom(found);
  const exceptions = await readExceptions(await expanded(found.get('exception') ?? []));
  const options = { openHosts: 'warn', registries, trust: roots, exceptions, ...trustPolicyFrom(found) } as const;
  const { rules } = await policiesFrom(policies, options);
  refuseUnasked(rules);
  const resources = await readResources(files);
  const namespaces = labelsAmong(resources.map(({ request }) => request));
  const circumstances = { ...(await circumstancesFrom(found)), namespaces };

  const core = await coreFrom(found, { registries, roots });
  using _ = shortRun();
  const results: ReportResult[] = [];
  const everything: Told[] = [];
  const after: unknown[] = [];
  const untouched = { 'no-image': [] as string[], 'no-rule': [] as string[] };
  const bar = progress(resources.length);
  try {
    for (const { title, request } of resources) {
      const asked = askedAbout(rules, request, circumstances);
      const admitted = await admission(core, asked, { timeout, denied: 'ends' });
      const rest = leftOut(admitted);
      const told = [...admitted.verdicts, ...rest.verdicts];
      results.push(...told.map((verdict) => reportResult(verdict, title)));
      everything.push(...told.map((verdict) => ({ verdict, request })));
      if (rest.untouched !== undefined) untouched[rest.untouched].push(request.kind.kind);
      if (admitted.object !== undefined) after.push(admitted.object);
      bar.advance(1);
    }
  } finally {
    bar.end();
    await core.close();
  }
  tellUntouched(untouched['no-image'], ['holds no image that is known here', 'hold no image that is known here']);
  tellUntouched(untouched['no-rule'], ['is matched by no rule', 'are matched by no rule']);
  const whole = report(results, after);
  if (found.has('policy-report')) {
    const api = found.has('openreportsEnabled') ? 'openreports.io' : 'wgpolicyk8s.io';
    process.stdout.write(reportsAs(output, policyReports(everything, api, core.clock())));
  } else if (output === 'json') process.stdout.write(`${toJson(whole)}\n`);
  else if (output === 'text') process.stdout.write(treeOf(whole, process.stdout.isTTY));
  else {
    process.stderr.write(treeOf(whole, process.stderr.isTTY));
    if (results.some(isRefused)) process.stderr.write('no resource is printed, since not all are admitted\n');
    else for (const object of after) process.stdout.write(`---\n${toYaml(object)}`);
  }
  return exitStatus(results, true);
}

/**
 * A rule that enforces denies, or cannot say: then nothing is printed for whoever applies what is. kubectl would apply what stands
 * before the resource that is missing, and the API server would admit it where no webhook is.
 */
function isRefused({ action, result }: ReportResult): boolean {
  return action === 'enforce' && (result === 'fail' || result === 'error');
}

/** Reports for kubectl: YAML, or one JSON object. */
function reportsAs(output: string, reports: readonly PolicyReport[]): string {
  if (output !== 'json') return reports.map((one) => `---\n${toYaml(one)}`).join('');
  const [only, another] = reports;
  return `${toJson(another === undefined ? only : { apiVersion: 'v1', kind: 'List', items: reports })}\n`;
}

/** What no rule was asked about in a resource; where rules are asked about requests of their own, all of them. */
function leftOut({ asked, verdicts, denied }: Admission): NotAsked {
  const each = asked.map(({ rules, request }): NotAsked => {
    const known = verdicts.filter(({ question }) => rules.includes(question.rule));
    // Rules of images are about what comes to a cluster.
    if (request.object === undefined) return { verdicts: [], untouched: 'no-rule' };
    return notAsked(rules, request, known, denied);
  });
  const [first] = each;
  if (first?.untouched !== undefined && each.every(({ untouched }) => untouched !== undefined)) return first;
  return { verdicts: each.flatMap((one) => one.verdicts) };
}

/** Kinds that a line names. */
const mostKinds = 5;

/** Says of how many resources no rule was asked anything, and of which kinds they are: a wrong name would look as if all were well. */
function tellUntouched(kinds: readonly string[], [one, many]: readonly [string, string]): void {
  if (kinds.length === 0) return;
  const distinct = [...new Set(kinds)].map(shownName);
  const named = [...distinct.slice(0, mostKinds), ...(distinct.length > mostKinds ? ['…'] : [])].join(', ');
  const how = kinds.length === 1 ? `1 resource ${one}` : `${kinds.length} resources ${many}`;
  process.stderr.write(`${printable(`${how}, so nothing was checked: ${named}`)}\n`);
}
