import { createHash, createPublicKey, verify } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import type { Digest } from '../../shared/image/digest.ts';
import { type LocalRegistry, mediaTypes, type RegistryOptions, startRegistry } from '../registry/server.ts';
import {
  attest,
  copySignatures,
  type Destination,
  fallbackTag,
  httpDestination,
  type KeyType,
  legacyTag,
  makeImage,
  makeIndex,
  newKey,
  type SigningKey,
  sign,
  storeDestination,
} from './signer.ts';

const keyTypes: KeyType[] = ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'];
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Independent of keys.ts: what the published key says about a signature. */
function verifies({ publicKeyPem, type }: SigningKey, message: Uint8Array, signature: Buffer): boolean {
  if (type === 'ed25519') {
    const spki = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
    return ed25519ph.verify(Uint8Array.from(signature), Uint8Array.from(message), Uint8Array.from(spki.subarray(-32)));
  }
  const hash = { p256: 'sha256', p384: 'sha384', p521: 'sha512', rsa2048: 'sha256' }[type];
  return verify(hash, message, publicKeyPem, signature);
}

function parse(bytes: Uint8Array | undefined) {
  if (bytes === undefined) throw new Error('nothing there');
  return JSON.parse(Buffer.from(bytes).toString());
}

/** PAE written out again, for ASCII. */
function pae(type: string, payload: Buffer): Buffer {
  return Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} ${payload.toString()}`);
}

async function withDestination(
  kind: 'store' | 'http',
  options: RegistryOptions,
  work: (destination: Destination, registry: LocalRegistry) => Promise<void>,
): Promise<void> {
  await using registry = await startRegistry(options);
  if (kind === 'store') return work(storeDestination(registry), registry);
  const destination = httpDestination({ host: registry.host, user: 'alice', password: 'secret' });
  try {
    await work(destination, registry);
  } finally {
    await destination.close();
  }
}

/** The bundles that a client finds, by the referrers API or by the fallback tag. */
function bundlesOf({ store }: LocalRegistry, subject: Digest, way: 'api' | 'fallback', name = 'demo/app') {
  const digests: Digest[] =
    way === 'api'
      ? store.referrers(name, subject).map(({ digest }) => digest)
      : parse(store.manifest(name, fallbackTag(subject))?.bytes).manifests.map(
          (each: { digest: Digest }) => each.digest,
        );
  return digests.map((digest) => {
    const manifest = parse(store.manifest(name, digest)?.bytes);
    return { manifest, bundle: parse(store.blob(name, manifest.layers[0].digest)) };
  });
}

describe.each(['store', 'http'] as const)('into the %s', (kind) => {
  test.each(keyTypes)('simple signing with %s', (type) =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey(type);
      const digest = await makeImage(destination, 'demo/app', '1.0');
      await sign(destination, { repository: 'demo/app', digest, key, format: 'sig' });
      await sign(destination, {
        repository: 'demo/app',
        digest,
        key,
        format: 'sig',
        annotations: { team: '<a & b>', env: 'prod' },
      });
      const manifest = parse(registry.store.manifest('demo/app', legacyTag(digest, 'sig'))?.bytes);
      expect(manifest.layers).toHaveLength(2);
      const payloads = manifest.layers.map((layer: { digest: Digest; annotations: Record<string, string> }) => {
        const bytes = registry.store.blob('demo/app', layer.digest) ?? Buffer.alloc(0);
        const signature = Buffer.from(layer.annotations['dev.cosignproject.cosign/signature'] ?? '', 'base64');
        expect(verifies(key, bytes, signature)).toBe(true);
        return bytes.toString();
      });
      const identity = `{"docker-reference":"${registry.host}/demo/app"}`;
      const critical = `{"critical":{"identity":${identity},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"}`;
      // Byte for byte what Go's encoder writes.
      expect(payloads).toEqual([
        `${critical},"optional":null}`,
        `${critical},"optional":{"env":"prod","team":"\\u003ca \\u0026 b\\u003e"}}`,
      ]);
      expect(manifest.layers[0].mediaType).toBe('application/vnd.dev.cosign.simplesigning.v1+json');
      const config = parse(registry.store.blob('demo/app', manifest.config.digest));
      expect(config.rootfs.diff_ids).toEqual(manifest.layers.map((layer: { digest: Digest }) => layer.digest));
    }),
  );

  test.each(keyTypes)('a bundle with %s', (type) =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey(type);
      const digest = await makeImage(destination, 'demo/app', '1.0');
      await sign(destination, { repository: 'demo/app', digest, key, annotations: { env: 'prod' } });
      const [found] = bundlesOf(registry, digest, 'api');
      const { payload, payloadType, signatures } = found?.bundle.dsseEnvelope ?? {};
      const bytes = Buffer.from(payload, 'base64');
      expect(verifies(key, pae(payloadType, bytes), Buffer.from(signatures[0].sig, 'base64'))).toBe(true);
      expect(parse(bytes)).toEqual({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: digest.slice(7) }, annotations: { env: 'prod' } }],
        predicateType: 'https://sigstore.dev/cosign/sign/v1',
        predicate: {},
      });
      const spki = createPublicKey(key.publicKeyPem).export({ type: 'spki', format: 'der' });
      expect(found?.bundle.verificationMaterial).toEqual({
        publicKey: { hint: createHash('sha256').update(spki).digest('base64') },
      });
      expect(found?.manifest).toMatchObject({
        artifactType: bundleType,
        config: { mediaType: mediaTypes.empty, size: 2, artifactType: bundleType },
        layers: [{ mediaType: bundleType }],
        annotations: {
          'dev.sigstore.bundle.content': 'dsse-envelope',
          'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
        },
        subject: { mediaType: mediaTypes.manifest, digest },
      });
      // The registry keeps the list itself.
      expect(registry.store.manifest('demo/app', fallbackTag(digest))).toBeUndefined();
    }),
  );

  test.each(keyTypes)('a message signature with %s', (type) =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey(type);
      const digest = await makeImage(destination, 'demo/app', '1.0');
      await sign(destination, { repository: 'demo/app', digest, key, format: 'message-bundle' });
      const [found] = bundlesOf(registry, digest, 'api');
      const image = registry.store.manifest('demo/app', digest)?.bytes ?? Buffer.alloc(0);
      const { messageDigest, signature } = found?.bundle.messageSignature ?? {};
      expect(verifies(key, image, Buffer.from(signature, 'base64'))).toBe(true);
      const hash = messageDigest.algorithm.replace('SHA2_', 'sha');
      expect(messageDigest.digest).toBe(createHash(hash).update(image).digest('base64'));
      expect(found?.manifest.annotations['dev.sigstore.bundle.content']).toBe('message-signature');
    }),
  );

  test('where there is no referrers API, the fallback tag lists every bundle', () =>
    withDestination(kind, { referrers: 'off' }, async (destination, registry) => {
      const digest = await makeImage(destination, 'demo/app', '1.0');
      for (const key of [newKey(), newKey()]) await sign(destination, { repository: 'demo/app', digest, key });
      expect(bundlesOf(registry, digest, 'fallback')).toHaveLength(2);
      const [descriptor] = parse(registry.store.manifest('demo/app', fallbackTag(digest))?.bytes).manifests;
      expect(Object.keys(descriptor)).toEqual(['mediaType', 'size', 'digest', 'artifactType']);
      expect(descriptor.size).toBe(registry.store.manifest('demo/app', descriptor.digest)?.bytes.length);
    }));

  test('simple signing as a referrer', () =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey();
      const digest = await makeImage(destination, 'demo/app', '1.0');
      const at = await sign(destination, { repository: 'demo/app', digest, key, format: 'oci11' });
      expect(registry.store.manifest('demo/app', legacyTag(digest, 'sig'))).toBeUndefined();
      const manifest = parse(registry.store.manifest('demo/app', at.manifest)?.bytes);
      expect(manifest.subject.digest).toBe(digest);
      expect(manifest.config.mediaType).toBe('application/vnd.dev.cosign.artifact.sig.v1+json');
      expect(manifest.artifactType).toBe(manifest.config.mediaType);
      const signature = manifest.layers[0].annotations['dev.cosignproject.cosign/signature'];
      const payload = registry.store.blob('demo/app', at.layer) ?? Buffer.alloc(0);
      expect(verifies(key, payload, Buffer.from(signature, 'base64'))).toBe(true);
    }));

  test.each(['att', 'bundle', 'oci11'] as const)('an attestation as %s', (format) =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey();
      const digest = await makeImage(destination, 'demo/app', '1.0');
      const predicate = { reviewed: true };
      const predicateType = 'https://example.test/review/v1';
      const at = await attest(destination, { repository: 'demo/app', digest, key, predicateType, predicate, format });
      const stored = parse(registry.store.blob('demo/app', at.layer));
      const isBundle = format === 'bundle';
      const envelope = isBundle ? stored.dsseEnvelope : stored;
      const payload = Buffer.from(envelope.payload, 'base64');
      const signature = Buffer.from(envelope.signatures[0].sig, 'base64');
      expect(verifies(key, pae(envelope.payloadType, payload), signature)).toBe(true);
      expect(parse(payload)).toEqual({
        _type: 'https://in-toto.io/Statement/v0.1',
        predicateType,
        subject: [{ name: `${registry.host}/demo/app`, digest: { sha256: digest.slice(7) } }],
        predicate,
      });
      const manifest = parse(registry.store.manifest('demo/app', at.manifest)?.bytes);
      const annotations = isBundle ? manifest.annotations : manifest.layers[0].annotations;
      expect(annotations[isBundle ? 'dev.sigstore.bundle.predicateType' : 'predicateType']).toBe(predicateType);
      expect(manifest.subject?.digest).toBe(format === 'att' ? undefined : digest);
    }),
  );

  test('an index over two images is signed like an image', () =>
    withDestination(kind, {}, async (destination, registry) => {
      const platforms = [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ];
      const children = await Promise.all(
        platforms.map(async (platform) => ({
          platform,
          digest: await makeImage(destination, 'demo/app', undefined, { label: 'multi', platform }),
        })),
      );
      const index = await makeIndex(destination, 'demo/app', '1.0', children);
      await sign(destination, { repository: 'demo/app', digest: index, key: newKey() });
      expect(bundlesOf(registry, index, 'api')[0]?.manifest.subject.mediaType).toBe(mediaTypes.index);
      const stored = registry.store.manifest('demo/app', '1.0');
      expect(stored?.mediaType).toBe(mediaTypes.index);
      expect(parse(stored?.bytes).manifests).toMatchObject(children);
      await expect(makeIndex(destination, 'demo/other', '1.0', children)).rejects.toThrow('demo/other@sha256:');
    }));

  test('a signature copied from one image is attached to another, unchanged', () =>
    withDestination(kind, {}, async (destination, registry) => {
      const key = newKey();
      const signed = await makeImage(destination, 'demo/app', 'signed');
      const victim = await makeImage(destination, 'demo/app', 'victim');
      await sign(destination, { repository: 'demo/app', digest: signed, key, format: 'sig' });
      await sign(destination, { repository: 'demo/app', digest: signed, key });
      await copySignatures(destination, 'demo/app', signed, victim);
      const tagged = (digest: Digest) => registry.store.manifest('demo/app', legacyTag(digest, 'sig'))?.digest;
      expect(tagged(victim)).toBe(tagged(signed));
      const [from, to] = [signed, victim].map((digest) => bundlesOf(registry, digest, 'api'));
      expect(to).toHaveLength(1);
      expect(to?.map(({ bundle }) => bundle)).toEqual(from?.map(({ bundle }) => bundle));
    }));
});

