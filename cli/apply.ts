import type { LocalCore } from '../local/core.ts';
import { readExceptions } from '../local/policies.ts';
import type { AdmissionRequest } from '../shared/admission/review.ts';
import { shownName } from '../shared/answer/message.ts';
import { patchOf } from '../shared/answer/patch.ts';
import { exitStatus, type ReportResult, report, reportResult } from '../shared/answer/report.ts';
import { startDeadline } from '../shared/net/deadline.ts';
import { toJson, toYaml } from '../shared/policy/kyverno/yaml/write.ts';
import type { Rule } from '../shared/policy/policy.ts';
import { refuseUnasked } from '../shared/policy/unasked.ts';
import { printable } from '../shared/printable.ts';
import { decide } from '../shared/verdict/decision.ts';
import { kindOf, severity, type Verdict } from '../shared/verdict/verdict.ts';
import { atLeastOne, readArguments } from './arguments.ts';
import { coreFrom, coreOptions, outputFrom, registriesFrom, timeoutFrom } from './core.ts';
import { notAsked, slotKey } from './not-asked.ts';
import { patched } from './patched.ts';
import { policiesFrom } from './policies.ts';
import { progress } from './progress.ts';
import { readResources } from './resources.ts';
import { shortRun } from './short-run.ts';
import { treeOf } from './tree.ts';
import { trustRootFrom } from './trust-root.ts';

const form = 'countersign apply POLICY... --resource FILE...';

/** `countersign apply POLICY... --resource FILE...`: both webhooks, one after the other, on each resource as a CREATE. */
export async function apply(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: coreOptions.single,
    several: [...coreOptions.several, 'registries', 'resource', 'exception'],
    bare: 'taken',
    elsewhere: {
      policy: `policies stand before any option: write ${form}`,
      policies: `policies stand before any option: write ${form}`,
      exceptions: 'write --exception FILE',
      image: 'apply is about resources; for images: countersign verify --policy FILE... --image REF...',
    },
  });
  const output = outputFrom(found, ['json', 'yaml']);
  const timeout = timeoutFrom(found);
  const policies = atLeastOne(found, '', 'POLICY');
  const files = atLeastOne(found, 'resource', '--resource FILE');
  const registries = registriesFrom(found);
  const roots = await trustRootFrom(found);
  const exceptions = await readExceptions(found.get('exception') ?? []);
  const { rules } = await policiesFrom(policies, { openHosts: 'warn', registries, trust: roots, exceptions });
  refuseUnasked(rules);
  const resources = await readResources(files);

  const core = await coreFrom(found, { registries, roots });
  using _ = shortRun();
  const results: ReportResult[] = [];
  const after: unknown[] = [];
  const untouched = { 'no-image': [] as string[], 'no-rule': [] as string[] };
  const bar = progress(resources.length);
  try {
    for (const { title, request } of resources) {
      const { verdicts, object, denied } = await admission(core, rules, request, timeout);
      const rest = notAsked(rules, request, verdicts, denied);
      results.push(...[...verdicts, ...rest.verdicts].map((verdict) => reportResult(verdict, title)));
      if (rest.untouched !== undefined) untouched[rest.untouched].push(request.kind.kind);
      after.push(object);
      bar.advance(1);
    }
  } finally {
    bar.end();
    await core.close();
  }
  tellUntouched(untouched['no-image'], ['holds no image that is known here', 'hold no image that is known here']);
  tellUntouched(untouched['no-rule'], ['is matched by no rule', 'are matched by no rule']);
  const whole = report(results, after);
  if (output === 'json') process.stdout.write(`${toJson(whole)}\n`);
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

/** mutate, then validate on what mutate left, unless mutate denied: the worse verdict on each rule and image stands. */
async function admission(core: LocalCore, rules: readonly Rule[], request: AdmissionRequest, timeout: number) {
  const deadline = startDeadline(timeout, core.elapsed);
  try {
    const first = await core.pipeline.review(rules, request, { purpose: 'mutate', deadline });
    if (!decide(first).allowed) return { verdicts: first, object: request.object, denied: true };
    const object = request.object === undefined ? undefined : patched(request.object, patchOf(request, first));
    const second = await core.pipeline.review(rules, { ...request, object }, { purpose: 'validate', deadline });
    return { verdicts: worse(first, second), object, denied: false };
  } finally {
    deadline.stop();
  }
}

function worse(first: readonly Verdict[], second: readonly Verdict[]): Verdict[] {
  const verdicts = new Map(first.map((verdict) => [keyOf(verdict), verdict]));
  for (const verdict of second) {
    const before = verdicts.get(keyOf(verdict));
    if (before === undefined || severity[kindOf(verdict.reason)] > severity[kindOf(before.reason)]) {
      verdicts.set(keyOf(verdict), verdict);
    }
  }
  return [...verdicts.values()];
}

function keyOf({ question: { rule, about } }: Verdict): string {
  return slotKey(rule, about);
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
