import type { LocalCore } from '../local/core.ts';
import type { JsonObject } from '../shared/admission/json.ts';
import { patchOf } from '../shared/answer/patch.ts';
import { startDeadline } from '../shared/net/deadline.ts';
import { decide } from '../shared/verdict/decision.ts';
import { kindOf, severity, type Verdict } from '../shared/verdict/verdict.ts';
import { slotKey } from './not-asked.ts';
import { patched } from './patched.ts';
import { type Asked, overlaid } from './values/circumstances.ts';

/** What admission comes to for one resource. */
export interface Admission {
  readonly verdicts: readonly Verdict[];
  /** As it would be left. */
  readonly object: JsonObject | undefined;
  readonly denied: boolean;
  /** Which rules were asked about which requests: these as they were made, each with the object that it was about. */
  readonly asked: readonly Pick<Asked, 'rules' | 'request'>[];
}

/**
 * mutate, then validate on what mutate left: the worse verdict on each rule and image stands. `denied`: what comes of a denial by
 * mutate, which ends it, as an API server does; or validate is asked all the same, since what each rule says is wanted. `timeout` is
 * in milliseconds, for both.
 */
export async function admission(
  core: LocalCore,
  asked: readonly Asked[],
  { timeout, denied: afterDenial }: { readonly timeout: number; readonly denied: 'ends' | 'goes on' },
): Promise<Admission> {
  const deadline = startDeadline(timeout, core.elapsed);
  try {
    let object = asked.find(({ request }) => request.object !== undefined)?.request.object;
    let denied = false;
    const first: Verdict[] = [];
    const made: Pick<Asked, 'rules' | 'request'>[] = [];
    for (const { rules, request: written, overlay, stated } of asked) {
      const before = object === undefined ? undefined : overlaid(object, overlay);
      const request = { ...written, object: written.object === undefined ? undefined : before };
      made.push({ rules, request });
      const verdicts = await core.pipeline.review(rules, request, { purpose: 'mutate', deadline, stated });
      first.push(...verdicts);
      const allowed = decide(verdicts).allowed;
      denied ||= !allowed;
      if (request.object !== undefined && (allowed || afterDenial === 'goes on')) {
        object = patched(request.object, patchOf(request, verdicts));
      }
    }
    if (denied && afterDenial === 'ends') return { verdicts: first, object, denied, asked: made };
    const second: Verdict[] = [];
    for (const { rules, request: written, overlay, stated } of asked) {
      if (written.object === undefined || object === undefined) continue;
      const request = { ...written, object: overlaid(object, overlay) };
      second.push(...(await core.pipeline.review(rules, request, { purpose: 'validate', deadline, stated })));
    }
    return { verdicts: worse(first, second), object, denied, asked: made };
  } finally {
    deadline.stop();
  }
}

function worse(first: readonly Verdict[], second: readonly Verdict[]): Verdict[] {
  const verdicts = new Map(first.map((verdict) => [keyOf(verdict), verdict]));
  for (const verdict of second) {
    const before = verdicts.get(keyOf(verdict));
    if (before === undefined || (isWorse(verdict, before) && !isForLackOfPin(verdict, before))) {
      verdicts.set(keyOf(verdict), verdict);
    }
  }
  return [...verdicts.values()];
}

function isWorse(one: Verdict, other: Verdict): boolean {
  return severity[kindOf(one.reason)] > severity[kindOf(other.reason)];
}

/** What mutate could not be asked it has not pinned: that a digest is missing then says nothing of why. */
function isForLackOfPin({ reason }: Verdict, { reason: before }: Verdict): boolean {
  return reason === 'digest-missing' && kindOf(before) === 'invalid';
}

function keyOf({ question: { rule, about } }: Verdict): string {
  return slotKey(rule, about);
}
