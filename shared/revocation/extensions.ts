import type { Asn1 } from '../der.ts';
import { type Extension, extensionsIn } from '../trust/x509/certificate.ts';
import { NoWord } from './word.ts';

/**
 * The extensions of a CRL, an OCSP answer or an entry of these, by OID; none where there is no list of them. `who` begins the message. Throws NoWord
 * where one is critical and not among those that are understood, or another Error where they are damaged.
 */
export function understoodIn(
  list: Asn1 | undefined,
  understood: ReadonlySet<string>,
  who: string,
): ReadonlyMap<string, Extension> {
  const found = extensionsIn(list);
  for (const [oid, { critical }] of found) {
    if (critical && !understood.has(oid)) throw new NoWord(`${who} has an unknown critical extension: ${oid}`);
  }
  return found;
}