test('images are equal by label, and unlike without one', async () => {
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const make = (label?: string) => makeImage(destination, 'demo/app', undefined, label === undefined ? {} : { label });
  expect(await make('one')).toBe(await make('one'));
  expect(await make('one')).not.toBe(await make('two'));
  expect(await make()).not.toBe(await make());
});

test('a signature in a repository of its own', async () => {
  await using registry = await startRegistry({ referrers: 'off' });
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, 'demo/app', '1.0');
  for (const format of ['sig', 'bundle'] as const) {
    await sign(destination, { repository: 'demo/app', digest, key: newKey(), format, storeIn: 'demo/signatures' });
  }
  expect(registry.store.tags('demo/app')).toEqual(['1.0']);
  expect(registry.store.tags('demo/signatures')).toEqual([fallbackTag(digest), legacyTag(digest, 'sig')]);
});

describe('attacks leave a well-formed document that does not verify, or that says something else', () => {
  async function stored(request: Partial<Parameters<typeof sign>[1]>) {
    await using registry = await startRegistry();
    const destination = storeDestination(registry);
    const key = newKey();
    const digest = await makeImage(destination, 'demo/app', '1.0');
    const at = await sign(destination, { repository: 'demo/app', digest, key, ...request });
    const layer = registry.store.blob('demo/app', at.layer) ?? Buffer.alloc(0);
    if (request.format !== 'sig') {
      const { payload, payloadType, signatures } = parse(layer).dsseEnvelope;
      const bytes = Buffer.from(payload, 'base64');
      const valid = verifies(key, pae(payloadType, bytes), Buffer.from(signatures[0].sig, 'base64'));
      return { document: parse(bytes), valid };
    }
    const [{ annotations }] = parse(registry.store.manifest('demo/app', at.manifest)?.bytes).layers;
    const signature = Buffer.from(annotations['dev.cosignproject.cosign/signature'], 'base64');
    return { document: parse(layer), valid: verifies(key, layer, signature) };
  }

  test.each(['sig', 'bundle'] as const)('%s', async (format) => {
    expect((await stored({ format })).valid).toBe(true);
    expect((await stored({ format, tamper: 'payload' })).valid).toBe(false);
    expect((await stored({ format, tamper: 'signature' })).valid).toBe(false);
    const other = `sha256:${'1'.repeat(64)}`;
    const lie = await stored({ format, claim: { digest: other } });
    expect(lie.valid).toBe(true);
    expect(JSON.stringify(lie.document)).toContain('1'.repeat(64));
    const raw = await stored({ format, claim: { payload: Buffer.from('{"anything":true}') } });
    expect(raw).toEqual({ valid: true, document: { anything: true } });
  });
});

