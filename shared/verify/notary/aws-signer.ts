import { createHash } from 'node:crypto';
import type { ExtendedAttribute, NotaryAttributes } from '../../evidence/notary-signature/attributes.ts';
import type { NotaryIdentity } from '../../policy/notary/trust-policy.ts';
import { quoted } from '../../printable.ts';
import type { SignerQuestion } from '../../revocation/revocation.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import type { Chain } from './chain.ts';
import { identitiesOf } from './identities.ts';
import { type NotaryObjection, objection } from './objection.ts';
import { titleOf } from './statement.ts';

const profileVersion = 'com.amazonaws.signer.signingProfileVersion';
const job = 'com.amazonaws.signer.signingJob';
const understood: ReadonlySet<string> = new Set([profileVersion, job]);

const longestName = 200;

/** What AWS Signer says in a signature: which version of a signing profile it signed for, and in which job. */
export interface AwsSigned {
  readonly profileVersionArn: string;
  readonly jobArn: string;
  /** Milliseconds since 1970. */
  readonly signedAt: number;
}

/**
 * What AWS Signer signed, by the attributes beside those that name its plugin. Whatever is missing or not understood is an objection at any
 * level, as the plugin answers it with an error.
 */
export function awsSigned(
  { scheme, authenticSigningTime: signedAt }: NotaryAttributes,
  attributes: readonly ExtendedAttribute[],
): AwsSigned | NotaryObjection {
  if (scheme !== 'notary.x509.signingAuthority' || signedAt === undefined) {
    return unreadable('asks for the plugin of AWS Signer and does not say when a signing authority signed');
  }
  const other = attributes.find(({ name }) => !understood.has(name));
  if (other !== undefined) {
    return unreadable(`has the attribute ${quoted(other.name, longestName)}, which is not understood of AWS Signer`);
  }
  const textOf = (wanted: string) => attributes.find(({ name }) => name === wanted)?.value;
  const profileVersionArn = textOf(profileVersion);
  const jobArn = textOf(job);
  if (profileVersionArn === undefined || jobArn === undefined) {
    return unreadable('is by AWS Signer and does not name its signing profile and job');
  }
  return { profileVersionArn, jobArn, signedAt };
}

/** A wildcard trusts every account's profiles, and the plugin takes none, at any level. */
export function wildcardObjection(statement: TrustedStatement): NotaryObjection | undefined {
  const { origin, identities } = statement;
  if (identities !== 'any') return undefined;
  const why =
    origin === 'rule'
      ? 'no certificate of a rule says whose signing profile counts: name it in a trust policy'
      : `${titleOf(statement)} trusts everybody: name the signing profile in trustedIdentities`;
  return objection('identity-untrusted', `is by AWS Signer, and ${why}`);
}

/** Why no identity is the profile that signed, or its version. */
export function profileObjection(
  { profileVersionArn }: AwsSigned,
  statement: TrustedStatement,
): NotaryObjection | undefined {
  const { identities } = statement;
  if (identities !== 'any' && identities.some((identity) => isProfile(identity, profileVersionArn))) return undefined;
  const profile = quoted(profileVersionArn, longestName);
  return objection(
    'identity-untrusted',
    `is by the signing profile ${profile}, which is none of the trusted identities ${identitiesOf(statement)}`,
  );
}

const arn = /^arn:[^:]*:signer:[^:]*:[^:]*:\/signing-profiles\/([^/]*)(?:\/([^/]*))?$/i;

/** Of a profile or of one of its versions; ARNs are compared without regard to case. */
function isProfile(identity: NotaryIdentity, signer: string): boolean {
  if (identity.kind !== 'aws-signer-profile') return false;
  const [all, , version] = arn.exec(identity.arn) ?? [];
  if (all === undefined) return false;
  return all.toLowerCase() === (version === undefined ? profileOf(signer) : signer.toLowerCase());
}

/** The profile of a version: what stands before the last `/`. */
export function profileOf(profileVersionArn: string): string {
  return profileVersionArn.slice(0, Math.max(profileVersionArn.lastIndexOf('/'), 0)).toLowerCase();
}

/** What to ask AWS Signer about what it signed. */
export function signerQuestion({ profileVersionArn, jobArn, signedAt }: AwsSigned, chain: Chain): SignerQuestion {
  return { what: 'aws-signer', profileVersionArn, jobArn, certificateHashes: certificateHashes(chain), signedAt };
}

/** By what AWS Signer knows a certificate: hashes of what is signed in it and in its issuer's, the root's own twice. */
export function certificateHashes(chain: Chain): readonly string[] {
  const hashes = chain.map(({ tbs }) => createHash('sha384').update(tbs.raw).digest('hex'));
  return hashes.map((hash, index) => hash + (hashes[index + 1] ?? hash));
}

function unreadable(message: string): NotaryObjection {
  return objection('attribute-unknown', message);
}
