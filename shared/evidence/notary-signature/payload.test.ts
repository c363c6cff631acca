import { makeItem } from '../../../test/fixtures/attached.ts';
import { makeNotaryChain, notaryArtifact, notaryItem } from '../../../test/fixtures/notary.ts';
import { readEvidence } from '../read.ts';
import { loadNotaryReader } from './lazy.ts';

beforeAll(loadNotaryReader);

const { signer } = makeNotaryChain();
const artifact = notaryArtifact();

/** What a payload claims, or why it is none. */
function read(payload: unknown, format: 'jws' | 'cose' = 'jws'): unknown {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  const { evidence, rejected } = readEvidence([notaryItem({ signer, format, changes: { payload: bytes } })]);
  const [one] = evidence;
  if (one?.kind !== 'notary-signature' || one.signed.format !== 'notary') return rejected[0]?.message;
  return { claims: one.claims, artifact: one.signed.artifact };
}

const target = (more: object) => ({ targetArtifact: { ...artifact, ...more } });
const { digest, mediaType, size } = artifact;

test.each(['jws', 'cose'] as const)('%s: it names the artifact, and the metadata of whoever signed', (format) => {
  expect(read(target({ annotations: { env: 'prod', __proto: 'x' } }), format)).toEqual({
    claims: [{ digest, annotations: { env: 'prod', __proto: 'x' } }],
    artifact: { mediaType, size },
  });
  expect(read(target({}), format)).toEqual({ claims: [{ digest, annotations: {} }], artifact: { mediaType, size } });
});

test('what it says beside is let be, as notation lets it be', () => {
  expect(read({ ...target({ artifactType: 'a/b', urls: ['x'] }), another: { member: 1 } })).toMatchObject({
    claims: [{ digest }],
  });
});

test.each<[string, unknown, RegExp]>([
  ['no artifact', {}, /targetArtifact is no object/],
  ['an artifact that is a text', { targetArtifact: digest }, /targetArtifact is no object/],
  ['no media type', target({ mediaType: undefined }), /mediaType is no text/],
  ['an empty media type', target({ mediaType: '' }), /mediaType is no text/],
  ['no digest', target({ digest: undefined }), /digest is no digest of SHA-256 or SHA-512/],
  ['a digest of another algorithm', target({ digest: `sha384:${'0'.repeat(96)}` }), /digest is no digest/],
  ['a digest in capitals', target({ digest: digest.toUpperCase() }), /digest is no digest/],
  ['no size', target({ size: undefined }), /size is no number of bytes/],
  ['a size that is a text', target({ size: String(size) }), /size is no number of bytes/],
  ['a size with a fraction', target({ size: 1.5 }), /size is no number of bytes/],
  ['a size below nothing', target({ size: -1 }), /size is no number of bytes/],
  ['annotations that are a list', target({ annotations: ['x'] }), /annotations are no object/],
  ['an annotation that is no text', target({ annotations: { a: 1 } }), /annotation of targetArtifact's is no text/],
  [
    'an annotation of the Notary Project',
    target({ annotations: { 'io.cncf.notary.x': '' } }),
    /begins with io\.cncf\.notary/,
  ],
  ['the same in capitals', target({ annotations: { 'IO.CNCF.notary': '' } }), /begins with io\.cncf\.notary/],
  ['a second artifact in another case', { ...target({}), TargetArtifact: {} }, /targetArtifact in another spelling/],
  ['a second digest in another case', target({ Digest: digest }), /digest in another spelling/],
  ['a size that Go takes for one', target({ ſize: 1 }), /size in another spelling/],
  ['a list', [target({})], /the payload is no JSON object/],
  ['no JSON', Buffer.from('hello'), /the payload is not JSON/],
  ['an artifact twice', Buffer.from(`{"targetArtifact":{},${JSON.stringify(target({})).slice(1)}`), /a name twice/],
  ['a text that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /the payload is not UTF-8/],
])('%s', (_, payload, message) => {
  expect(read(payload)).toMatch(message);
  expect(read(payload, 'cose')).toMatch(message);
});

test('only the media type of the layer tells its format', () => {
  const { bytes } = notaryItem({ signer });
  expect(readEvidence([makeItem('application/cose', bytes)]).rejected).toHaveLength(1);
  expect(readEvidence([makeItem('application/jose+json', bytes)]).evidence).toHaveLength(1);
});
