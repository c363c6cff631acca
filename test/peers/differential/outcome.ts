import type { ReportResult } from '../../../shared/answer/report.ts';
import type { KyvernoResult } from '../kyverno/apply.ts';

/** What is said of one resource by one rule, of all its images together. */
export interface Outcome {
  readonly result: 'pass' | 'fail' | 'error' | 'skip';
  /** Why: of all that is as bad as the result. */
  readonly why: readonly Why[];
}

export type Why =
  | 'verified'
  | 'signature'
  | 'attestation'
  | 'condition'
  | 'digest'
  | 'unverified'
  | 'deny'
  | 'not-found'
  | 'image skipped'
  | 'preconditions'
  | 'exception'
  | 'other';

/** By `policy rule resource`. Of what a rule is not about nothing is said. */
export type Outcomes = ReadonlyMap<string, Outcome>;

interface Said {
  readonly key: string;
  readonly result: Outcome['result'];
  readonly why: Why;
}

export function kyvernosOutcomes(results: readonly KyvernoResult[]): Outcomes {
  return gathered(
    results.map(({ policy, rule, resource, result, message }) => {
      if (result === 'warn') throw new Error(`a warning: ${message}`);
      return { key: `${policy} ${rule} ${resource}`, result, why: whyOf(message) };
    }),
  );
}

/** Kyverno's messages; the first that fits says why, the deepest cause before what is written around it. */
const messages: readonly (readonly [RegExp, Why])[] = [
  [/^rule is skipped due to policy exceptions/, 'exception'],
  [/^preconditions not met/, 'preconditions'],
  [/^(skipping image reference|image skipped)/, 'image skipped'],
  [/^(verified image|image verified|mutated image digest|verifyImages validation is passed)/, 'verified'],
  [/^missing digest for/, 'digest'],
  [/^unverified image/, 'unverified'],
  [/^validation in verifyImages failed/, 'deny'],
  [/MANIFEST_UNKNOWN|NAME_UNKNOWN/, 'not-found'],
  [/attestation checks failed|failed to check attestations/, 'condition'],
  [/attestions not found|attestations|no matching attestations/, 'attestation'],
  [
    /(subject|issuer|extension) mismatch|embedded SCT|no signatures found|no matching signatures|no signature matched/,
    'signature',
  ],
];

function whyOf(message: string): Why {
  return messages.find(([expression]) => expression.test(message))?.[1] ?? 'other';
}

/** Reasons by which ours tells people that nothing was asked. Kyverno says nothing then. */
const unasked: ReadonlySet<string> = new Set(['not-covered', 'no-image', 'rule-not-reached']);

/** Ours has a result for each image. */
export function ownOutcomes(results: readonly ReportResult[]): Outcomes {
  return gathered(
    results
      .filter(({ reason }) => !unasked.has(reason))
      .map(({ policy, rule, resource, result, reason }) => ({
        key: `${policy} ${rule} ${resource}`,
        result,
        why: reasonsWhy.get(reason) ?? 'other',
      })),
  );
}

const reasonsWhy: ReadonlyMap<string, Why> = new Map([
  ['verified', 'verified'],
  ['digest-resolved', 'verified'],
  ['image-skipped', 'image skipped'],
  ['preconditions-unmet', 'preconditions'],
  ['policy-exception', 'exception'],
  ['image-not-found', 'not-found'],
  ['no-signature', 'signature'],
  ['only-attestations', 'signature'],
  ['signature-mismatch', 'signature'],
  ['annotation-mismatch', 'signature'],
  ['certificate-missing', 'signature'],
  ['subject-mismatch', 'signature'],
  ['issuer-mismatch', 'signature'],
  ['extension-mismatch', 'signature'],
  ['too-few-attestors', 'signature'],
  ['attestation-missing', 'attestation'],
  ['attestation-untrusted', 'attestation'],
  ['condition-failed', 'condition'],
  ['condition-error', 'condition'],
  ['deny-condition', 'deny'],
  ['digest-missing', 'digest'],
  ['no-attestors', 'unverified'],
]);

const severity = { skip: 0, pass: 1, error: 2, fail: 3 };

/**
 * The worst of what is said, and why. That an image is unverified, or has no digest, says nothing where mutation has said what it lacks:
 * Kyverno's command line validates what its mutation denied, which in a cluster nobody does.
 */
function gathered(said: readonly Said[]): Outcomes {
  const byKey = Map.groupBy(said, ({ key }) => key);
  return new Map([...byKey].map(([key, all]) => [key, worstOf(all)]));
}

function worstOf(all: readonly Said[]): Outcome {
  const denials = all.filter(({ result, why }) => severity[result] > severity.pass && !isConsequence(why));
  const counted = denials.length > 0 ? denials : all;
  const worst = counted.reduce((one, other) => (severity[other.result] > severity[one.result] ? other : one));
  const why = counted.filter(({ result }) => result === worst.result).map((each) => each.why);
  return { result: worst.result, why: [...new Set(why)].sort() };
}

function isConsequence(why: Why): boolean {
  return why === 'unverified' || why === 'digest';
}
