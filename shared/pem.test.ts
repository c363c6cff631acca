import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { certificateIn, isPublicKeyBlock, publicKeyIn, readPem } from './pem.ts';
import { parsePublicKeys } from './policy/kyverno/keys.ts';
import { certA } from './policy/testing/certificates.ts';
import { parsePublicKey } from './trust/public-key.ts';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spki = publicKey.export({ format: 'pem', type: 'spki' }).toString();
const pkcs1 = publicKey.export({ format: 'pem', type: 'pkcs1' }).toString();

/** What a policy says of it when it is loaded, and what a check that is built of it says. */
function accepted(pem: string): readonly boolean[] {
  const loaded = 'publicKeys' in parsePublicKeys(pem);
  try {
    parsePublicKey(pem, 'keys');
    return [loaded, true];
  } catch {
    return [loaded, false];
  }
}

const body = (change: (text: string) => string) => {
  const [first = '', ...rest] = spki.split('\n');
  return `${first}\n${change(rest.slice(0, -2).join('\n'))}\n${rest.at(-2)}\n`;
};

describe('a key that loads is a key that verifies', () => {
  test.each([
    ['SubjectPublicKeyInfo', spki],
    ['PKCS #1', pkcs1],
    ['on one line', body((text) => text.replaceAll('\n', ''))],
    ['with Windows line ends', spki.replaceAll('\n', '\r\n')],
    ['with white space around it', `\n  ${spki}\n\n`],
  ])('%s', (_, pem) => {
    expect(accepted(pem)).toEqual([true, true]);
    expect(parsePublicKey(pem, 'keys').spki).toBe(parsePublicKey(spki, 'keys').spki);
  });

  test.each([
    ['with headers, as of an encrypted key', body((text) => `Proc-Type: 4,ENCRYPTED\n\n${text}`)],
    ['with a comment inside', body((text) => `# ours\n${text}`)],
    ['without its padding', body((text) => text.replace(/=*$/, '').slice(0, -1))],
    ['with text that is no base64', body((text) => text.replace('A', '*'))],
    ['in base64url', body((text) => `${text.slice(0, 8)}-_${text.slice(10)}`)],
    ['of the other encoding', pkcs1.replaceAll('RSA PUBLIC', 'PUBLIC')],
    ['that is a certificate', spki.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['that is empty', body(() => '')],
  ])('nor one %s', (_, pem) => {
    expect(accepted(pem)).toEqual([false, false]);
  });
});

test('blocks in their order, each whole, and what stands beside them', () => {
  const { blocks, rest } = readPem(`a\n${spki}b ${pkcs1}c`);
  expect(blocks.map(({ label, text }) => [label, text])).toEqual([
    ['PUBLIC KEY', spki.trim()],
    ['RSA PUBLIC KEY', pkcs1.trim()],
  ]);
  expect(rest).toBe('a\n\nb \nc');
});

test('only public keys are public keys', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [block] = readPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()).blocks;
  if (block === undefined) throw new Error('no block');
  expect(isPublicKeyBlock(block)).toBe(false);
  expect(publicKeyIn(block)).toBeUndefined();
  const [own] = readPem(spki).blocks;
  expect(own !== undefined && publicKeyIn(own)?.equals(createPublicKey(spki))).toBe(true);
  expect(publicKeyIn({ label: 'constructor', text: '', body: 'AAAA' })).toBeUndefined();
});

describe('a certificate', () => {
  const parse = (pem: string) => {
    const [block] = readPem(pem).blocks;
    return block && certificateIn(block);
  };
  const der = Buffer.from(readPem(certA).blocks[0]?.body ?? '', 'base64');
  const written = (bytes: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----`;

  test.each([
    ['as tools write it', certA],
    ['with Windows line ends', certA.replaceAll('\n', '\r\n')],
    ['on one line', written(der)],
  ])('%s is read', (_, pem) => {
    expect(parse(pem)?.raw.equals(der)).toBe(true);
  });

  test.each([
    ['that is cut', written(der.subarray(0, -1))],
    ['with bytes behind it', written(Buffer.concat([der, Buffer.of(0)]))],
    ['under another name', certA.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
    ['with a header', certA.replace('\n', '\nA: b\n\n')],
    ['that is a key', spki.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
  ])('%s is not', (_, pem) => {
    expect(parse(pem)).toBeUndefined();
  });
});

test('whatever a text is made of, a block is a BEGIN with the next END of its label', () => {
  const whole = /-----BEGIN ([^-\r\n]+)-----([\s\S]*?)-----END \1-----/g;
  const parts = [
    '-----BEGIN A-----',
    '-----END A-----',
    '-----BEGIN B',
    '-----END B',
    '-----',
    '-',
    'A',
    ' ',
    '\n',
    'B',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 14 }), (made) => {
      const text = made.join('');
      const blocks = [...text.matchAll(whole)].map(([all, label, body]) => ({ label, text: all, body }));
      expect(readPem(text)).toEqual({ blocks, rest: text.replace(whole, '') });
    }),
    { numRuns: 3000 },
  );
});

// Whoever attaches a signature writes such texts.
test.each([
  ['BEGINs of one label', () => '-----BEGIN A-----\n'],
  ['BEGINs of many labels', (index: number) => `-----BEGIN ${index}-----\n`],
  ['BEGINs that share dashes', () => '-----BEGIN A'],
  ['BEGINs with the END of another', () => '-----BEGIN A-----\n-----END B-----\n'],
  ['ENDs', () => '-----END A-----\n'],
])('a megabyte of %s is read at once', (_, make) => {
  const text = Array.from({ length: 60_000 }, (__, index) => make(index)).join('');
  const start = performance.now();
  expect(readPem(text)).toEqual({ blocks: [], rest: text });
  expect(performance.now() - start).toBeLessThan(1000);
});
