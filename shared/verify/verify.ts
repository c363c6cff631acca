import type { Gathered } from '../evidence/evidence.ts';
import type { Repository } from '../image/repository.ts';
import { asRefusal, type Refusal, reasons } from '../reasons.ts';
import type { RevocationView } from '../revocation/revocation.ts';
import { atOnce, type Slices } from '../slices.ts';
import type { Check, Wants } from '../trust/check.ts';
import type { Objection } from './anchor-judge.ts';
import type { Artifact } from './artifact.ts';
import { earliest, isOutage, Judge, type Judged } from './judge.ts';
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
  /** What is known of revocations; nothing, where it is left out. */
  readonly revocation?: RevocationView;
}

const nothingKnown: RevocationView = { of: () => undefined };

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
    const { check, revocation = nothingKnown } = input;
    const { wants } = check;
    const judge = new Judge({ ...input, revocation });
    const sets: Judged[] = [];
    for (const set of check.sets) sets.push(yield* judge.judge(set, wants.what === 'attestation' ? 'every' : 'first'));
    // Each has to be satisfied: where one is not, nothing that could be found out of the others would help.
    const failing =
      sets.find(({ result }) => !result.pass && !isOutage(result)) ?? sets.find((set) => !set.result.pass);
    if (sets.length > 0 && failing === undefined && !spoiled(input)) return passed(sets, judge, wants);
    return denied(telling([...check.missing, ...input.unreadable], judge, failing, wants), sets);
  } catch (thrown) {
    return denied(asRefusal(thrown), []);
  }
}

/** Where every statement must meet conditions, one that was not read might not. */
function spoiled({ check: { wants }, unreadable }: VerifyInput): boolean {
  return wants.what === 'attestation' && wants.every && unreadable.length > 0;
}

function passed(sets: readonly Judged[], judge: Judge, wants: Wants): Outcome {
  const evidence = [...new Set(sets.flatMap((set) => set.evidence))];
  const validUntil = earliest(sets);
  const end = validUntil === undefined ? {} : { validUntil };
  const notes = [...new Set(sets.flatMap((set) => set.notes))];
  const stated = wants.what === 'attestation' ? { statements: judge.statements } : {};
  const signers = sets.flatMap((set) => set.signers);
  return {
    pass: true,
    signers,
    evidence,
    ...end,
    ...stated,
    ...(notes.length === 0 ? {} : { notes }),
    attestors: resultsOf(sets),
  };
}

function denied({ reason, message }: Objection, sets: readonly Judged[]): Outcome {
  return { pass: false, reason, message, attestors: resultsOf(sets) };
}

/**
 * What was not read might have held the signature, so it is told first, where a signature could count: what failed on our side, then what
 * broke a bound.
 */
function telling(
  unreadable: readonly Refusal[],
  judge: Judge,
  failing: Judged | undefined,
  { what }: Wants,
): Objection {
  if (failing?.isFinal === true && failing.result.reason !== undefined) {
    const { reason, message } = failing.result;
    return { reason: what === 'signature' ? reason : 'attestation-untrusted', message };
  }
  const unread = unreadable.find((refusal) => refusal.kind === 'unavailable') ?? unreadable[0];
  if (unread !== undefined) return unread;
  if (judge.emptiness !== undefined) return judge.emptiness;
  const { reason = 'too-few-attestors', message = 'no attestor set', path = '' } = failing?.result ?? {};
  const told = reason === 'too-few-attestors' ? `${path}: ${message}` : message;
  // What nobody could say is no word about who attested.
  return what === 'signature' || reasons[reason].kind === 'unavailable'
    ? { reason, message: told }
    : { reason: 'attestation-untrusted', message: told };
}

function resultsOf(sets: readonly Judged[]): readonly AttestorResult[] {
  return sets.map((set) => set.result);
}
