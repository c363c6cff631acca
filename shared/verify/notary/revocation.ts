import type { NotaryLevels } from '../../policy/notary/trust-policy.ts';
import type { RevocationAnswer, RevocationQuestion, RevocationView } from '../../revocation/revocation.ts';
import { signerQuestion } from './aws-signer.ts';
import type { Chain } from './chain.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';
import type { Extension } from './plugin.ts';

/** A question that a signature depends on, and what it does where the answer is no. */
export interface Asked {
  readonly question: RevocationQuestion;
  readonly action: 'enforce' | 'log';
}

/**
 * What is asked about a signature: its chain and what AWS Signer signed, by the level of revocation; and the chain of whoever stamped it, whatever
 * that level is, as a stamp that may be revoked is none. Where the chain leads to nobody who is trusted, as level audit lets pass, nobody is
 * asked: whoever made it up would say whom the function calls.
 */
export function questionsOf(
  { chain, signed }: Intact,
  extension: Extension,
  stamper: Chain | undefined,
  levels: NotaryLevels,
  isTrusted: boolean,
): readonly Asked[] {
  const asked: Asked[] = [];
  if (isTrusted && levels.revocation !== 'skip') {
    const action = levels.revocation;
    // Of the scheme notary.x509 only the signer says when it signed, or a time stamp, which excuses nothing that was revoked later.
    asked.push({ question: { what: 'chain', chain, signedAt: signed.attributes.authenticSigningTime }, action });
    if (extension.by === 'aws-signer') asked.push({ question: signerQuestion(extension, chain), action });
  }
  if (stamper !== undefined) {
    const question = { what: 'chain', chain: stamper, signedAt: undefined } as const;
    asked.push({ question, action: levels.authenticTimestamp });
  }
  return asked;
}

export interface Answered extends Asked {
  readonly answer: RevocationAnswer;
}

/** All are asked before any is missed, so that they are found out side by side. */
export function answersOf(asked: readonly Asked[], revocation: RevocationView): readonly Answered[] | NotaryObjection {
  const answers = asked.map((one) => ({ ...one, answer: revocation.of(one.question) }));
  const known = answers.flatMap(({ answer, ...one }) => (answer === undefined ? [] : [{ ...one, answer }]));
  if (known.length === answers.length) return known;
  return objection('revocation-unavailable', 'is good, and nobody was asked yet whether it has been revoked');
}

/** What an answer that is not good says. */
export function answerObjection({ answer: { status, message } }: Answered): NotaryObjection | undefined {
  switch (status) {
    case 'good':
      return undefined;
    case 'revoked':
      return objection('certificate-revoked', `is good but for its revocation: ${message}`);
    case 'too-many':
      return objection('too-many-signatures', `is one of so many that not all are asked about: ${message}`);
    case 'unknown':
      return objection(
        'revocation-unavailable',
        `is good, and whether it has been revoked could not be found out: ${message}`,
      );
  }
}
