import type { Evidence, Gathered, SignatureEvidence } from '../evidence/evidence.ts';
import { signatureFormat } from '../evidence/kinds.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Check } from '../trust/check.ts';
import type { Objection } from './anchor-judge.ts';

/** Why there is no signature to try: in one repository, by its name, or anywhere. */
export function absenceOf(gathered: Gathered, accepts: Check['accepts'], repository?: string): Objection {
  const here = (one: { readonly repository: Repository }): boolean =>
    repository === undefined || repositoryName(one.repository) === repository;
  const where = repository === undefined ? 'to the image' : `in ${repository}`;
  const evidence = gathered.evidence.filter(here);
  const rejections = gathered.rejected.filter(here);
  const rejected = rejections.find(({ mayHold }) => mayHold === 'signatures');

  const uncounted = evidence.filter(isSignature);
  if (uncounted.length > 0) {
    const wanted = [...accepts].map((kind) => signatureFormat(kind).title).join(' or ');
    const message = `no ${wanted} is attached ${where}, and the rule's type counts nothing else (${countsOf(uncounted)})`;
    return { reason: 'no-signature', message };
  }
  // Read, or seen to be one by what it is stored as.
  const attestations =
    evidence.length +
    gathered.unread.filter(here).length +
    rejections.filter(({ mayHold }) => mayHold === 'attestations').length;
  if (attestations > 0) {
    return {
      reason: 'only-attestations',
      message: `attestations (${attestations}) and no signature are attached ${where}`,
    };
  }
  if (rejected !== undefined) {
    return {
      reason: 'malformed-signature',
      message: `what is attached as a signature ${where} is none: ${rejected.message}`,
    };
  }
  return { reason: 'no-signature', message: `no signature is attached ${where}` };
}

export function isSignature(one: Evidence): one is SignatureEvidence {
  return one.kind !== 'attestation';
}

/** `2 in cosign's older format`. */
function countsOf(signatures: readonly SignatureEvidence[]): string {
  return [...new Set(signatures.map(({ kind }) => kind))]
    .map((kind) => `${signatures.filter((one) => one.kind === kind).length} ${signatureFormat(kind).plural}`)
    .join(', ');
}