test('pushing by HTTP gives the credentials that the registry asks for, and says what it refused', async () => {
  const auth = { scheme: 'bearer', user: 'alice', password: 'secret', tokenOrigin: 'second' } as const;
  await withDestination('http', { auth }, async (destination, registry) => {
    const digest = await makeImage(destination, 'demo/app', '1.0');
    expect(registry.store.manifest('demo/app', '1.0')?.digest).toBe(digest);
    expect(registry.count({ kind: 'token' })).toBeGreaterThan(0);
  });
  const basic = { scheme: 'basic', user: 'alice', password: 'secret' } as const;
  await withDestination('http', { auth: basic }, async (destination) => {
    await makeImage(destination, 'demo/app', '1.0');
  });
  await withDestination('http', { auth: { ...basic, password: 'other' } }, async (destination, registry) => {
    const refused = makeImage(destination, 'demo/app', '1.0');
    await expect(refused).rejects.toThrow(`POST http://${registry.host}/v2/demo/app/blobs/uploads/: 401`);
  });
});

test('a list of referrers is read to its end, so that no fallback tag is written beside it', async () => {
  await withDestination('http', { pageSize: 1 }, async (destination, registry) => {
    const digest = await makeImage(destination, 'demo/app', '1.0');
    for (let count = 0; count < 3; count += 1)
      await sign(destination, { repository: 'demo/app', digest, key: newKey() });
    expect(registry.store.tags('demo/app')).toEqual(['1.0']);
    expect(await destination.referrers('demo/app', digest)).toHaveLength(3);
  });
});
