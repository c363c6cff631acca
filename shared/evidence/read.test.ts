import {
  bundleV01,
  bundleV03,
  cosignItem,
  cosignSign,
  digestOf,
  dsseItem,
  type ItemOptions,
  inToto,
  makeImage,
  makeItem,
  messageItem,
  payloadOf,
  repository,
  simpleSigning,
  slsaProvenance,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { makeLog } from '../../test/fixtures/log.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { readEvidence } from './read.ts';

const signer = makeSigner();
const image = makeImage();
const other = makeImage('other');
const json = (item: AttachedItem) => JSON.parse(Buffer.from(item.bytes).toString());

/** What one item is read as: the evidence, or why it is none. */
function readOne(item: AttachedItem) {
  const { evidence, rejected } = readEvidence([item]);
  return evidence[0] ?? rejected[0]?.message;
}

const reSigned = (payload: unknown, options: ItemOptions = {}) =>
  makeItem(simpleSigning, Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)), {
    annotations: { 'dev.cosignproject.cosign/signature': 'AAAA' },
    ...options,
  });

describe('simple signing', () => {
  test('is read with its claim, wherever it was found', () => {
    const payload = payloadOf(image, { env: 'prod' });
    for (const source of ['sig-tag', 'referrer'] as const) {
      expect(readOne({ ...cosignItem(payload, signer), source })).toMatchObject({
        kind: 'cosign-signature',
        repository,
        claims: [{ digest: image.digest, annotations: { env: 'prod' } }],
        signed: { material: { logEntries: [] } },
      });
    }
  });

  test('is read as Go reads it: fields in any case, and the last of equal ones', () => {
    const spelled = `{"Critical":{"Identity":{},"Image":{"Docker-manifest-digest":"${image.digest}"},"Type":"atomic container signature"},"Optional":null}`;
    expect(readOne(reSigned(spelled))).toMatchObject({ claims: [{ digest: image.digest, annotations: {} }] });
    const twice = payloadOf(image)
      .toString()
      .replace('"image":', `"image":{"docker-manifest-digest":"${other.digest}"},"image":`);
    expect(readOne(reSigned(twice))).toMatchObject({ claims: [{ digest: image.digest }] });
  });

  test('the log entry of its annotation is read as a promise', async () => {
    const log = await makeLog();
    const payload = payloadOf(image);
    const { annotation } = await log.record('hashedrekord 0.0.1', {
      message: payload,
      signature: Buffer.from('s'),
      signer,
    });
    expect(readOne(cosignItem(payload, signer, { log: annotation }))).toMatchObject({
      signed: {
        material: {
          logEntries: [{ kindVersion: { kind: 'hashedrekord', version: '0.0.1' }, inclusionProof: undefined }],
        },
      },
    });
  });

  const good = JSON.parse(payloadOf(image).toString());
  const critical = (changes: object) => ({ ...good, critical: { ...good.critical, ...changes } });
  // P3 (CVE-2026-39395): a payload that does not parse is no success.
  test.each([
    ['cut short', payloadOf(image).toString().slice(0, -4)],
    ['empty', ''],
    ['no JSON', 'signed'],
    ['an array', '[]'],
    ['null', 'null'],
    ['with a byte order mark', `\ufeff${payloadOf(image).toString()}`],
    ['without critical', { optional: {} }],
    ['of a type that is no text', critical({ type: 7 })],
    ['of several types', critical({ type: ['cosign container image signature'] })],
    ['without image', critical({ image: undefined })],
    ['with no digest', critical({ image: { 'docker-manifest-digest': 'sha256:abc' } })],
    [
      'with the digest spelled twice',
      critical({ image: { 'docker-manifest-digest': image.digest, 'Docker-manifest-digest': other.digest } }),
    ],
    ['with optional as text', { ...good, optional: 'env=prod' }],
    ['too deep', `{"critical":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('a payload %s is rejected', (_, payload) => {
    expect(typeof readOne(reSigned(payload))).toBe('string');
  });

  test.each([
    ['of Tekton Chains', 'Tekton container signature'],
    ['of old cosign', 'cosign container signature'],
    ['left out', undefined],
    ['null', null],
  ])('a type %s is as good as any: the digest says what is signed', (_, type) => {
    const claimed = { claims: [{ digest: image.digest, annotations: {} }] };
    expect(readOne(reSigned(critical({ type })))).toMatchObject(claimed);
  });

  test('what is signed may be nested 64 deep and no deeper', () => {
    const nested = (depth: number) => ({
      ...good,
      optional: JSON.parse(`{"a":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}`),
    });
    expect(readOne(reSigned(nested(64)))).toMatchObject({ kind: 'cosign-signature' });
    expect(readOne(reSigned(nested(65)))).toBe('the payload is nested over 64 deep');
    expect(readOne(reSigned({ ...good, optional: { a: '[{"'.repeat(100) } }))).toMatchObject({
      kind: 'cosign-signature',
    });
  });

  test('a payload that is not UTF-8 is rejected', () => {
    const bytes = Buffer.concat([
      payloadOf(image).subarray(0, -1),
      Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]);
    expect(readOne({ ...reSigned('{}'), bytes })).toBe('the payload is not UTF-8');
  });

  const sig = 'dev.cosignproject.cosign/signature';
  const bundle = 'dev.sigstore.cosign/bundle';
  test('an empty log entry is none', () => {
    const empty = reSigned(good, { annotations: { [sig]: 'AAAA', [bundle]: '' } });
    expect(readOne(empty)).toMatchObject({ signed: { material: { logEntries: [] } } });
  });

  test.each([
    ['no signature', {}],
    ['an empty signature', { [sig]: '' }],
    ['a signature that is not base64', { [sig]: 'AA*A' }],
    ['a signature in base64url', { [sig]: '__-_' }],
    ['a log entry that is not JSON', { [sig]: 'AAAA', [bundle]: '{' }],
    ['a log entry without payload', { [sig]: 'AAAA', [bundle]: '{"SignedEntryTimestamp":"AAAA"}' }],
    [
      'a log entry without body',
      { [sig]: 'AAAA', [bundle]: '{"SignedEntryTimestamp":"AAAA","Payload":{"logID":"00"}}' },
    ],
  ])('annotations with %s are rejected', (_, annotations) => {
    expect(typeof readOne(reSigned(good, { annotations }))).toBe('string');
    expect(readOne(reSigned(good))).toMatchObject({ kind: 'cosign-signature' });
  });

  test('another layer under the .sig tag is rejected, elsewhere it is no evidence', () => {
    expect(typeof readOne(makeItem('application/spdx+json', {}, { source: 'sig-tag' }))).toBe('string');
    expect(readOne(makeItem('application/spdx+json', {}))).toBeUndefined();
  });
});

describe('bundles', () => {
  const statement = statementOf(image, { annotations: { env: 'prod' } });

  test('a statement of type cosign/sign/v1 is a signature, with the annotations of its subject', () => {
    expect(readOne(dsseItem(statement, signer))).toMatchObject({
      kind: 'sigstore-bundle',
      signed: { format: 'dsse', payloadType: inToto },
      claims: [{ digest: image.digest, annotations: { env: 'prod' } }],
    });
  });

  test.each([
    'application/vnd.dev.sigstore.bundle+json;version=0.1',
    'application/vnd.dev.sigstore.bundle+json;version=0.2',
    'application/vnd.dev.sigstore.bundle+json;version=0.3',
    'application/vnd.dev.sigstore.bundle.v0.3+json',
  ])('%s is read', (mediaType) => {
    expect(readOne(dsseItem(statement, signer, { mediaType }))).toMatchObject({ kind: 'sigstore-bundle' });
  });

  test('both versions of the statement are read', () => {
    const old = statement.toString().replace('Statement/v1', 'Statement/v0.1');
    expect(readOne(dsseItem(Buffer.from(old), signer))).toMatchObject({ kind: 'sigstore-bundle' });
  });

  test('a message signature is a signature', () => {
    expect(readOne(messageItem(image, signer))).toMatchObject({
      kind: 'sigstore-bundle',
      signed: { format: 'manifest', hash: 'sha256' },
    });
  });

  // The trap of cosign 3, whose `verify` takes any bundle for a signature (P2, CVE-2022-35930).
  test('a statement of any other type is an attestation', () => {
    for (const predicateType of [slsaProvenance, `${cosignSign}/`, cosignSign.toUpperCase(), 'x']) {
      const item = dsseItem(statementOf(image, { predicateType }), signer);
      expect(readOne(item)).toMatchObject({ kind: 'attestation', predicateType });
    }
  });

  const withPredicate = (predicateType: string, predicate: string) =>
    Buffer.from(statementOf(image, { predicateType }).toString().replace('"predicate":{}', `"predicate":${predicate}`));

  test('an SBOM of a million values is an attestation, and is not parsed', () => {
    const predicate = `[${'{},'.repeat(1_000_000)}{}]`;
    const sbom = dsseItem(withPredicate('https://cyclonedx.org/bom', predicate), signer);
    expect(readOne(sbom)).toMatchObject({ kind: 'attestation', predicateType: 'https://cyclonedx.org/bom' });
    // A signature is read as a whole, so that nothing passes that does not parse; it has no need to be large.
    const values = (count: number) => `[${'{},'.repeat(count)}{}]`;
    expect(readOne(dsseItem(withPredicate(cosignSign, values(110_000)), signer))).toBe(
      'the statement holds over 100000 values',
    );
    expect(readOne(dsseItem(withPredicate(cosignSign, predicate), signer))).toBe(
      "a signature's statement is over 1048576 bytes",
    );
    expect(readOne(dsseItem(withPredicate(cosignSign, values(20_000)), signer))).toMatchObject({
      kind: 'sigstore-bundle',
    });
    expect(readOne(dsseItem(withPredicate(cosignSign, '{]'), signer))).toBe('the statement is not JSON');
    expect(readOne(dsseItem(withPredicate(cosignSign, '{}'), signer))).toMatchObject({ kind: 'sigstore-bundle' });
  });

  test('the statement of an attestation is kept where its predicate type is asked for, and nowhere else', () => {
    const stated = statementOf(image, { predicateType: slsaProvenance });
    const inBundle = dsseItem(stated, signer);
    const bare = makeItem('application/vnd.dsse.envelope.v1+json', json(inBundle).dsseEnvelope);
    for (const item of [inBundle, bare]) {
      const [kept] = readEvidence([item], (predicateType) => predicateType === slsaProvenance).evidence;
      expect(kept).toMatchObject({
        kind: 'attestation',
        stated: { signed: { format: 'dsse', payload: stated }, claims: [{ digest: image.digest }] },
      });
      const [left] = readEvidence([item]).evidence;
      expect(left).toMatchObject({ kind: 'attestation', hash: kept?.hash, stated: undefined });
      expect(readEvidence([item], () => false).evidence).toEqual([left]);
    }
  });

  test('a bundle of more values than any has is not parsed', () => {
    const bundle = (values: number) => ({ ...json(dsseItem(statement, signer)), more: Array(values).fill(0) });
    expect(readOne(makeItem(bundleV03, bundle(9000)))).toMatchObject({ kind: 'sigstore-bundle' });
    expect(readOne(makeItem(bundleV03, bundle(10_000)))).toBe('the bundle holds over 10000 values');
  });

  test('an envelope outside a bundle is an attestation, whatever it says it is', () => {
    const envelope = json(dsseItem(statement, signer)).dsseEnvelope;
    expect(readOne(makeItem('application/vnd.dsse.envelope.v1+json', envelope))).toMatchObject({ kind: 'attestation' });
  });

  test('the layer decides what it is, not what the manifest says', () => {
    const item = dsseItem(statement, signer);
    expect(readOne({ ...item, artifactType: 'application/vnd.oci.empty.v1+json' })).toMatchObject({
      kind: 'sigstore-bundle',
    });
  });

  test('a certificate chain in v0.3, which cosign 3 writes, is read over', () => {
    const material = { x509CertificateChain: { certificates: [{ rawBytes: 'AAAA' }] } };
    expect(readOne(dsseItem(statement, signer, { material }))).toMatchObject({ kind: 'sigstore-bundle' });
  });

  test('every subject and digest is claimed; foreign algorithms are not', () => {
    const { subject, ...rest } = JSON.parse(statement.toString());
    const two = {
      ...rest,
      subject: [...subject, { digest: { sha1: 'ab', sha512: 'ef'.repeat(64), sha256: 'cd'.repeat(32) } }],
    };
    expect(readOne(dsseItem(Buffer.from(JSON.stringify(two)), signer))).toMatchObject({
      claims: [
        { digest: image.digest },
        { digest: `sha512:${'ef'.repeat(64)}` },
        { digest: `sha256:${'cd'.repeat(32)}` },
      ],
    });
  });

  const bundle = json(dsseItem(statement, signer));
  const envelope = (changes: object) => ({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, ...changes } });
  const stated = (changes: object) =>
    envelope({
      payload: Buffer.from(JSON.stringify({ ...JSON.parse(statement.toString()), ...changes })).toString('base64'),
    });
  const entry = { logId: { keyId: 'AAAA' }, kindVersion: { kind: 'x', version: '1' } };
  const proved = { ...entry, inclusionProof: { checkpoint: { envelope: 'x' } } };
  const entries = (count: number) => ({
    ...bundle,
    verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: Array(count).fill(proved) },
  });
  const subject = { digest: { sha256: 'ab'.repeat(32) } };
  test.each([
    ['of no version', { ...bundle, mediaType: undefined }],
    ['of an unknown version', { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle.v0.9+json' }],
    ['without material', { ...bundle, verificationMaterial: undefined }],
    ['without content', { ...bundle, dsseEnvelope: undefined }],
    ['with two contents', { ...bundle, messageSignature: json(messageItem(image, signer)).messageSignature }],
    ['of another payload type', envelope({ payloadType: 'application/json' })],
    ['without signature', envelope({ signatures: [] })],
    ['with an empty signature', envelope({ signatures: [{ sig: '' }] })],
    ['with two signatures', envelope({ signatures: [{ sig: 'AAAA' }, { sig: 'AAAA' }] })],
    ['with 33 signatures', envelope({ signatures: Array(33).fill({ sig: 'AAAA' }) })],
    ['with a signature that is not base64', envelope({ signatures: [{ sig: '*' }] })],
    ['with a payload that is not base64', envelope({ payload: `${bundle.dsseEnvelope.payload} ` })],
    ['with a statement cut short', envelope({ payload: statement.subarray(0, -3).toString('base64') })],
    ['with a statement of no type', stated({ _type: undefined })],
    ['with a statement of another type', stated({ _type: 'https://in-toto.io/Statement/v2' })],
    ['without predicate type', stated({ predicateType: undefined })],
    ['without subjects', stated({ subject: undefined })],
    ['with a subject without digest', stated({ subject: [{ name: 'x' }] })],
    ['with annotations as text', stated({ subject: [{ ...subject, annotations: 'x' }] })],
    ['with 10,001 subjects', stated({ subject: Array(10_001).fill(subject) })],
    [
      'with 33 digests',
      stated({ subject: [{ digest: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [n, 'x'])) }] }),
    ],
    ['with 33 log entries', entries(33)],
    [
      'with a log entry without proof',
      { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [entry] } },
    ],
    [
      'of v0.1 with a log entry without promise',
      {
        ...bundle,
        mediaType: bundleV01,
        verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [entry] },
      },
    ],
    [
      'with a log entry that is null',
      { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [null] } },
    ],
  ])('a bundle %s is rejected', (_, content) => {
    expect(typeof readOne(makeItem(bundleV03, content))).toBe('string');
  });

  test('10,000 subjects and 32 log entries are read', () => {
    expect(readOne(makeItem(bundleV03, entries(32)))).toMatchObject({ kind: 'sigstore-bundle' });
    expect(readOne(makeItem(bundleV03, stated({ subject: Array(10_000).fill(subject) })))).toMatchObject({
      kind: 'sigstore-bundle',
    });
  });

  test('a message digest of another hash is rejected', () => {
    const message = json(messageItem(image, signer));
    message.messageSignature.messageDigest.algorithm = 'SHA3_256';
    expect(typeof readOne(makeItem(bundleV03, message))).toBe('string');
  });
});

test('a broken item spoils none of the others', () => {
  const broken = makeItem(bundleV03, Buffer.from('{'));
  const another = makeItem(bundleV03, Buffer.from('['));
  const { evidence, rejected } = readEvidence([broken, cosignItem(payloadOf(image), signer), another]);
  expect(evidence).toHaveLength(1);
  expect(rejected).toHaveLength(2);
});

test('a layer that many manifests hold is read once', () => {
  const item = cosignItem(payloadOf(image), signer);
  let looks = 0;
  const held = Array.from({ length: 50 }, (_, index) => ({
    ...item,
    manifest: digestOf(Buffer.from(`manifest ${index}`)),
    get bytes() {
      looks += 1;
      return item.bytes;
    },
  }));
  const once = readEvidence(held.slice(0, 1));
  const looksAtOne = looks;
  expect(readEvidence(held)).toEqual(once);
  expect(looks).toBe(2 * looksAtOne);
});

test('layers that differ in bytes, type, annotations or place are read each', () => {
  const item = cosignItem(payloadOf(image), signer);
  const others = [
    cosignItem(payloadOf(image), makeSigner()),
    cosignItem(payloadOf(other), signer),
    { ...item, repository: { ...repository, path: 'team/other' } },
  ];
  expect(readEvidence([item, ...others]).evidence).toHaveLength(4);
  const { evidence, rejected } = readEvidence([item, { ...item, layer: { ...item.layer, mediaType: bundleV03 } }]);
  expect([evidence.length, rejected.length]).toEqual([1, 1]);
});

test('the hash is of the bytes that decide', () => {
  const signature = Buffer.from('signature');
  const hash = (item: AttachedItem) => readEvidence([item]).evidence[0]?.hash;
  const payload = payloadOf(image);
  const first = hash(cosignItem(payload, signer, { signature }));
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(hash({ ...cosignItem(payload, signer, { signature }), source: 'referrer' })).toBe(first);
  expect(hash(cosignItem(payload, signer, { signature: Buffer.from('another') }))).not.toBe(first);
  expect(hash(cosignItem(payloadOf(other), signer, { signature }))).not.toBe(first);
});
