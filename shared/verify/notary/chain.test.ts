import { extendedKeyUsage, makeCertificate } from '../../../test/fixtures/authority/certificate.ts';
import { type AuthorityKeyType, makeKey } from '../../../test/fixtures/authority/keys.ts';
import {
  authorityExtensions,
  builder,
  type ChainOptions,
  constraints,
  dn,
  makeChain,
  type NotaryChain,
  usage,
  validity,
} from '../../../test/fixtures/notary/chain.ts';
import {
  decide,
  type NotaryQuestion,
  type NotaryTwins,
  rootIn,
  storeOf,
  testNotaryTwins,
  usualChain,
} from '../../../test/fixtures/notary/decide.ts';
import type { KeyUsage } from '../../trust/x509/certificate.ts';

/** Signed by a chain whose root is trusted. */
const signedBy = (chain: NotaryChain): NotaryQuestion => ({
  signing: { chain },
  statement: { stores: [rootIn('ca', chain)] },
});
const made = (options: ChainOptions) => signedBy(makeChain(options));
const leaf = (...extensions: readonly Buffer[]) => made({ leaf: { extensions } });
const intermediate = (...extensions: readonly Buffer[]) => made({ intermediate: { extensions } });
const digital = usage(['digitalSignature']);
const certSign = usage(['keyCertSign']);

function twins(name: string, wrong: NotaryQuestion, message: string, right: NotaryQuestion = {}): NotaryTwins {
  return {
    name,
    wrong,
    right,
    reason: 'certificate-usage',
    message: new RegExp(`^a signature has a chain of certificates that does not count: ${message}`),
  };
}

describe('the certificate of who signed', () => {
  const others: readonly KeyUsage[] = [
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ];
  testNotaryTwins([
    twins(
      "is a CA's",
      leaf(digital, constraints(true)),
      "its certificate is a CA's",
      leaf(digital, constraints(false)),
    ),
    twins('says nothing of its key', leaf(), 'its certificate does not say what its key is for', leaf(digital)),
    twins(
      'has a key usage that one may pass over',
      leaf(usage(['digitalSignature'], false)),
      'the key usage of its certificate is not critical',
    ),
    twins(
      'is not for signatures',
      leaf(usage(['contentCommitment'])),
      'the key of its certificate is not for digital signatures',
      leaf(usage(['digitalSignature', 'contentCommitment'])),
    ),
    ...others.map((other) =>
      twins(
        `is for ${other}`,
        leaf(usage(['digitalSignature', other])),
        `the key of its certificate is for ${other} as well`,
      ),
    ),
    ...[
      ['any purpose', '2.5.29.37.0'],
      ['servers', '1.3.6.1.5.5.7.3.1'],
      ['clients', '1.3.6.1.5.5.7.3.2'],
      ['e-mail', '1.3.6.1.5.5.7.3.4'],
      ['time stamps', '1.3.6.1.5.5.7.3.8'],
      ['OCSP', '1.3.6.1.5.5.7.3.9'],
    ].map(([name = '', oid = '']) =>
      twins(
        `is for ${name}`,
        leaf(digital, extendedKeyUsage(['1.3.6.1.5.5.7.3.3', oid])),
        `its certificate is for ${name} as well`,
        leaf(digital, extendedKeyUsage(['1.3.6.1.5.5.7.3.3', '1.3.6.1.4.1.311.10.3.13'])),
      ),
    ),
    twins(
      'has an extension twice',
      leaf(digital, digital),
      'an extension of a certificate of it does not parse',
      leaf(digital),
    ),
  ]);

  test.each<[AuthorityKeyType, number, boolean]>([
    ['rsa', 2048, true],
    ['rsa', 3072, true],
    ['rsa', 4096, true],
    ['rsa', 1024, false],
    ['rsa', 2560, false],
    ['p256', 0, true],
    ['p384', 0, true],
    ['p521', 0, true],
  ])('has a key %s %d: %p', (type, modulusLength, counts) => {
    const chain = makeChain({ key: makeKey(type, modulusLength) });
    const outcome = decide(signedBy(chain));
    expect(outcome.pass).toBe(counts);
    if (!outcome.pass)
      expect(outcome.message).toContain('is neither RSA of 2048, 3072 or 4096 bits nor ECDSA on P-256');
  });

  test('is heeded for nothing else: name constraints and policies say nothing', () => {
    const unknown = Buffer.from('300d0603551d1e0101ff0403300100', 'hex');
    expect(decide(leaf(digital, unknown))).toMatchObject({ pass: true });
  });
});

