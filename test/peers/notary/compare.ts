import type { NoReason } from '../../../shared/reasons.ts';
import type { Revocations } from '../../../shared/revocation/revocation.ts';
import type { Outcome } from '../../../shared/verify/outcome.ts';
import type { Case, Draft, World } from './case.ts';
import { ours } from './ours.ts';
import { type Made, mediaTypes, signAll, type Verified, verifyAll } from './peer.ts';
import { lenient, type Reason } from './reasons.ts';

export interface Compared {
  /** Verdicts that are the same. */
  readonly equal: number;
  /** Of those, the passes. */
  readonly passes: number;
  /** Those that differ, by their reason. */
  readonly explained: ReadonlyMap<Reason, number>;
  /** The rest, for people. */
  readonly unexplained: readonly string[];
}

/**
 * `policy`: the trust policy is none. `warned`: how many checks failed that only warn. `checks`: those that failed and are enforced, by
 * notation's names; `undefined` where that is not told apart.
 */
type Verdict =
  | { readonly pass: true; readonly warned: number }
  | { readonly pass: false; readonly at: 'policy' | 'verify'; readonly checks: readonly string[] | undefined };

/** Has notation-core-go sign each, and both say what they think of it. */
export async function compareAll(
  drafts: readonly Draft[],
  world: World,
  revocations: (made: Made) => Revocations,
): Promise<Compared> {
  const cases = drafts.map((draft) => draft(world));
  const made = await signAll(cases.map(({ sign }) => sign));
  const asked = cases.map((about, index) => questionOf(about, made[index]));
  const verified = await verifyAll(asked.map(({ question }) => question));
  const explained = new Map<Reason, number>();
  const unexplained: string[] = [];
  let [equal, passes] = [0, 0];
  for (const [index, { about, question, signed }] of asked.entries()) {
    const { envelope, mediaType, policy, stores } = question;
    const { repository } = about;
    const own = { envelope, mediaType, policy, stores, repository, at: Date.now(), revocations: revocations(signed) };
    const outcome = await ours(own);
    const theirs = verified[index];
    if (theirs === undefined) throw new Error(`no answer to ${about.about}`);
    const [a, b] = [verdictOfTheirs(theirs), verdictOfOurs(outcome)];
    if (isSame(a, b)) {
      equal += 1;
      if (a.pass) passes += 1;
    } else if (about.reason !== undefined && a.pass !== b.pass && b.pass === lenient.has(about.reason)) {
      explained.set(about.reason, (explained.get(about.reason) ?? 0) + 1);
    } else unexplained.push(shown(about, theirs, outcome));
  }
  return { equal, passes, explained, unexplained };
}

function questionOf(about: Case, signed: Made | undefined) {
  if (signed === undefined) throw new Error(`nothing was signed for ${about.about}`);
  const { target, policy, repository } = about;
  const question = {
    envelope: about.change(signed),
    mediaType: mediaTypes[signed.format],
    target,
    reference: `${repository}@${target.digest}`,
    policy,
    stores: about.stores(signed),
    responders: signed.responders,
  };
  return { about, signed, question };
}

function verdictOfTheirs({ error, at, results = [] }: Verified): Verdict {
  if (error !== '') {
    const failed = results.filter((each) => each.error !== undefined && each.action === 'enforce');
    return { pass: false, at, checks: failed.length === 0 ? undefined : failed.map(({ type }) => type) };
  }
  return { pass: true, warned: results.filter((each) => each.error !== undefined).length };
}

function verdictOfOurs(outcome: Outcome | 'policy'): Verdict {
  if (outcome === 'policy') return { pass: false, at: 'policy', checks: undefined };
  if (outcome.pass) return { pass: true, warned: outcome.notes?.length ?? 0 };
  return { pass: false, at: 'verify', checks: checks[outcome.reason] };
}

/** What a reason is called there. Whether it is an envelope at all, of this image and understood is asked at other times. */
const checks: Partial<Record<NoReason, readonly string[]>> = {
  'signature-mismatch': ['integrity'],
  'certificate-usage': ['integrity'],
  // A chain that does not hold together is trusted by nobody.
  'certificate-untrusted': ['integrity', 'authenticity'],
  'identity-untrusted': ['authenticity'],
  'signature-expired': ['expiry'],
  'certificate-expired': ['authenticTimestamp'],
  'timestamp-missing': ['authenticTimestamp'],
  'timestamp-mismatch': ['authenticTimestamp'],
  'certificate-revoked': ['revocation'],
  'revocation-unavailable': ['revocation'],
};

/** Stores are read with the policy here, and there when something is verified. */
function isSame(theirs: Verdict, own: Verdict): boolean {
  if (theirs.pass && own.pass) return theirs.warned === own.warned;
  if (theirs.pass || own.pass) return false;
  const { checks: failed = [] } = own;
  const alike =
    theirs.checks === undefined || failed.length === 0 || theirs.checks.some((each) => failed.includes(each));
  return alike && (theirs.at === 'verify' || own.at === 'policy');
}

function shown({ about, policy }: Case, theirs: Verified, outcome: Outcome | 'policy'): string {
  const failed = (theirs.results ?? []).flatMap(({ type, action, error }) =>
    error === undefined ? [] : [`${type} ${action}: ${error}`],
  );
  const said =
    outcome === 'policy'
      ? 'the policy is none'
      : outcome.pass
        ? `pass ${(outcome.notes ?? []).join('; ')}`
        : `${outcome.reason}: ${outcome.message}`;
  const text = theirs.error === '' ? `pass ${failed.join('; ')}` : `${theirs.at}: ${theirs.error}`;
  return `${about}\n  notation-go: ${text}\n  ours: ${said}\n  ${JSON.stringify(policy)}`;
}
