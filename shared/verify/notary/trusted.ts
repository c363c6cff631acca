import type { NotaryScheme } from '../../evidence/notary-signature/attributes.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';

const storeTypes: Readonly<Record<NotaryScheme, 'ca' | 'signingAuthority'>> = {
  'notary.x509': 'ca',
  'notary.x509.signingAuthority': 'signingAuthority',
};

/** Why no certificate of the chain is in a store for its signing scheme; that each is issued by the next has been checked. */
export function chainObjection({ signed, chain }: Intact, { stores }: TrustedStatement): NotaryObjection | undefined {
  const { scheme } = signed.attributes;
  const type = storeTypes[scheme];
  const trusted = stores[type];
  if (trusted === undefined) {
    return objection('certificate-untrusted', `is of the scheme ${scheme}, and the trust policy has no store ${type}`);
  }
  if (chain.some((one) => trusted.some((certificate) => certificate.equals(one)))) return undefined;
  return objection('certificate-untrusted', `is by a certificate that no certificate of the store ${type} issued`);
}
