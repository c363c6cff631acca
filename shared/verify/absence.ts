import type { Evidence, Gathered } from '../evidence/evidence.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Problem } from './judge-signature.ts';

/** Why there is no signature to try: in one repository, by its name, or anywhere. */
export function absenceOf(gathered: Gathered, place?: string): Problem {
  const here = (one: { readonly repository: Repository }): boolean =>
    place === undefined || repositoryName(one.repository) === place;
  const where = place === undefined ? 'to the image' : `in ${place}`;
  const evidence = gathered.evidence.filter(here);
  const [rejected] = gathered.rejected.filter(here);

  const uncounted = evidence.filter(isSignature).length;
  if (uncounted > 0) {
    const message = `no Sigstore bundle is attached ${where}, and the rule's type counts nothing else (${uncounted} in cosign's older format)`;
    return { code: 'no-signature', message };
  }
  if (evidence.length > 0) {
    return {
      code: 'only-attestations',
      message: `attestations (${evidence.length}) and no signature are attached ${where}`,
    };
  }
  if (rejected !== undefined) {
    return {
      code: 'malformed-signature',
      message: `what is attached as a signature ${where} is none: ${rejected.message}`,
    };
  }
  return { code: 'no-signature', message: `no signature is attached ${where}` };
}

export function isSignature(one: Evidence): one is Exclude<Evidence, { readonly kind: 'attestation' }> {
  return one.kind !== 'attestation';
}
