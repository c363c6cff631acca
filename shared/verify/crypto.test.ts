import { createPublicKey } from 'node:crypto';
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { digestOf, isSignedBy } from './crypto.ts';

/** RFC 8032 section 7.3, "TEST abc". */
const seed = Buffer.from('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42', 'hex');
const raw = Buffer.from('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf', 'hex');
const signature = Buffer.from(
  '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41' +
    '31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  'hex',
);
const abc = Buffer.from('abc');

function isBy(publicKey: Uint8Array, message: Uint8Array, signed: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return isSignedBy(message, signed, key, { type: 'ed25519', raw: publicKey });
}

test('Ed25519ph is that of RFC 8032', () => {
  expect(isBy(raw, abc, signature)).toBe(true);
  expect(isBy(raw, Buffer.from('abd'), signature)).toBe(false);
  for (let at = 0; at < signature.length; at += 1) {
    const other = Buffer.from(signature);
    other[at] = (other[at] ?? 0) ^ 1;
    expect(isBy(raw, abc, other)).toBe(false);
  }
});

test('it says what the whole of @noble/curves says, of any message', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 300 }),
      (secret, message) => {
        const signed = ed25519ph.sign(message, secret);
        const by = ed25519ph.getPublicKey(secret);
        expect(isBy(by, message, signed)).toBe(true);
        expect(isBy(by, Uint8Array.from([...message, 0]), signed)).toBe(false);
        expect(isBy(raw, message, signed)).toBe(false);
      },
    ),
    { numRuns: 20 },
  );
});

test('a signature over the digest, and one of another domain, are none over the message', () => {
  expect(isBy(raw, abc, ed25519.sign(digestOf('sha512', abc), seed))).toBe(false);
  expect(isBy(raw, abc, ed25519ph.sign(digestOf('sha512', abc), seed))).toBe(false);
  expect(isBy(raw, abc, ed25519ph.sign(abc, seed, { context: Buffer.from('x') }))).toBe(false);
  expect(isBy(raw, abc, ed25519.sign(abc, seed))).toBe(true);
});

test('a key of small order signs nothing', () => {
  const identity = Buffer.alloc(32);
  identity[0] = 1;
  expect(isBy(identity, abc, Buffer.concat([identity, Buffer.alloc(32)]))).toBe(false);
});

test('a message is hashed once, however many signatures and keys are tried on it', () => {
  const message = Buffer.alloc(1024, 'x');
  const by = [seed, Buffer.alloc(32, 1)].map((secret) => ({
    key: ed25519ph.getPublicKey(secret),
    signed: ed25519ph.sign(message, secret),
  }));
  expect(digestOf('sha512', message)).toBe(digestOf('sha512', message));
  expect(digestOf('sha256', message)).not.toEqual(digestOf('sha512', message));
  // Nobody changes what was signed. Here the bytes are wiped, so that whoever read them again would see it.
  message.fill(0);
  for (const { key, signed } of by) expect(isBy(key, message, signed)).toBe(true);
});
