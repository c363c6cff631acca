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
  [/no signatures found|no matching signatures|no signature matched/, 'signature'],
];

function whyOf(message: string): Why {
  return messages.find(([expression]) => expression.test(message))?.[1] ?? 'other';
}

/** Ours has a result for each image, those that no entry covers included, of which Kyverno says nothing. */
export function ownOutcomes(results: readonly ReportResult[]): Outcomes {
  return gathered(
    results
      .filter(({ reason }) => reason !== 'not-covered')
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
 * The worst of what is said, and why. That an image is unverified, or has no digest, says nothing where it is said what it lacks:
 * Kyverno's command line validates what its mutation denied, which in a cluster nobody does.
 */
function gathered(said: readonly Said[]): Outcomes {
  const outcomes = new Map<string, Outcome>();
  for (const { key, result, why } of said) {
    const known = outcomes.get(key);
    if (known === undefined || severity[result] > severity[known.result]) outcomes.set(key, { result, why: [why] });
    else if (result === known.result) outcomes.set(key, { result, why: [...new Set([...known.why, why])].sort() });
  }
  for (const [key, { result, why }] of outcomes) {
    const causes = why.filter((each) => each !== 'unverified' && each !== 'digest');
    if (causes.length > 0 && causes.length < why.length) outcomes.set(key, { result, why: causes });
  }
  return outcomes;
}
