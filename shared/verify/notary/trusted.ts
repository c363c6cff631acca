import type { NotaryScheme } from '../../evidence/notary-signature/attributes.ts';
import { quoted } from '../../printable.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { attempt } from '../attempt.ts';
import { type Chain, issuanceProblem } from './chain.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';
import { titleOf } from './statement.ts';

const longestName = 200;

const storeTypes: Readonly<Record<NotaryScheme, 'ca' | 'signingAuthority'>> = {
  'notary.x509': 'ca',
  'notary.x509.signingAuthority': 'signingAuthority',
};

/**
 * Why no certificate of the chain is in a store for its signing scheme. It is asked before who issued whom: that takes long, and whoever
 * attaches signatures by certificates of their own could attach many.
 */
export function chainObjection(
  { signed, chain, identity, issuer }: Intact,
  statement: TrustedStatement,
): NotaryObjection | undefined {
  const { origin, stores } = statement;
  const { scheme } = signed.attributes;
  const type = storeTypes[scheme];
  const trusted = stores[type];
  if (trusted === undefined) {
    const lacking =
      origin === 'rule'
        ? 'certificates in a rule are for notary.x509 alone: leave them out, and put its root into a store of a trust policy'
        : `${titleOf(statement)} has no store ${type}`;
    return objection('certificate-untrusted', `is of the scheme ${scheme}, and ${lacking}`);
  }
  if (chain.some((one) => trusted.some((certificate) => certificate.equals(one)))) return undefined;
  // A warning of an API server is cut short, so what names itself, and may be long, comes last. Nobody has said yet that it is true.
  const names = `the subject ${quoted(identity, longestName)} and the issuer ${quoted(issuer, longestName)}`;
  const title = titleOf(statement);
  const lacking = origin === 'rule' ? `none of ${title}` : `no certificate of a store ${type} of ${title}`;
  return objection('certificate-untrusted', `has ${lacking} in its chain: its own has ${names}`);
}

/**
 * Of a chain that is one, what a store vouches for: each certificate up to the last one that stands in the store for its scheme, and who issued
 * that one. Those above are signed by nobody whom the store knows, and nothing that is signed says which they are: whoever attaches a
 * signature may have made them up, for the same name and key. `isWhole`: there are none.
 */
export function vouchedFor(
  { signed, chain }: Intact,
  { stores }: TrustedStatement,
): { readonly chain: Chain; readonly isWhole: boolean } {
  const trusted = stores[storeTypes[signed.attributes.scheme]] ?? [];
  const last = chain.findLastIndex((one) => trusted.some((certificate) => certificate.equals(one)));
  const [signer, ...issuers] = chain;
  return { chain: [signer, ...issuers.slice(0, last + 1)], isWhole: last === chain.length - 1 };
}

/** Why the certificates are no chain: then none of them says anything of the others, and no level lets that pass. */
export function issuanceObjection({ chain }: Intact): NotaryObjection | undefined {
  const problem = attempt(() => ({ found: issuanceProblem(chain) }));
  const why = 'error' in problem ? 'a certificate of it does not parse' : problem.found;
  if (why === undefined) return undefined;
  return objection('certificate-usage', `has a chain of certificates that does not count: ${why}`);
}
