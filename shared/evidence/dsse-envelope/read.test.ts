import { createHash } from 'node:crypto';
import {
  attItem,
  cosignItem,
  cosignSign,
  dsseEnvelope,
  dsseItem,
  envelopeOf,
  type ItemOptions,
  makeImage,
  makeItem,
  paeOf,
  payloadOf,
  simpleSigning,
  slsaProvenance,
  statementOf,
} from '../../../test/fixtures/attached.ts';
import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { annotationKeys, attestedLayer } from '../../../test/fixtures/authority/signing.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import type { Attestation } from '../evidence.ts';
import { readEvidence } from '../read.ts';

const signer = makeSigner();
const image = makeImage();
const authority = makeAuthority();
const stating = statementOf(image, { predicateType: slsaProvenance });

/** What one item is read as, kept whatever it states; else why it is not. */
function readOne(item: AttachedItem): Attestation | string | undefined {
  const { evidence, rejected } = readEvidence([item], () => true);
  const [one] = evidence;
  if (one !== undefined && one.kind !== 'attestation') return one.kind;
  return one ?? rejected[0]?.message;
}
const kept = (item: AttachedItem) => {
  const one = readOne(item);
  if (typeof one !== 'object' || one.stated === undefined) throw new Error(`nothing is kept: ${String(one)}`);
  return one.stated;
};
const bare = (content: Uint8Array | object, options: ItemOptions = {}) =>
  makeItem(dsseEnvelope, content, { source: 'att-tag', ...options });

describe('an envelope', () => {
  test.each(['att-tag', 'referrer'] as const)('as %s is an attestation, with its statement', (source) => {
    const one = readOne(attItem(stating, signer, { source }));
    expect(one).toMatchObject({
      kind: 'attestation',
      predicateType: slsaProvenance,
      stated: {
        claims: [{ digest: image.digest, annotations: {} }],
        signed: {
          format: 'dsse',
          payload: stating,
          pae: paeOf(stating),
          material: { certificates: [], timestamps: [], logEntries: [] },
        },
      },
    });
  });

  test('carries what cosign keeps in annotations: certificates, the log entry and the time stamp', () => {
    const chain = authority.ca.chain;
    const item = attestedLayer(authority, image, { stamps: [{}], chain });
    const { material } = kept(item).signed;
    expect(material.certificates).toHaveLength(1 + chain.length);
    expect(material.timestamps).toHaveLength(1);
    expect(material.logEntries).toMatchObject([
      { kindVersion: { kind: 'dsse', version: '0.0.1' }, inclusionProof: undefined },
    ]);
  });

  test('is known by the hashes of its bytes, of which those are made that are asked for', () => {
    const hashes = (item: AttachedItem) => {
      const { signed } = kept(item);
      return signed.format === 'dsse' ? signed.envelope : undefined;
    };
    const hashOf = (name: string, { bytes }: AttachedItem) => createHash(name).update(bytes).digest();
    const plain = attItem(stating, signer);
    expect(hashes(plain)).toEqual({ sha256: hashOf('sha256', plain) });
    const sha512 = { ...plain.layer, digest: `sha512:${hashOf('sha512', plain).toString('hex')}` as never };
    expect(hashes({ ...plain, layer: sha512 })).toEqual({ sha256: hashOf('sha256', plain) });
    const stamped = attestedLayer(authority, image, { stamps: [{}] });
    expect(hashes(stamped)).toEqual({
      sha256: hashOf('sha256', stamped),
      sha384: hashOf('sha384', stamped),
      sha512: hashOf('sha512', stamped),
    });
    // Nobody knows the bytes of one in a bundle.
    expect(hashes(dsseItem(stating, signer))).toBeUndefined();
  });

  test('every subject is a claim, by SHA-256 and SHA-512', () => {
    const others = Array.from({ length: 999 }, (_, index) => makeImage(`${index}`));
    const about = statementOf(image, { predicateType: slsaProvenance, others });
    const { claims } = kept(attItem(about, signer));
    expect(claims.map(({ digest }) => digest)).toEqual([image, ...others].map(({ digest }) => digest));
    const long = { digest: `sha512:${'ab'.repeat(64)}` as never };
    expect(kept(attItem(statementOf(image, { predicateType: 'x', others: [long] }), signer)).claims).toHaveLength(2);
    const more = statementOf(image, { others: Array(10_000).fill(image), predicateType: 'x' });
    expect(readOne(attItem(more, signer))).toBe('the statement has over 10000 subjects');
  });

  test.each(['v0.1', 'v1'] as const)('a statement of %s is read', (statementVersion) => {
    const statement = statementOf(image, { predicateType: 'x', statementVersion });
    expect(readOne(attItem(statement, signer))).toMatchObject({ predicateType: 'x' });
  });

  test('says that it is a signature, and is none', () => {
    expect(readOne(attItem(statementOf(image), signer))).toMatchObject({ kind: 'attestation' });
    expect(readOne(attItem(statementOf(image), signer))).toMatchObject({ predicateType: cosignSign });
  });

  test('a hint decides nothing: what is stated does', () => {
    const lying = attItem(stating, signer, { annotations: { predicateType: 'https://cyclonedx.org/bom' } });
    expect(readOne(lying)).toMatchObject({ predicateType: slsaProvenance });
    const { evidence } = readEvidence([lying], (type) => type === 'https://cyclonedx.org/bom');
    expect(evidence).toMatchObject([{ predicateType: slsaProvenance, stated: undefined }]);
  });

  test('many of them side by side, one broken', () => {
    const items = ['a', 'b', 'c'].map((predicateType) => attItem(statementOf(image, { predicateType }), signer));
    const { evidence, rejected } = readEvidence([...items, bare(Buffer.from('"no envelope"')), ...items]);
    expect(evidence).toMatchObject([{ predicateType: 'a' }, { predicateType: 'b' }, { predicateType: 'c' }]);
    expect(rejected).toMatchObject([{ mayHold: 'attestations', message: 'the envelope is no JSON object' }]);
  });

  test('16 MiB of predicate are not parsed, and come in slices', () => {
    const large = `[${'{},'.repeat(4_000_000)}{}]`;
    const text = stating.toString().replace('"predicate":{}', `"predicate":${large}`);
    const item = attItem(Buffer.from(text), signer);
    expect(item.bytes.length).toBeGreaterThan(15 * 1024 * 1024);
    expect(readOne(item)).toMatchObject({ predicateType: slsaProvenance });
  });
});

