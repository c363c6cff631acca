import { createPublicKey, randomBytes } from 'node:crypto';
import { readEvidence } from '../../shared/evidence/read.ts';
import type { AttachedItem } from '../../shared/registry/registry.ts';
import { buildCheck } from '../../shared/trust/build.ts';
import { verify } from '../../shared/verify/verify.ts';
import { now } from '../fixtures/ask.ts';
import { inToto, repository, statementOf } from '../fixtures/attached.ts';
import { basicConstraints, extension, keyUsage, makeCertificate, nameOf } from '../fixtures/authority/certificate.ts';
import { octets, sequence, setOf } from '../fixtures/authority/der.ts';
import { makeKey } from '../fixtures/authority/keys.ts';
import { noteLine } from '../fixtures/authority/log.ts';
import { bundleItem, certificateFor, type SigningOptions, signContent } from '../fixtures/authority/signing.ts';
import { makeTimestampAuthority } from '../fixtures/authority/tsa.ts';
import { cpuOf } from '../fixtures/cpu.ts';
import { setOf as attestors, entryOf, keylessOf } from '../fixtures/entries.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { byWorkflow, image, usual, usualRoot } from '../fixtures/twins.ts';

// D1 for certificates. Between two signatures others have their turn: one may take a few milliseconds, whatever came along with it.

/** Some twenty where this was written, thousands where nothing is bounded: the rest is for slower machines. */
const maxCpu = 400;
const checks = [
  byWorkflow,
  { ...byWorkflow, rekor: { ignoreTlog: true } },
  keylessOf({ rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }),
].map((attestor) => buildCheck(entryOf([attestors([attestor])]), usualRoot));

/** CPU milliseconds, of the check that takes most. */
function cost(item: AttachedItem): number {
  const evidence = readEvidence([item]);
  return Math.max(
    ...checks.map((check) => cpuOf(() => verify({ check, image, repository, evidence, unreadable: [], now }))),
  );
}

const content = { message: statementOf(image), payloadType: inToto };
const signedWith = (options: SigningOptions = {}) => signContent(usual, content, options);
const junk = (bytes: number) => Buffer.alloc(bytes, Buffer.from('0401ff', 'hex'));
const { ca, timestampAuthority } = usual;
const { notBefore, notAfter } = ca.root;

/** It says that `issuer` issued it, and another key signed it. */
const posing = (issuer: { readonly subject: Buffer }, more = 0) => {
  const key = makeKey('p384');
  const subject = nameOf({ commonName: `posing ${randomBytes(4).toString('hex')}` });
  const extensions = [
    keyUsage('keyCertSign'),
    basicConstraints(true),
    ...(more === 0 ? [] : [extension('1.2.3', junk(more))]),
  ];
  return makeCertificate({
    subject,
    issuer: issuer.subject,
    spki: key.spki,
    signer: key,
    notBefore,
    notAfter,
    extensions,
  });
};
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

test('a signature as it should be costs little', () => {
  expect(cost(bundleItem(signedWith({ stamps: [{}] })))).toBeLessThan(maxCpu);
});

test('certificates that pretend to be of the CA', () => {
  const certificate = certificateFor(usual, makeSigner(), {
    issuer: { key: makeKey('p384') },
    extensions: [extension('1.2.3', junk(8000))],
  });
  const chain = many(31, () => posing(ca.root, 8000));
  expect(cost(bundleItem(signedWith({ certificate }), { chain }))).toBeLessThan(maxCpu);
});

test('certificates in time stamps that pretend to be of the authority', () => {
  const forger = makeTimestampAuthority({ notBefore, notAfter });
  const certificates = [forger.leaf, ...many(20, () => posing(timestampAuthority.root, 1000))];
  for (const count of [8, 32]) {
    const stamps = many(count, () => ({
      by: forger,
      certificates,
      signer: { issuer: timestampAuthority.leaf.issuer },
    }));
    expect(cost(bundleItem(signedWith({ stamps })))).toBeLessThan(maxCpu);
  }
});

test.each([8, 32])('%d time stamps of junk', (count) => {
  const shapes = [
    sequence(junk(60_000)),
    sequence(sequence(octets(junk(60_000)))),
    many(90, () => 0).reduce<Buffer>((inner) => sequence(inner), setOf(junk(50_000))),
    Buffer.alloc(60_000, 0x30),
  ];
  for (const shape of shapes) {
    const signed = { ...signedWith(), stamps: many(count, () => shape) };
    expect(cost(bundleItem(signed))).toBeLessThan(maxCpu);
  }
});

test('a checkpoint with many signatures under the name of the log', () => {
  const { host, logId } = usual.rekor1;
  const linesBefore = many(150, () => noteLine(host, logId, randomBytes(72)));
  expect(cost(bundleItem(signedWith({ record: { checkpoint: { linesBefore } } })))).toBeLessThan(maxCpu);
});

test('keys that are slow to verify with', () => {
  const jwk = (bits: number, exponent: number) => {
    const modulus = randomBytes(bits / 8);
    modulus[0] = 0xff;
    modulus[modulus.length - 1] = 0xff;
    const e = randomBytes(exponent / 8);
    e[0] = 0x7f;
    e[e.length - 1] = 0xff;
    return createPublicKey({
      key: { kty: 'RSA', n: modulus.toString('base64url'), e: e.toString('base64url') },
      format: 'jwk',
    });
  };
  for (const [bits, exponent] of [
    [3072, 3072],
    [8192, 64],
    [8192, 8192],
    [16384, 64],
  ] as const) {
    const spki = jwk(bits, exponent).export({ format: 'der', type: 'spki' });
    const certificate = certificateFor(usual, { ...makeSigner(), der: spki });
    const signature = () => Buffer.concat([Buffer.from([1]), randomBytes(bits / 8 - 1)]);
    expect(cost(bundleItem(signedWith({ certificate, signature })))).toBeLessThan(maxCpu);
  }
});
