import type { NotaryLevels } from '../../policy/notary/trust-policy.ts';
import type { RevocationAnswer, RevocationQuestion, RevocationView } from '../../revocation/revocation.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { signerQuestion } from './aws-signer.ts';
import type { Chain } from './chain.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';
import type { Extension } from './plugin.ts';
import { vouchedFor } from './trusted.ts';

/** A question that a signature depends on, and what it does where the answer is no. */
export interface Asked {
  readonly question: RevocationQuestion;
  readonly action: 'enforce' | 'log';
  /** Certificates above those asked about may be made up: then it is whoever attached the signature who brings about that nobody can say. */
  readonly isOpen: boolean;
}

/**
 * What is asked about a signature: its chain and what AWS Signer signed, by the level of revocation; and the chain of whoever stamped it, whatever
 * that level is, as a stamp that may be revoked is none. Of a chain no more is asked than a store vouches for, and where it leads to nobody
 * who is trusted, as level audit lets pass, nobody is asked: whoever made certificates up would say whom the function calls.
 */
export function questionsOf(
  intact: Intact,
  extension: Extension,
  stamper: Chain | undefined,
  statement: TrustedStatement,
  levels: NotaryLevels,
  isTrusted: boolean,
): readonly Asked[] {
  const asked: Asked[] = [];
  if (isTrusted && levels.revocation !== 'skip') {
    const { signed, chain: all } = intact;
    const { chain, isWhole } = vouchedFor(intact, statement);
    const action = levels.revocation;
    const isOpen = !isWhole;
    // Of the scheme notary.x509 only the signer says when it signed, or a time stamp, which excuses nothing that was revoked later.
    asked.push({
      question: { what: 'chain', chain, signedAt: signed.attributes.authenticSigningTime },
      action,
      isOpen,
    });
    if (extension.by === 'aws-signer') asked.push({ question: signerQuestion(extension, all), action, isOpen });
  }
  if (stamper !== undefined) {
    const question = { what: 'chain', chain: stamper, signedAt: undefined } as const;
    asked.push({ question, action: levels.authenticTimestamp, isOpen: false });
  }
  return asked;
}

export interface Answered extends Asked {
  readonly answer: RevocationAnswer;
}

/** The worst is told first: of what was revoked nobody is to hear that it could not be found out. */
const severity: Readonly<Record<RevocationAnswer['status'], number>> = {
  revoked: 0,
  'too-many': 1,
  unknown: 2,
  good: 3,
};

/** All are asked before any is missed, so that they are found out side by side. The worst answers come first. */
export function answersOf(asked: readonly Asked[], revocation: RevocationView): readonly Answered[] | NotaryObjection {
  const answers = asked.map((one) => ({ ...one, answer: revocation.of(one.question) }));
  const known = answers.flatMap(({ answer, ...one }) => (answer === undefined ? [] : [{ ...one, answer }]));
  if (known.length === answers.length)
    return known.sort((one, other) => severity[one.answer.status] - severity[other.answer.status]);
  return objection('revocation-unavailable', 'is good, and nobody was asked yet whether it has been revoked');
}

/** What an answer that is not good says. */
export function answerObjection({ answer: { status, message }, isOpen }: Answered): NotaryObjection | undefined {
  switch (status) {
    case 'good':
      return undefined;
    case 'revoked':
      return objection('certificate-revoked', `is good but for its revocation: ${message}`);
    case 'too-many':
      return {
        ...objection('too-many-signatures', `is one of so many that not all are asked about: ${message}`),
        isUndecided: true,
      };
    case 'unknown':
      if (isOpen) {
        const why =
          'is by a certificate of the store under others that are not in it, by which nobody can say whether it was revoked';
        return { ...objection('certificate-untrusted', `${why}: ${message}`), isUndecided: true };
      }
      return objection(
        'revocation-unavailable',
        `is good, and whether it has been revoked could not be found out: ${message}`,
      );
  }
}