describe('no envelope', () => {
  const json = (item: AttachedItem) => JSON.parse(Buffer.from(item.bytes).toString());
  const good = json(attItem(stating, signer));
  test.each<[string, object | string, string]>([
    ['text', 'hello', 'the envelope is no JSON object'],
    ['a list', [], 'the envelope is no JSON object'],
    ['a payload of another type', { ...good, payloadType: 'text/plain' }, 'the envelope holds no in-toto statement'],
    [
      'a payload type in other letters',
      { ...good, payloadType: 'application/vnd.in-toto+JSON' },
      'the envelope holds no in-toto statement',
    ],
    ['no payload', { ...good, payload: undefined }, "the envelope's payload is not base64"],
    ['a payload in base64url', { ...good, payload: '_-_-' }, "the envelope's payload is not base64"],
    ['no signatures', { ...good, signatures: [] }, "the envelope's signature is not base64"],
    [
      'signatures that are no list',
      { ...good, signatures: { 0: { sig: 'AAAA' } } },
      "the envelope's signature is not base64",
    ],
    [
      'too many signatures',
      { ...good, signatures: Array(33).fill({ sig: 'AAAA' }) },
      'the envelope has over 32 signatures',
    ],
    [
      'a signature of megabytes',
      { ...good, signatures: [{ sig: 'A'.repeat(1024 * 1024) }] },
      'a signature is no base64 of at most 16384 bytes',
    ],
    ['no statement', { ...good, payload: Buffer.from('{}').toString('base64') }, 'the payload is no in-toto statement'],
    ['too many values', { ...good, more: Array(10_001).fill(1) }, 'the envelope holds over 10000 values'],
  ])('%s', (_, content, message) => {
    expect(readOne(bare(typeof content === 'string' ? Buffer.from(JSON.stringify(content)) : content))).toBe(message);
    expect(readOne(bare(good))).toMatchObject({ kind: 'attestation' });
  });

  test.each([
    ['no subject', { subject: undefined }, 'the statement has no list of subjects'],
    ['a subject without digest', { subject: [{ name: 'app' }] }, 'a subject has no digest'],
    ['no predicate type', { predicateType: undefined }, 'the statement has no predicate type'],
    ['an empty one', { predicateType: '' }, 'the statement has no predicate type'],
    ['another type', { _type: 'https://in-toto.io/Statement/v2' }, 'the payload is no in-toto statement'],
  ])('a statement with %s', (_, changes, message) => {
    const statement = Buffer.from(JSON.stringify({ ...JSON.parse(stating.toString()), ...changes }));
    expect(readOne(attItem(statement, signer))).toBe(message);
  });

  test.each([
    ['a log entry that is no JSON', { [annotationKeys.bundle]: '{' }],
    ['a time stamp that is no base64', { [annotationKeys.timestamp]: '{"SignedRFC3161Timestamp":"*"}' }],
    ['too many certificates', { [annotationKeys.certificate]: authority.ca.root.pem.repeat(11) }],
  ])('annotations with %s', (_, annotations) => {
    expect(typeof readOne(attItem(stating, signer, { annotations }))).toBe('string');
    const empty = Object.fromEntries(Object.keys(annotations).map((name) => [name, '']));
    expect(readOne(attItem(stating, signer, { annotations: empty }))).toMatchObject({ kind: 'attestation' });
  });
});

