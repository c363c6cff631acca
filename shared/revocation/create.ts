import { LRUCache } from 'lru-cache';
import type { Spending } from '../net/spending.ts';
import { Certificates, type CertificatesOptions, type Issued, longest } from './certificates.ts';
import { Kept } from './kept.ts';
import { createResponders, type RespondersOptions } from './responders.ts';
import {
  type ChainQuestion,
  questionName,
  type RevocationAnswer,
  type Revocations,
  type SignerQuestion,
} from './revocation.ts';
import { inWords, revokedBy, type Word } from './word.ts';

/** Asks AWS Signer. Never rejects for what it does: that is `unknown`. */
export type AskSigner = (question: SignerQuestion, allowance: Spending) => Promise<RevocationAnswer>;

export interface RevocationsOptions extends RespondersOptions, Omit<CertificatesOptions, 'responders'> {
  readonly signer: AskSigner;
}

/** Longer chains are none that anybody judges. */
const mostOfChain = 16;
const maxSigned = 1000;
/** Characters of a subject in messages. */
const longestSubject = 200;

/** Asks those whom certificates name, and AWS Signer, and keeps what they say in this instance. */
export function createRevocations(options: RevocationsOptions): Revocations {
  const { clock, signer, metrics } = options;
  const certificates = new Certificates({ ...options, responders: createResponders(options) });
  const signed = new Kept<RevocationAnswer>(clock, new LRUCache({ max: maxSigned }));

  function askSigner(question: SignerQuestion, allowance: Spending): Promise<RevocationAnswer> {
    return signed.get(questionName(question), allowance, async (spending) => {
      const answer = await signer(question, spending);
      if (answer.status === 'unknown') metrics?.count('revocation-unknown', { asked: 'aws-signer' });
      return answer;
    });
  }

  async function askChain({ chain, signedAt }: ChainQuestion, allowance: Spending): Promise<RevocationAnswer> {
    if (chain.length > mostOfChain) {
      return { status: 'unknown', message: `a chain of over ${mostOfChain} certificates`, until: clock() + longest };
    }
    const issued: Issued[] = chain.flatMap((certificate, at) => {
      const issuer = chain[at + 1];
      return issuer === undefined ? [] : [{ certificate, issuer }];
    });
    const asking = issued.map(async (one) => answerOf(one, await certificates.word(one, allowance), signedAt));
    return judged(await allOrRevoked(asking), clock() + longest);
  }

  return {
    ask(question, allowance) {
      // Whoever named the registry, a CA that is trusted, or AWS, is asked.
      const spending = { ...allowance, named: true };
      return question.what === 'chain' ? askChain(question, spending) : askSigner(question, spending);
    },
  };
}

/** All answers, or the first that says that something is revoked: whoever hangs, or runs out of time, keeps nobody from hearing of it. */
function allOrRevoked(asking: readonly Promise<RevocationAnswer>[]): Promise<readonly RevocationAnswer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly RevocationAnswer[]>();
  const heard = asking.map(async (one) => {
    const answer = await one;
    if (answer.status === 'revoked') resolve([answer]);
    return answer;
  });
  Promise.allSettled(heard).then(() => Promise.all(heard).then(resolve, reject));
  return promise;
}

function answerOf({ certificate }: Issued, word: Word, signedAt: number | undefined): RevocationAnswer {
  const who = `the certificate ${certificate.subject.replaceAll('\n', ', ').slice(0, longestSubject)}`;
  if (!word.known)
    return { status: 'unknown', message: `whether ${who} is revoked is not known: ${word.why}`, until: word.until };
  const { entries, from, until } = word;
  if (from === undefined) return { status: 'good', message: `${who} names no OCSP responder and no CRL`, until };
  const entry = revokedBy(entries, signedAt);
  if (entry === undefined) return { status: 'good', message: '', until };
  return { status: 'revoked', message: `${who} is revoked ${inWords(entry)}, says ${from}`, until };
}

/** Of a chain: one that is revoked decides, then one of which it is not known. A root alone is asked about by nobody. */
function judged(answers: readonly RevocationAnswer[], end: number): RevocationAnswer {
  for (const status of ['revoked', 'unknown'] as const) {
    const found = answers.filter((answer) => answer.status === status);
    if (found.length > 0) return joined(status, found, end);
  }
  return joined('good', answers, end);
}

function joined(
  status: RevocationAnswer['status'],
  answers: readonly RevocationAnswer[],
  end: number,
): RevocationAnswer {
  const messages = answers.map(({ message }) => message).filter((message) => message !== '');
  return { status, message: messages.join('; '), until: Math.min(end, ...answers.map(({ until }) => until)) };
}
