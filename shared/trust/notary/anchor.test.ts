import { makeChain } from '../../../test/fixtures/notary/chain.ts';
import { rootIn, statementOf, storeOf, usualChain } from '../../../test/fixtures/notary/decide.ts';
import { type NotaryStatement, type NotaryStore, notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { NotaryAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import { noAnswers } from '../kms.ts';
import { notaryAnchors } from './anchor.ts';

const inherited = { annotations: {}, repository: undefined };
const other = makeChain();
const [signer, middle, root] = usualChain.certificates;
if (signer === undefined || middle === undefined || root === undefined) throw new Error('a chain of three');

function built(by: NotaryAttestor['by']) {
  const [anchor] = notaryAnchors.build(
    { kind: 'notary', by },
    'attestors[0].entries[0]',
    inherited,
    undefined,
    noAnswers,
  );
  if (anchor === undefined) throw new Error('no anchor');
  return anchor;
}
const trusting = (...statements: Partial<NotaryStatement>[]) =>
  built({ trust: { statements: statements.map(statementOf) } });

function refusal(by: NotaryAttestor['by']): Refusal {
  try {
    built(by);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
  }
  throw new Error('it was built');
}

test('certificates of a rule are one store under a strict policy for everybody', () => {
  const { statements } = built({ certificates: signer.pem + root.pem });
  expect(statements).toMatchObject([
    { scopes: 'every', levels: notaryLevels.strict, verifyTimestamp: 'always', identities: 'any' },
  ]);
  const [{ stores } = { stores: undefined }] = statements;
  expect(stores?.ca?.map(({ der }) => der)).toEqual([signer.der, root.der]);
  expect([stores?.signingAuthority, stores?.tsa]).toEqual([undefined, undefined]);
});

test.each(['', 'no PEM', `${root.pem}junk`, root.pem.replaceAll('CERTIFICATE', 'PUBLIC KEY')])(
  '%j is no certificate',
  (certificates) => {
    expect(refusal({ certificates })).toMatchObject({
      reason: 'key-invalid',
      message: expect.stringContaining('attestors[0].entries[0].certificates'),
    });
  },
);

describe('trust stores', () => {
  const file = (bytes: Uint8Array, name = 'a.crt') => ({ name, bytes });
  const store = (type: NotaryStore['type'], ...files: NotaryStore['files']): NotaryStore => ({
    type,
    name: 'acme',
    files,
  });
  const statement = (...stores: NotaryStore[]) => ({ trust: { statements: [statementOf({ stores })] } });

  test('PEM, several in one file, and DER', () => {
    const stores = [
      store('ca', file(Buffer.from(root.pem + middle.pem)), file(other.certificates[2]?.der ?? root.der)),
    ];
    const [only] = built(statement(...stores)).statements;
    expect(only?.stores.ca?.map(({ der }) => der)).toEqual([root.der, middle.der, other.certificates[2]?.der]);
  });

  test('several of one type are one, and of another there is none', () => {
    const [only] = trusting({ stores: [rootIn('ca'), rootIn('ca', other), rootIn('tsa')] }).statements;
    expect([only?.stores.ca?.length, only?.stores.tsa?.length, only?.stores.signingAuthority]).toEqual([
      2,
      1,
      undefined,
    ]);
  });

  test.each<[string, NotaryStore, string, NotaryStore]>([
    ['an empty one', store('ca'), 'the trust store ca:acme has no certificate', rootIn('ca')],
    [
      "a signer's certificate, which a CA issued",
      storeOf('ca', [signer]),
      "the trust store ca:acme: acme.pem: a certificate is neither a CA's nor did its owner issue it",
      storeOf('ca', [middle]),
    ],
    [
      "a signing authority's signer",
      storeOf('signingAuthority', [signer]),
      'the trust store signingAuthority:acme: acme.pem',
      storeOf('signingAuthority', makeChain({ length: 1 }).certificates),
    ],
    [
      'an intermediate that stamps',
      storeOf('tsa', [middle]),
      'the trust store tsa:acme: acme.pem: a certificate is no root',
      storeOf('tsa', [root]),
    ],
    ['junk', store('ca', file(Buffer.from('junk'))), 'the trust store ca:acme: a.crt: ', rootIn('ca')],
    [
      'junk beside PEM',
      store('ca', file(Buffer.from(`x${root.pem}`))),
      'the trust store ca:acme: a.crt: ',
      rootIn('ca'),
    ],
    [
      'junk behind DER',
      store('ca', file(Buffer.concat([root.der, Buffer.of(10)]))),
      'a.crt: bytes stand behind',
      store('ca', file(root.der)),
    ],
  ])('%s', (_, wrong, message, right) => {
    const refused = refusal(statement(wrong));
    expect(refused.reason).toBe('key-invalid');
    expect(refused.message).toContain(message);
    expect(built(statement(right)).statements).toHaveLength(1);
  });

  test('a policy without statements', () => {
    expect(refusal({ trust: { statements: [] } })).toMatchObject({ reason: 'key-invalid' });
  });
});

test('everything that can change the answer is in the hash', () => {
  const subject = (attributes: Readonly<Record<string, string>>) =>
    ({ kind: 'subject', text: '', attributes: new Map(Object.entries(attributes)) }) as const;
  const changes: Partial<NotaryStatement>[] = [
    {},
    { name: 'other' },
    { scopes: new Set(['a']) },
    { scopes: new Set(['a', 'b']) },
    { levels: 'skip' },
    { levels: notaryLevels.permissive },
    { levels: notaryLevels.audit },
    { levels: { ...notaryLevels.strict, revocation: 'skip' } },
    { verifyTimestamp: 'afterCertExpiry' },
    { stores: [rootIn('signingAuthority')] },
    { stores: [rootIn('ca', other)] },
    { stores: [rootIn('ca'), rootIn('ca', other)] },
    { stores: [rootIn('ca'), rootIn('tsa')] },
    { identities: [subject({ C: 'US' })] },
    { identities: [subject({ C: 'US', O: 'x' })] },
    { identities: [subject({ C: 'US' }), subject({ O: 'x' })] },
    { identities: [{ kind: 'aws-signer-profile', arn: 'arn' }] },
  ];
  const hashes = [...changes.map((change) => trusting(change)), trusting({}, { scopes: new Set(['a']) })].map(
    ({ hashed }) => JSON.stringify(hashed),
  );
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(JSON.stringify(trusting({ scopes: new Set(['b', 'a']) }).hashed)).toBe(hashes[3]);
});
