import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { selfSigned } from '../local/tls.ts';
import { folderWith } from '../test/e2e/processes.ts';
import { readArguments } from './arguments.ts';
import { tlsFrom } from './tls.ts';

const passphrase = { cipher: 'aes-256-cbc', passphrase: 'word' };
let mine: Awaited<ReturnType<typeof selfSigned>>;
let other: typeof mine;
let files: Readonly<Record<string, string | Uint8Array>>;

beforeAll(async () => {
  mine = await selfSigned();
  other = await selfSigned();
  const key = createPrivateKey(mine.keyPem);
  files = {
    'cert.pem': mine.certPem,
    'key.pem': mine.keyPem,
    'chain.pem': mine.certPem + other.certPem,
    'wrong-order.pem': other.certPem + mine.certPem,
    'both.pem': `a comment\n${mine.keyPem}${mine.certPem}`,
    'other-key.pem': other.keyPem,
    'sec1.pem': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${key.export({ type: 'sec1', format: 'pem' })}`,
    'cert.der': new X509Certificate(mine.certPem).raw,
    'key.der': key.export({ type: 'pkcs8', format: 'der' }),
    'public.pem': createPublicKey(key).export({ type: 'spki', format: 'pem' }),
    'encrypted.pem': key.export({ type: 'pkcs8', format: 'pem', ...passphrase }),
    'encrypted-sec1.pem': key.export({ type: 'sec1', format: 'pem', ...passphrase }),
    'broken-cert.pem': mine.certPem.replace(/\n.{64}\n/, '\n'),
    'broken-key.pem': mine.keyPem.replace(/\n.{64}\n/, '\n'),
    'broken-chain.pem': mine.certPem + other.certPem.replace(/\n.{64}\n/, '\n'),
    'large.pem': ' '.repeat(1024 * 1024 + 1),
    'empty.pem': '',
  };
});

async function tls(cert: string, key: string) {
  await using folder = await folderWith(files);
  const words = ['--tls-cert', join(folder.path, cert), '--tls-key', join(folder.path, key)];
  return await tlsFrom(
    readArguments(words, { single: ['tls-cert', 'tls-key'], several: [], bare: 'taken' }),
    'localhost',
  );
}

test.each([
  ['cert.pem', 'key.pem'],
  ['cert.pem', 'sec1.pem'],
  ['chain.pem', 'key.pem'],
  ['both.pem', 'both.pem'],
])('%s with %s is served', async (cert, key) => {
  expect(await tls(cert, key)).toEqual({ certPem: files[cert], keyPem: files[key] });
});

test.each<[string, string, RegExp]>([
  ['key.pem', 'cert.pem', /^--tls-cert: \S+key\.pem holds no certificate in PEM, but a PRIVATE KEY$/],
  ['cert.pem', 'cert.pem', /^--tls-key: \S+cert\.pem holds no private key in PEM, but a CERTIFICATE$/],
  [
    'cert.der',
    'key.pem',
    /^--tls-cert: \S+cert\.der holds no certificate in PEM \(a file in DER has to be converted\)$/,
  ],
  ['cert.pem', 'key.der', /^--tls-key: \S+key\.der holds no private key in PEM \(a file in DER/],
  ['empty.pem', 'key.pem', /^--tls-cert: \S+empty\.pem holds no certificate in PEM/],
  ['cert.pem', 'public.pem', /^--tls-key: \S+public\.pem holds no private key in PEM, but a PUBLIC KEY$/],
  ['cert.pem', 'encrypted.pem', /^--tls-key: \S+encrypted\.pem is encrypted/],
  ['cert.pem', 'encrypted-sec1.pem', /^--tls-key: \S+encrypted-sec1\.pem is encrypted/],
  ['cert.pem', 'other-key.pem', /^--tls-key: \S+other-key\.pem does not belong to the certificate of --tls-cert/],
  ['wrong-order.pem', 'key.pem', /does not belong to the certificate of --tls-cert, the first in \S+wrong-order\.pem$/],
  [
    'broken-cert.pem',
    'key.pem',
    /^--tls-cert: \S+broken-cert\.pem cannot be read: its first certificate does not parse/,
  ],
  ['cert.pem', 'broken-key.pem', /^--tls-key: \S+broken-key\.pem cannot be read: its private key does not parse/],
  ['broken-chain.pem', 'key.pem', /^--tls-cert: \S+broken-chain\.pem with --tls-key \S+ cannot be used: /],
  ['large.pem', 'key.pem', /^--tls-cert: \S+large\.pem is larger than 1048576 bytes/],
  ['absent.pem', 'key.pem', /^--tls-cert: cannot read \S+absent\.pem/],
])('%s with %s is a wrong use, and what is wrong is said', async (cert, key, message) => {
  await expect(tls(cert, key)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(message) });
});
