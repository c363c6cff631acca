import { ask, reasonOf } from '../../test/fixtures/ask.ts';
import { cosignItem, dsseItem, makeImage, messageItem, payloadOf, statementOf } from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { type KeyType, makeSigner, type TestSigner, type Way } from '../../test/fixtures/signers.ts';
import type { KeysAttestor } from '../policy/policy.ts';
import type { AttachedItem } from '../registry/registry.ts';

const image = makeImage();
const payload = payloadOf(image);
const statement = statementOf(image);

const makeOfEach = (): Readonly<Record<KeyType, TestSigner>> => ({
  p256: makeSigner('p256'),
  p384: makeSigner('p384'),
  p521: makeSigner('p521'),
  rsa: makeSigner('rsa'),
  ed25519: makeSigner('ed25519'),
});
const signers = makeOfEach();
const others = makeOfEach();
const rsa3072 = makeSigner('rsa', 3072);

type Parts = { readonly way?: Way; readonly signature?: Uint8Array };
const formats: Readonly<Record<string, (signer: TestSigner, parts?: Parts) => AttachedItem>> = {
  payload: (signer, parts) => cosignItem(payload, signer, parts),
  DSSE: (signer, parts) => dsseItem(statement, signer, parts),
  manifest: (signer, parts) => messageItem(image, signer, parts),
};

function asked(
  signer: TestSigner,
  item: AttachedItem,
  signatureAlgorithm: KeysAttestor['signatureAlgorithm'] = 'sha256',
) {
  return reasonOf(ask(entryOf([setOf([keysOf(signer, { signatureAlgorithm })])]), image, [item]));
}

const ways: readonly (readonly [string, TestSigner, Way])[] = [
  ['P-256 with SHA-256', signers.p256, {}],
  ['P-384 with SHA-384, as cosign signs', signers.p384, {}],
  ['P-384 with SHA-256', signers.p384, { hash: 'sha256' }],
  ['P-521 with SHA-512, as cosign signs', signers.p521, {}],
  ['P-521 with SHA-256', signers.p521, { hash: 'sha256' }],
  ['RSA 2048 PKCS #1 v1.5', signers.rsa, {}],
  ['RSA 3072 PKCS #1 v1.5', rsa3072, {}],
  ['RSA-PSS', signers.rsa, { padding: 'pss' }],
  ['Ed25519ph, as cosign signs', signers.ed25519, {}],
  ['Ed25519', signers.ed25519, { ed25519: 'pure' }],
];

describe.each(Object.keys(formats))('%s', (format) => {
  const make = (signer: TestSigner, parts?: Parts) => {
    const item = formats[format]?.(signer, parts);
    if (item === undefined) throw new Error(format);
    return item;
  };

  test.each(ways)('%s verifies; by another key it does not', (_, signer, way) => {
    expect(asked(signer, make(signer, { way }))).toBe('pass');
    expect(asked(others[signer.type], make(signer, { way }))).toBe('signature-mismatch');
  });

  test.each(Object.values(signers))(
    'a signature of $type over other bytes, and none at all, do not verify',
    (signer) => {
      expect(asked(signer, make(signer, { signature: signer.sign(Buffer.from('other bytes')) }))).toBe(
        'signature-mismatch',
      );
      expect(asked(signer, make(signer, { signature: Buffer.alloc(64) }))).toBe('signature-mismatch');
    },
  );

  test.each([
    [signers.p256, { hash: 'sha384' }],
    [signers.p256, { hash: 'sha512' }],
    [signers.p384, { hash: 'sha512' }],
    [signers.rsa, { hash: 'sha512' }],
    [signers.rsa, { hash: 'sha512', padding: 'pss' }],
  ] as const)('a hash that is none of the key’s takes a signatureAlgorithm that names it ($1)', (signer, way) => {
    expect(asked(signer, make(signer, { way }))).toBe('signature-mismatch');
    expect(asked(signer, make(signer, { way }), way.hash)).toBe('pass');
  });

  test('a signatureAlgorithm other than the default pins', () => {
    expect(asked(signers.p384, make(signers.p384), 'sha384')).toBe('pass');
    expect(asked(signers.p384, make(signers.p384, { way: { hash: 'sha256' } }), 'sha384')).toBe('signature-mismatch');
    expect(asked(signers.p256, make(signers.p256, { way: { hash: 'sha224' } }), 'sha224')).toBe('pass');
  });
});

test('one key pinned in two ways is tried in both', () => {
  const { p384 } = signers;
  const attestors = [keysOf(p384, { signatureAlgorithm: 'sha512' }), keysOf(p384, { signatureAlgorithm: 'sha384' })];
  const outcome = ask(entryOf([setOf(attestors)]), image, [cosignItem(payload, p384)]);
  expect(outcome.attestors[0]?.children?.map((child) => child.pass)).toEqual([false, true]);
});

test('a signature in one format is none in another', () => {
  const { p256 } = signers;
  expect(asked(p256, cosignItem(payload, p256, { signature: p256.sign(statement) }))).toBe('signature-mismatch');
  expect(asked(p256, dsseItem(statement, p256, { signature: p256.sign(statement) }))).toBe('signature-mismatch');
  expect(asked(p256, messageItem(image, p256, { signature: p256.sign(payload) }))).toBe('signature-mismatch');
});

test('a message signature over the manifest that names another digest is for another image', () => {
  const item = messageItem(image, signers.p256, { digest: Buffer.alloc(32) });
  expect(asked(signers.p256, item)).toBe('other-image');
});
