import type { AttestorEntry, KeylessAttestor } from '../policy.ts';
import { keyIdentity } from './keys.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** The same signer twice is not two: such a set can ask for more than its attestors can give. */
export function warnOfRepeated(attestors: readonly AttestorEntry[], place: Place, report: Report): void {
  const seen = new Set<string>();
  for (const { what, who } of attestors.flatMap(signersOf)) {
    const identity = JSON.stringify([what, who]);
    if (seen.has(identity)) report.warning(place, `names the same ${what} twice: it counts once`);
    seen.add(identity);
  }
}

interface Signer {
  readonly what: 'key' | 'certificate' | 'identity';
  readonly who: unknown;
}

/** Signers that are named one by one. Of a chain or a set, several may sign. */
function signersOf(attestor: AttestorEntry): Signer[] {
  switch (attestor.kind) {
    case 'keys': {
      const keys = attestor.publicKeys.map(keyIdentity);
      return (attestor.kms === undefined ? keys : [attestor.kms]).map((who) => ({ what: 'key', who }));
    }
    case 'certificates':
      return attestor.cert === undefined ? [] : [{ what: 'certificate', who: keyIdentity(attestor.cert) }];
    case 'keyless':
      return [{ what: 'identity', who: identityOf(attestor) }];
    case 'notary':
    case 'set':
      return [];
  }
}

function identityOf({ issuer, issuerRegExp, subject, subjectRegExp, additionalExtensions, roots }: KeylessAttestor) {
  const extensions = Object.entries(additionalExtensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return [issuer, issuerRegExp, subject, subjectRegExp, extensions, roots];
}
