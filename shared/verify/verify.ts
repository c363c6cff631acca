import type { Gathered } from '../evidence/evidence.ts';
import type { Repository } from '../image/repository.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import { atOnce, type Slices } from '../slices.ts';
import type { Check } from '../trust/check.ts';
import type { Objection } from './anchor-judge.ts';
import type { Artifact } from './artifact.ts';
import { earliest, Judge, type Judged } from './judge.ts';
import type { AttestorResult, Outcome } from './outcome.ts';

export interface VerifyInput {
  readonly check: Check;
  readonly image: Artifact;
  /** The image's own: an anchor without a repository counts what was found there and nothing else. */
  readonly repository: Repository;
  readonly evidence: Gathered;
  /** Sources that could not be read; they turn a denial into themselves, and spoil no pass. */
  readonly unreadable: readonly Refusal[];
  /** Wall clock, milliseconds since 1970: the time as of which it is decided. */
  readonly now: number;
}

/** The whole of verifyInSlices at once. */
export function verify(input: VerifyInput): Outcome {
  return atOnce(verifyInSlices(input));
}

/**
 * Decides whether the evidence satisfies the check: every set of anchors must be satisfied. Pure and synchronous: no clock,
 * network or environment. Never throws: whatever goes wrong inside is a no.
 */
export function* verifyInSlices(input: VerifyInput): Slices<Outcome> {
  try {
    const { check, evidence, image, repository, now } = input;
    const judge = new Judge(evidence, check.accepts, image, repository, now);
    const sets: Judged[] = [];
    for (const set of check.sets) sets.push(yield* judge.judge(set));
    const failing = sets.find((set) => !set.result.pass);
    if (sets.length > 0 && failing === undefined) return passed(sets);
    return denied(telling([...check.missing, ...input.unreadable], judge, failing), sets);
  } catch (thrown) {
    return denied(asRefusal(thrown), []);
  }
}

function passed(sets: readonly Judged[]): Outcome {
  const evidence = [...new Set(sets.flatMap((set) => set.evidence))];
  const validUntil = earliest(sets);
  const end = validUntil === undefined ? {} : { validUntil };
  return { pass: true, signers: sets.flatMap((set) => set.signers), evidence, ...end, attestors: resultsOf(sets) };
}

function denied({ reason, message }: Objection, sets: readonly Judged[]): Outcome {
  return { pass: false, reason, message, attestors: resultsOf(sets) };
}

/** What was not read might have held the signature, so it is told first: what failed on our side, then what broke a bound. */
function telling(unreadable: readonly Refusal[], judge: Judge, failing: Judged | undefined): Objection {
  const unread = unreadable.find((refusal) => refusal.kind === 'unavailable') ?? unreadable[0];
  if (unread !== undefined) return unread;
  if (judge.emptiness !== undefined) return judge.emptiness;
  const { reason = 'too-few-attestors', message = 'no attestor set', path = '' } = failing?.result ?? {};
  return { reason, message: reason === 'too-few-attestors' ? `${path}: ${message}` : message };
}

function resultsOf(sets: readonly Judged[]): readonly AttestorResult[] {
  return sets.map((set) => set.result);
}
