import { now } from '../../../test/fixtures/ask.ts';
import { authorityExtensions, makeChain } from '../../../test/fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  good,
  minute,
  type NotaryQuestion,
  notaryEvidence,
  rootIn,
  testNotaryTwins,
  usualChain,
} from '../../../test/fixtures/notary/decide.ts';
import { notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { RevocationAnswer, RevocationQuestion } from '../../revocation/revocation.ts';

function recorded(question: NotaryQuestion, answer: RevocationAnswer | undefined = good()) {
  const asked: RevocationQuestion[] = [];
  const outcome = decide({
    ...question,
    revocation: (one) => {
      asked.push(one);
      return answer;
    },
  });
  return { asked, outcome };
}
const says = (status: RevocationAnswer['status']): NotaryQuestion => ({
  revocation: () => ({ status, message: 'the responder of CN=CA 1', until: now + minute }),
});
const authority: NotaryQuestion = {
  signing: { attributes: byAuthority },
  statement: { stores: [rootIn('signingAuthority')] },
};
const ders = usualChain.certificates.map(({ der }) => der);

test('the whole chain is asked about', () => {
  const { asked } = recorded({});
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ what: 'chain', signedAt: undefined });
  expect(asked[0]?.what === 'chain' && asked[0].chain.map(({ der }) => der)).toEqual(ders);
});

describe('certificates above the one that is trusted, which anybody may make up for the same name and key', () => {
  const [signer, middle] = usualChain.certificates;
  const [, middleKey] = usualChain.keys;
  if (signer === undefined || middle === undefined || middleKey === undefined) throw new Error('a chain of three');
  const forged = makeChain({
    length: 2,
    leaf: { subject: middle.subject, spki: middleKey.spki, extensions: authorityExtensions },
  });
  const made = [signer.der, ...forged.certificates.map(({ der }) => der)];
  const pinned: NotaryQuestion = { signing: { certificates: made }, by: { certificates: signer.pem } };
  const whole: NotaryQuestion = {
    by: { certificates: signer.pem + usualChain.certificates.map(({ pem }) => pem).join('') },
  };

  test('are not asked about', () => {
    const { asked, outcome } = recorded(pinned);
    expect(outcome).toMatchObject({ pass: true });
    expect(asked.map((one) => one.what === 'chain' && one.chain.map(({ der }) => der))).toEqual([made.slice(0, 2)]);
    expect(recorded(whole).asked.map((one) => one.what === 'chain' && one.chain.length)).toEqual([3]);
  });

  test('do not bring about that nobody can say whether it was revoked', () => {
    expect(decide({ ...pinned, ...says('unknown') })).toMatchObject({ pass: false, reason: 'certificate-untrusted' });
    expect(decide({ ...pinned, ...says('revoked') })).toMatchObject({ pass: false, reason: 'certificate-revoked' });
    expect(decide({ ...whole, ...says('unknown') })).toMatchObject({ pass: false, reason: 'revocation-unavailable' });
  });
});

test('when it was signed is told where a signing authority says it', () => {
  expect(recorded(authority).asked).toEqual([expect.objectContaining({ signedAt: now - 1000 })]);
});

test.each<[string, NotaryQuestion]>([
  ['for another image', { signing: { artifact: { size: 1 } } }],
  ['of somebody whom nobody trusts', { statement: { stores: [] } }],
  ['that is over', { signing: { attributes: { expiry: now } } }],
  ['where the level skips it', { statement: { levels: { ...notaryLevels.strict, revocation: 'skip' } } }],
])('about a signature %s nobody is asked', (_, question) => {
  expect(recorded(question).asked).toEqual([]);
});

test.each(['strict', 'permissive', 'audit'] as const)('%s waits for an answer that is still out', (level) => {
  const outcome = decide({ statement: { levels: notaryLevels[level] }, revocation: () => undefined });
  expect(outcome).toMatchObject({ pass: false, reason: 'revocation-unavailable' });
  expect(decide({ statement: { levels: notaryLevels[level] } })).toMatchObject({ pass: true });
});

testNotaryTwins([
  {
    name: 'one that has been revoked',
    reason: 'certificate-revoked',
    message: /^a signature is good but for its revocation: the responder of CN=CA 1/,
    wrong: says('revoked'),
    right: says('good'),
  },
  {
    name: 'one of which nobody knows',
    reason: 'revocation-unavailable',
    message: /^a signature is good, and whether it has been revoked could not be found out: the responder of CN=CA 1/,
    wrong: says('unknown'),
    right: says('good'),
  },
]);

test('what is decided holds as long as the answer, good or only warned of', () => {
  expect(decide(says('good'))).toMatchObject({ pass: true, validUntil: now + minute });
  const permissive = { statement: { levels: notaryLevels.permissive } };
  expect(decide({ ...says('unknown'), ...permissive })).toMatchObject({ pass: true, validUntil: now + minute });
});

test('one whose answer is out may pass: nobody says that it was revoked', () => {
  const [first, second] = [notaryEvidence(), notaryEvidence(authority.signing)];
  const statement = { stores: [rootIn('ca'), rootIn('signingAuthority')] };
  const revocation = (question: RevocationQuestion) =>
    question.what === 'chain' && question.signedAt === undefined
      ? ({ status: 'revoked', message: 'x', until: now + minute } as const)
      : undefined;
  expect(decide({ evidence: [first, second], statement, revocation })).toMatchObject({
    reason: 'revocation-unavailable',
  });
  expect(decide({ evidence: [first], statement, revocation })).toMatchObject({ reason: 'certificate-revoked' });
});
