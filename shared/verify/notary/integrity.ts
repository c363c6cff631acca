import type { KeyObject } from 'node:crypto';
import type { SignedContent } from '../../evidence/evidence.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { certifiedKey } from '../../trust/public-key.ts';
import { nameText, readName, type WrittenName } from '../../trust/x509/name.ts';
import { attempt } from '../attempt.ts';
import { isPlainlySignedBy } from '../crypto.ts';
import type { Signature } from '../signature.ts';
import { algorithmOf } from './algorithm.ts';
import { type Chain, rulesProblem } from './chain.ts';
import { certificateFrom } from './familiar.ts';
import { type NotaryObjection, objection } from './objection.ts';

type NotaryContent = Extract<SignedContent, { readonly format: 'notary' }>;

/** Who signed what, with certificates that are as they should be; whether to trust them, and who issued them, is not asked yet. */
export interface Intact {
  readonly signed: NotaryContent;
  readonly chain: Chain;
  /** The signer's. */
  readonly key: KeyObject;
  readonly subject: WrittenName;
  /** Both as Go prints them; of a signer without a name, the hash of the key. */
  readonly identity: string;
  readonly issuer: string;
}

/** Between the signer's and the root a few; each costs the check of a signature. */
const mostCertificates = 10;

/** Whether the signature is by its own certificate, in the way that goes with its key, and every certificate by the rules. */
export function integrityOf(
  { evidence, bytes, material }: Signature,
  statement: TrustedStatement,
): Intact | NotaryObjection {
  const { signed } = evidence;
  if (signed.format !== 'notary') return objection('signature-mismatch', 'is no Notary signature');
  const { certificates } = material;
  if (certificates.length === 0) return objection('certificate-missing', 'carries no certificate');
  if (certificates.length > mostCertificates) return usage(`it has over ${mostCertificates} certificates`);
  const read = attempt(() => chainFrom(certificates, statement));
  if ('error' in read) return usage('a certificate of it does not parse');
  const { chain, key } = read;
  const problem = attempt(() => ({ found: rulesProblem(chain, 'code signing') }));
  if ('error' in problem) return usage('an extension of a certificate of it does not parse');
  if (problem.found !== undefined) return usage(problem.found);
  if (!isSigned(signed, bytes, key)) {
    return objection(
      'signature-mismatch',
      'does not verify with its certificate: it was changed, or made with another key',
    );
  }
  return { signed, ...read };
}

function usage(why: string): NotaryObjection {
  return objection('certificate-usage', `has a chain of certificates that does not count: ${why}`);
}

function chainFrom(certificates: readonly Uint8Array[], statement: TrustedStatement): Omit<Intact, 'signed'> {
  const [signer, ...issuers] = certificates.map((der) => certificateFrom(statement, der));
  if (signer === undefined) throw new Error('no certificate');
  const subject = readName(signer.subjectName);
  const key = signer.publicKey;
  const text = nameText(subject);
  return {
    chain: [signer, ...issuers],
    key,
    subject,
    identity: text === '' ? `sha256:${certifiedKey(key).spki}` : text,
    issuer: nameText(readName(signer.issuerName)),
  };
}

const hashes = {
  PS256: 'sha256',
  PS384: 'sha384',
  PS512: 'sha512',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
} as const;

/** By the one algorithm that goes with the key: the signer does not choose. */
function isSigned({ algorithm, message }: NotaryContent, signature: Uint8Array, key: KeyObject): boolean {
  return algorithmOf(key) === algorithm && isPlainlySignedBy(message, signature, key, hashes[algorithm]);
}