describe('where it is found', () => {
  test('what is under the `.att` tag is never a signature', () => {
    const signature = cosignItem(payloadOf(image), signer);
    expect(readOne(signature)).toBe('cosign-signature');
    expect(readOne({ ...signature, source: 'att-tag' })).toBe('a layer under the .att tag is no envelope');
    const inBundle = dsseItem(statementOf(image), signer);
    expect(readOne(inBundle)).toBe('sigstore-bundle');
    expect(readOne({ ...inBundle, source: 'att-tag' })).toBe('a layer under the .att tag is no envelope');
    expect(readOne(makeItem('text/spdx', Buffer.from('<sbom>'), { source: 'att-tag' }))).toBe(
      'a layer under the .att tag is no envelope',
    );
  });

  test('an envelope under the `.sig` tag is rejected, as one that was meant as a signature', () => {
    const { rejected, evidence } = readEvidence([attItem(stating, signer, { source: 'sig-tag' })], () => true);
    expect(evidence).toEqual([]);
    expect(rejected).toMatchObject([
      { mayHold: 'signatures', message: 'a layer under the .sig tag is no cosign signature' },
    ]);
  });

  test('a signature’s layer that holds an envelope is a signature that does not parse', () => {
    const envelope = envelopeOf(stating, signer.sign(paeOf(stating)));
    const item = makeItem(simpleSigning, envelope, {
      source: 'sig-tag',
      annotations: { [annotationKeys.signature]: 'AAAA' },
    });
    expect(readOne(item)).toBe('the payload has no "critical" object');
  });
});

describe('its hash tells two apart that are judged otherwise', () => {
  const hashOf = (item: AttachedItem) => {
    const one = readOne(item);
    return typeof one === 'object' ? one.hash : '';
  };
  const usual = attestedLayer(authority, image, { signer, stamps: [{}] });
  const { annotations } = usual.layer;

  test.each<[string, AttachedItem]>([
    ['another signer', attItem(stating, makeSigner())],
    ['another statement', attItem(statementOf(image, { predicateType: 'x' }), signer)],
    [
      'no certificate',
      { ...usual, layer: { ...usual.layer, annotations: { ...annotations, [annotationKeys.certificate]: '' } } },
    ],
    [
      'no time stamp',
      { ...usual, layer: { ...usual.layer, annotations: { ...annotations, [annotationKeys.timestamp]: '' } } },
    ],
    [
      'no log entry',
      { ...usual, layer: { ...usual.layer, annotations: { ...annotations, [annotationKeys.bundle]: '' } } },
    ],
    [
      'other bytes around the same',
      makeItem(dsseEnvelope, Buffer.concat([usual.bytes, Buffer.from(' ')]), { source: 'att-tag', annotations }),
    ],
  ])('%s', (_, other) => {
    expect(hashOf(other)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(other)).not.toBe(hashOf(usual));
    expect(hashOf({ ...usual })).toBe(hashOf(usual));
  });
});
