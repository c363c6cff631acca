import { marksOf } from '../certificates/marks.ts';
import { profileOf } from './aws-signer.ts';
import type { Intact } from './integrity.ts';
import type { Extension } from './plugin.ts';

/** Who signed, and what tells them from others. */
interface NotarySigner {
  readonly identity: string;
  readonly issuer: string;
  readonly marks: readonly [string, ...string[]];
}

/**
 * The subject of the certificate, by whom its issuer says it is. AWS Signer signs for everybody with certificates of its own that live for
 * days, so there the profile is who signed, in any of its versions.
 */
export function signerOf({ chain, identity, issuer }: Intact, extension: Extension): NotarySigner {
  if (extension.by === 'aws-signer') {
    const { profileVersionArn } = extension;
    const marks = [JSON.stringify(['signing profile', profileOf(profileVersionArn)])] as const;
    return { identity: `${profileVersionArn} (${identity})`, issuer, marks };
  }
  const [signer, ...issuers] = chain;
  const [key, ...names] = marksOf(signer, issuers);
  return { identity, issuer, marks: [key, ...names, JSON.stringify(['subject', identity, 'of', issuer])] };
}
