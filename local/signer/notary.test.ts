import { constants, verify } from 'node:crypto';
import { decode, encode, Tagged } from 'cborg';
import { makeNotaryChain, type NotaryKey, notaryArtifact, signedAt } from '../../test/fixtures/notary.ts';
import { mediaTypes, startRegistry } from '../registry/server.ts';
import { fallbackTag, makeImage, notary, notaryEnvelope, signNotary, storeDestination } from './signer.ts';

const algorithms: readonly [NotaryKey, string, number][] = [
  ['rsa2048', 'PS256', -37],
  ['rsa3072', 'PS384', -38],
  ['rsa4096', 'PS512', -39],
  ['p256', 'ES256', -7],
  ['p384', 'ES384', -35],
  ['p521', 'ES512', -36],
];

describe.each(algorithms)('%s', (key, name, label) => {
  const { signer, keys } = makeNotaryChain({ key });
  const request = { signer, artifact: notaryArtifact(), signedAt };

  /** Independent of notary.ts: what the public key says, by the hash that the algorithm names, its salt as long as that. */
  function verifies(message: Uint8Array, signature: Uint8Array): boolean {
    const [own] = keys;
    if (own === undefined) throw new Error('no key');
    const how = key.startsWith('rsa')
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(name.slice(2)) / 8 }
      : { dsaEncoding: 'ieee-p1363' as const };
    return verify(`sha${name.slice(2)}`, message, { key: own.publicKey, ...how }, signature);
  }

  test('JWS', () => {
    const { payload, protected: signed, header, signature } = JSON.parse(notaryEnvelope(request).toString());
    const { alg, crit, cty } = JSON.parse(Buffer.from(signed, 'base64url').toString());
    expect([alg, crit, cty]).toEqual([name, ['io.cncf.notary.signingScheme'], notary.payload]);
    expect(header.x5c).toHaveLength(3);
    expect(verifies(Buffer.from(`${signed}.${payload}`), Buffer.from(signature, 'base64url'))).toBe(true);
  });

  test('COSE', () => {
    const bytes = notaryEnvelope({ ...request, format: 'cose' });
    const tags = Tagged.preserve(1, 18);
    const [signed, header, payload, signature] = decode(bytes, { tags, useMaps: true }).value;
    expect(decode(signed, { tags, useMaps: true }).get(1)).toBe(label);
    expect(header.get(33)).toHaveLength(3);
    expect(verifies(encode(['Signature1', signed, new Uint8Array(0), payload]), signature)).toBe(true);
  });
});

test('a signature is a referrer of the image, of its artifact type or as of old by its config, and the thumbprints are beside', async () => {
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const { store } = registry;
  const digest = await makeImage(destination, 'demo/app');
  const { signer } = makeNotaryChain();
  const request = { repository: 'demo/app', digest, signer, signedAt };
  const manifestOf = (manifest: string) => JSON.parse(store.manifest('demo/app', manifest)?.bytes.toString() ?? '');

  const attached = await signNotary(destination, request);
  expect(manifestOf(attached.manifest)).toMatchObject({
    artifactType: notary.artifactType,
    config: { mediaType: mediaTypes.empty, size: 2 },
    layers: [{ mediaType: 'application/jose+json', digest: attached.layer }],
    subject: { digest, mediaType: mediaTypes.manifest },
    annotations: {
      'io.cncf.notary.x509chain.thumbprint#S256': expect.stringMatching(/^\["[0-9a-f]{64}"(?:,"[0-9a-f]{64}"){2}\]$/),
      'org.opencontainers.image.created': '2026-01-01T00:00:00Z',
    },
  });
  const legacy = await signNotary(destination, { ...request, format: 'cose', manifest: 'legacy' });
  expect(manifestOf(legacy.manifest)).toMatchObject({
    config: { mediaType: notary.artifactType, size: 2 },
    layers: [{ mediaType: 'application/cose' }],
  });
  expect(manifestOf(legacy.manifest)).not.toHaveProperty('artifactType');
  expect(store.referrers('demo/app', digest).map((each) => each.digest)).toEqual([attached.manifest, legacy.manifest]);
});

test('where there is no referrers API the fallback tag lists it', async () => {
  await using registry = await startRegistry({ referrers: 'off' });
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, 'demo/app');
  const { signer } = makeNotaryChain();
  const { manifest } = await signNotary(destination, { repository: 'demo/app', digest, signer, signedAt });
  const list = JSON.parse(registry.store.manifest('demo/app', fallbackTag(digest))?.bytes.toString() ?? '');
  expect(list.manifests).toMatchObject([{ digest: manifest, artifactType: notary.artifactType }]);
});
