import type { Certificate } from '../../trust/x509/certificate.ts';
import { type KeyUsage, keyUsages } from '../../trust/x509/certificate.ts';
import { timeStamping } from '../certificates/token.ts';
import { algorithmOf, isAuthorityKey } from './algorithm.ts';

/** The signer's certificate first, the root last. That each is issued by the next is checked by `issuanceProblem`. */
export type Chain = readonly [Certificate, ...Certificate[]];

/** What the last certificate of a chain is for. */
export type ChainPurpose = 'code signing' | 'time stamping';

/** What whoever signs code must not be for as well (signature-specification.md, "Certificate Requirements"). */
const excluded: ReadonlyMap<string, string> = new Map([
  ['2.5.29.37.0', 'any purpose'],
  ['1.3.6.1.5.5.7.3.1', 'servers'],
  ['1.3.6.1.5.5.7.3.2', 'clients'],
  ['1.3.6.1.5.5.7.3.4', 'e-mail'],
  [timeStamping, 'time stamps'],
  ['1.3.6.1.5.5.7.3.9', 'OCSP'],
]);
const signerUsages: ReadonlySet<KeyUsage> = new Set(['digitalSignature', 'contentCommitment']);
const otherUsages = (Object.keys(keyUsages) as readonly KeyUsage[]).filter((usage) => !signerUsages.has(usage));

/**
 * What is wrong with the certificates of a chain, each by itself, by the rules of the Notary Project (signature-specification.md,
 * "Certificate Requirements"), whomever one trusts and whenever it is; `undefined`: nothing. Basic constraints and the uses of keys are heeded, no
 * other extension is. Throws where one does not parse.
 */
export function rulesProblem(chain: Chain, purpose: ChainPurpose): string | undefined {
  const [signer, ...authorities] = chain;
  const own = signerProblem(signer, purpose);
  if (own !== undefined) return own;
  for (const [below, authority] of authorities.entries()) {
    const problem = authorityProblem(authority, below, purpose);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Why a chain is not complete, in order, and without a certificate too many; `undefined`: it is. From the root on: whoever makes up certificates below one that is trusted is found
 * out at the first signature, before others by keys of theirs are checked.
 */
export function issuanceProblem(chain: Chain): string | undefined {
  for (const [index, certificate] of [...chain.entries()].toReversed()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) {
      if (!certificate.isSelfIssued) return 'the last certificate of its chain is no root, which issued itself';
      continue;
    }
    if (certificate.isSelfIssued) return 'a certificate that issued itself stands before the last one of its chain';
    if (!certificate.isIssuedBy(issuer)) return 'a certificate of its chain is not issued by the next one';
  }
  return undefined;
}

function signerProblem(signer: Certificate, purpose: ChainPurpose): string | undefined {
  const usage = signer.keyUsage;
  if (signer.isAuthority) return "its certificate is a CA's";
  if (usage === undefined) return 'its certificate does not say what its key is for (key usage)';
  if (purpose === 'code signing' && !usage.critical) return 'the key usage of its certificate is not critical';
  if (!usage.has('digitalSignature')) return 'the key of its certificate is not for digital signatures (key usage)';
  const other = otherUsages.find((each) => usage.has(each));
  if (other !== undefined) return `the key of its certificate is for ${other} as well (key usage)`;
  return purposeProblem(signer, purpose) ?? keyProblem(signer);
}

function purposeProblem(signer: Certificate, purpose: ChainPurpose): string | undefined {
  if (purpose === 'time stamping') {
    return signer.isOnlyFor(timeStamping)
      ? undefined
      : 'its certificate is not for time stamping alone, critically (extended key usage)';
  }
  for (const [oid, name] of excluded) {
    if (signer.hasUsage(oid)) return `its certificate is for ${name} as well (extended key usage)`;
  }
  return undefined;
}

function keyProblem({ publicKey }: Certificate): string | undefined {
  if (algorithmOf(publicKey) !== undefined) return undefined;
  return 'the key of its certificate is neither RSA of 2048, 3072 or 4096 bits nor ECDSA on P-256, P-384 or P-521';
}

/** `below`: how many CAs stand between it and the signer. */
function authorityProblem(authority: Certificate, below: number, purpose: ChainPurpose): string | undefined {
  const usage = authority.keyUsage;
  if (!authority.isAuthority) return 'a certificate that issued one of its chain is no CA';
  if (usage === undefined) return 'a CA of its chain does not say what its key is for (key usage)';
  if (purpose === 'code signing' && !usage.critical) return 'the key usage of a CA of its chain is not critical';
  if (!isAuthorityKey(authority.publicKey))
    return 'the key of a CA of its chain is of a kind or size that is not accepted';
  if (!usage.has('keyCertSign')) return 'the key of a CA of its chain is not for certificates (key usage)';
  return below <= (authority.pathLength ?? -1)
    ? undefined
    : 'a CA of its chain has more CAs below it than it allows (path length)';
}
