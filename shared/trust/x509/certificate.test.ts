import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import {
  basicConstraints,
  codeSigning,
  extendedKeyUsage,
  extension,
  keyUsage,
  makeCertificate,
  nameOf,
  serverAuth,
  timeStamping,
} from '../../../test/fixtures/authority/certificate.ts';
import { pemOf } from '../../../test/fixtures/authority/der.ts';
import { type Hash, makeKey } from '../../../test/fixtures/authority/keys.ts';
import { certificateFor, type LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { Certificate, certificatesIn } from './certificate.ts';

const authority = makeAuthority();
const { ca } = authority;
const intermediate = new Certificate(ca.intermediate.der);
const root = new Certificate(ca.root.der);
const signer = makeSigner();
const leaf = (changes: LeafChanges = {}) => new Certificate(certificateFor(authority, signer, changes).der);
const key = makeKey();
const withExtensions = (...extensions: readonly Buffer[]) => {
  const name = nameOf({ commonName: 'x' });
  const { notBefore, notAfter } = ca.root;
  return new Certificate(
    makeCertificate({ subject: name, issuer: name, spki: key.spki, signer: key, notBefore, notAfter, extensions }).der,
  );
};

test('what it says', () => {
  const certificate = leaf();
  expect(certificate.window).toEqual({ notBefore: authority.at.getTime(), notAfter: authority.at.getTime() + 600_000 });
  expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(signer.der);
  expect(certificate.subjectPublicKeyInfo.raw).toEqual(signer.der);
  expect(root.subject).toBe('O=sigstore.test\nCN=sigstore.test root');
  expect(certificate.unknownCritical).toBeUndefined();
});

test('who issued it', () => {
  const certificate = leaf();
  expect([certificate.names(intermediate), certificate.isSignedBy(intermediate)]).toEqual([true, true]);
  expect([certificate.names(root), certificate.isSignedBy(root)]).toEqual([false, false]);
  expect([root.names(root), root.isSignedBy(root)]).toEqual([true, true]);
  const { serial, issuer } = certificateFor(authority, signer);
  expect(certificate.isNamed(issuer, serial)).toBe(false);
  const made = certificateFor(authority, signer);
  const [name] = [new Certificate(made.der).tbs.subs[3]?.value ?? Buffer.alloc(0)];
  expect(new Certificate(made.der).isNamed(name, made.serial)).toBe(true);
});

test.each<[Hash, boolean]>([
  ['sha1', false],
  ['sha256', true],
  ['sha384', true],
  ['sha512', true],
])('a signature by ECDSA or RSA with %s counts: %p', (hash, counts) => {
  expect(leaf({ hash }).isSignedBy(intermediate)).toBe(counts);
  const own = makeAuthority({ ca: { root: 'rsa', direct: true } });
  expect(new Certificate(certificateFor(own, signer, { hash }).der).isSignedBy(new Certificate(own.ca.root.der))).toBe(
    counts,
  );
});

test('both ends belong to its time', () => {
  const certificate = leaf();
  const { notBefore, notAfter } = certificate.window;
  expect(
    [notBefore - 1, notBefore, notAfter, notAfter + 999, notAfter + 1000].map((time) => certificate.isValidAt(time)),
  ).toEqual([false, true, true, true, false]);
  expect(certificate.isValidAt(Number.NaN)).toBe(false);
});

test.each<[string, Buffer[], number | undefined]>([
  ['nothing', [], undefined],
  ['no CA', [basicConstraints(false)], undefined],
  ['a CA', [basicConstraints(true)], Number.POSITIVE_INFINITY],
  ['a CA with none below', [basicConstraints(true, 0)], 0],
  ['a CA with two below', [basicConstraints(true, 2), keyUsage('keyCertSign')], 2],
  ['a CA that may sign no certificates', [basicConstraints(true), keyUsage('digitalSignature', 'cRLSign')], undefined],
])('path length of %s', (_, extensions, length) => {
  expect(withExtensions(...extensions).pathLength).toBe(length);
});

test('purposes', () => {
  const of = (purposes: readonly string[], critical = true) => withExtensions(extendedKeyUsage(purposes, critical));
  const any = '2.5.29.37.0';
  expect(of([codeSigning, serverAuth]).hasUsage(codeSigning)).toBe(true);
  expect(of([any]).hasUsage(codeSigning)).toBe(false);
  expect(withExtensions().hasUsage(codeSigning)).toBe(false);
  expect([of([any]), of([codeSigning]), withExtensions()].map((one) => one.allows(codeSigning))).toEqual([
    true,
    true,
    true,
  ]);
  expect(of([serverAuth]).allows(codeSigning)).toBe(false);
  expect(of([timeStamping]).isOnlyFor(timeStamping)).toBe(true);
  for (const bad of [of([timeStamping], false), of([timeStamping, codeSigning]), of([codeSigning]), withExtensions()]) {
    expect(bad.isOnlyFor(timeStamping)).toBe(false);
  }
});

test('a critical extension that is not understood is named, and one that is there twice is none', () => {
  expect(withExtensions(extension('1.2.3', Buffer.alloc(2), true)).unknownCritical).toBe('1.2.3');
  expect(withExtensions(extension('1.2.3', Buffer.alloc(2))).unknownCritical).toBeUndefined();
  const twice = withExtensions(extension('1.2.3', Buffer.alloc(2)), extension('1.2.3', Buffer.alloc(2)));
  expect(() => twice.extensions).toThrow('the extension 1.2.3 is there twice');
});

test('nothing stands behind it, and it is of no size', () => {
  const { der, pem } = ca.root;
  expect(() => new Certificate(Buffer.concat([der, Buffer.alloc(1)]))).toThrow('bytes stand behind the certificate');
  expect(() => new Certificate(Buffer.from(pem))).toThrow();
  expect(() => new Certificate(der.subarray(0, -1))).toThrow();
  expect(() => new Certificate(Buffer.alloc(70_000))).toThrow('a certificate of over 65536 bytes');
});

describe('PEM', () => {
  test('certificates in their order', () => {
    expect(certificatesIn(ca.chain.map(({ pem }) => pem).join('\n')).map(({ der }) => der)).toEqual(
      ca.chain.map(({ der }) => der),
    );
  });

  test.each([
    ['nothing', ''],
    ['text', 'x'],
    ['text beside it', `x\n${ca.root.pem}`],
    ['a key', pemOf(signer.der, 'PUBLIC KEY')],
    ['a key beside it', ca.root.pem + pemOf(signer.der, 'PUBLIC KEY')],
    ['a key that calls itself a certificate', pemOf(signer.der, 'CERTIFICATE')],
    ['one that does not end', ca.root.pem.replace('END', 'ENDS')],
  ])('%s', (_, text) => {
    expect(() => certificatesIn(text)).toThrow();
  });
});

test('what its key is for, and whether one may pass over that', () => {
  const usages = withExtensions(keyUsage('digitalSignature')).keyUsage;
  expect([usages?.critical, usages?.has('digitalSignature'), usages?.has('keyCertSign')]).toEqual([true, true, false]);
  expect(withExtensions().keyUsage).toBeUndefined();
});

test('it says that it is a CA, or that it is none, or nothing', () => {
  const says = [basicConstraints(true), basicConstraints(false), basicConstraints(false, 0)];
  expect(says.map((each) => withExtensions(each).isAuthority)).toEqual([true, false, false]);
  expect(withExtensions().isAuthority).toBe(false);
});

test('who issued it has the name and the key', () => {
  const certificate = leaf();
  expect([certificate.isIssuedBy(intermediate), certificate.isIssuedBy(root), certificate.isSelfIssued]).toEqual([
    true,
    false,
    false,
  ]);
  expect([root.isSelfIssued, withExtensions().isSelfIssued]).toEqual([true, true]);
});
