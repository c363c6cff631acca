import { generateKeyPairSync } from 'node:crypto';
import { keyA, keyB } from '../testing/policies.ts';
import { parseKeyAddress } from './key-address.ts';
import { keyIdentity, parsePublicKeys } from './keys.ts';

test('PEM blocks in order, with comments and white space around them', () => {
  expect(parsePublicKeys(`\n# ours\n${keyA}\n\n  # theirs\n${keyB}\n`)).toEqual({
    publicKeys: [keyA.trim(), keyB.trim()],
  });
});

test.each([
  ['keys without a line between them', () => keyA.trim() + keyB.trim(), { publicKeys: 2 }],
  ['Windows line ends', () => keyA.replaceAll('\n', '\r\n'), { publicKeys: 1 }],
])('%s are read', (_, text, { publicKeys }) => {
  const parsed = parsePublicKeys(text());
  expect('publicKeys' in parsed && parsed.publicKeys).toHaveLength(publicKeys);
});

test.each<[string, () => string, RegExp]>([
  ['text between blocks', () => `${keyA}\nand\n${keyB}`, /it holds text beside the PEM blocks: "and"/],
  [
    'a block that is cut short',
    () => `${keyA}\n${keyB.slice(0, 60)}`,
    /it holds text beside the PEM blocks: "-----BEGIN/,
  ],
  ['a block that is no key', () => keyA.replace(/M[A-Za-z0-9]{10}/, 'M'), /block 1 does not parse/],
  [
    'a second block that is no key',
    () => `${keyA}\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----`,
    /block 2 does/,
  ],
  ['a private key', privateKey, /block 1 is a PRIVATE KEY: write a PUBLIC KEY/],
  [
    'an EC key',
    () => '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----',
    /is an EC PRIVATE KEY: write/,
  ],
  ['a certificate', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /is a CERTIFICATE/],
  ['no block', () => 'cosign.pub', /no PEM block/],
])('%s is a problem', (_, text, message) => {
  const parsed = parsePublicKeys(text());
  expect('problem' in parsed ? parsed.problem : '').toMatch(message);
});

function privateKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

test('an address is told from keys', () => {
  expect(parseKeyAddress('k8s://ns/secret')).toEqual({ notBuilt: 'keys in a Secret, k8s://' });
  expect(parseKeyAddress(' AWSKMS:///alias/a')).toEqual({ problem: expect.stringContaining('is no key in AWS KMS') });
  expect(parseKeyAddress('constructor://a')).toEqual({ notBuilt: 'keys at an address, constructor://' });
  expect(parseKeyAddress(keyA)).toBeUndefined();
});

test("a key's identity does not depend on how its PEM is written", () => {
  const oneLine = keyA.replace(
    /-----\n([\s\S]*)\n-----END/,
    (_, body: string) => `-----\n${body.replaceAll('\n', '')}\n-----END`,
  );
  expect(keyIdentity(oneLine)).toBe(keyIdentity(keyA));
  expect(keyIdentity(keyB)).not.toBe(keyIdentity(keyA));
});