describe('the CAs', () => {
  const slow = makeKey('rsa', 1024);
  testNotaryTwins([
    twins('do not say that they are', intermediate(certSign), 'a certificate that issued one of its chain is no CA'),
    twins('say that they are not', intermediate(certSign, constraints(false)), 'a certificate that issued one'),
    twins(
      'say nothing of their keys',
      intermediate(constraints(true)),
      'a CA of its chain does not say what its key is for',
      intermediate(certSign, constraints(true)),
    ),
    twins(
      'have a key usage that one may pass over',
      intermediate(usage(['keyCertSign'], false), constraints(true)),
      'the key usage of a CA of its chain is not critical',
    ),
    twins(
      'are not for certificates',
      intermediate(usage(['cRLSign']), constraints(true)),
      'the key of a CA of its chain is not for certificates',
    ),
    twins(
      'have keys that take long to check',
      made({ intermediate: { spki: slow.spki } }),
      'the key of a CA of its chain is of a kind or size that is not accepted',
    ),
    twins(
      'have more CAs below them than they allow',
      made({ root: { extensions: [certSign, constraints(true, 0)] } }),
      'a CA of its chain has more CAs below it than it allows',
      made({ root: { extensions: [certSign, constraints(true, 1)] } }),
    ),
    twins(
      'have more CAs below them in a longer chain',
      made({ length: 4, intermediate: { extensions: [certSign, constraints(true, 0)] } }),
      'a CA of its chain has more CAs below it than it allows',
      made({ length: 4, intermediate: { extensions: [certSign, constraints(true, 1)] } }),
    ),
  ]);
});

describe('who issued whom', () => {
  const [signer, middle, root] = usualChain.certificates.map(({ der }) => der);
  if (signer === undefined || middle === undefined || root === undefined) throw new Error('a chain of three');
  /** Where both CAs are trusted. */
  const carrying = (...certificates: readonly Uint8Array[]): NotaryQuestion => ({
    signing: { certificates },
    statement: { stores: [storeOf('ca', usualChain.certificates.slice(1))] },
  });
  const stranger = makeChain().certificates[2]?.der ?? root;
  const notIssued = 'a certificate of its chain is not issued by the next one';
  const alone = makeChain({ length: 1 });
  const [key = makeKey()] = makeChain().keys;
  const foreignName = makeCertificate({
    subject: builder,
    issuer: dn(['CN', 'another']),
    spki: key.spki,
    signer: key,
    ...validity,
    extensions: [digital],
  });
  const foreign = { certificates: [foreignName], keys: [key] };
  testNotaryTwins([
    twins(
      'the root is left out',
      carrying(signer, middle),
      'the last certificate of its chain is no root',
      carrying(signer, middle, root),
    ),
    twins('the intermediate is left out', carrying(signer, root), notIssued),
    twins(
      'they stand in another order',
      carrying(signer, root, middle),
      'the last certificate of its chain is no root',
    ),
    twins(
      'the root is there twice',
      carrying(signer, middle, root, root),
      'a certificate that issued itself stands before',
    ),
    twins('another root', carrying(signer, middle, stranger), notIssued),
    twins('over ten certificates', carrying(signer, ...Array.from({ length: 10 }, () => root)), 'it has over 10'),
    twins(
      'one that does not parse',
      carrying(signer, middle, Buffer.from('3000', 'hex')),
      'a certificate of it does not parse',
    ),
    twins(
      'with something behind it',
      carrying(signer, middle, Buffer.concat([root, Buffer.of(0)])),
      'a certificate of it does not parse',
    ),
    twins('by SHA-1', made({ leaf: { hash: 'sha1' } }), notIssued, made({ leaf: { hash: 'sha384' } })),
    twins('a CA by SHA-1', made({ intermediate: { hash: 'sha1' } }), notIssued),
    twins('a root by SHA-1', made({ root: { hash: 'sha1' } }), 'the last certificate of its chain is no root'),
    twins('by another key', made({ leaf: { signer: makeKey() } }), notIssued),
    twins('by another name', made({ leaf: { issuer: dn(['CN', 'CA 1']) } }), notIssued),
    twins(
      'alone, and by another name',
      { signing: { chain: foreign }, by: { certificates: foreignName.pem } },
      'the last certificate of its chain is no root',
      signedBy(alone),
    ),
    twins(
      "alone, and a CA's",
      made({ length: 1, leaf: { extensions: [usage(['digitalSignature']), constraints(true)] } }),
      "its certificate is a CA's",
      signedBy(alone),
    ),
  ]);

  test('none at all', () => {
    expect(decide(carrying())).toMatchObject({ pass: false, reason: 'certificate-missing' });
  });

  test('a root whose extensions are those of a CA', () => {
    expect(decide(made({ root: { extensions: authorityExtensions } }))).toMatchObject({ pass: true });
  });
});
