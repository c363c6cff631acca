import { on, type SeenRequest } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { defaultLedgerSettings } from '../../shared/ledger/settings.ts';
import { byKey, openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { putSignatureTag } from './attach.ts';

let world: World;
const name = 'team/app';
const minute = 60_000;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const image = (suffix: string) => `${world.registry.host}/${name}${suffix}`;
const everything = () => `${world.registry.host}/*`;
const trustTeam = () => world.policies(policy({ images: everything(), keys: [world.team] }));
const mutate = (suffix = ':v1') => world.send('/mutate', review(pod([image(suffix)])));
const validate = (suffix: string, annotations?: Record<string, string>) =>
  world.send('/validate', review(pod([image(suffix)], annotations === undefined ? {} : { annotations })));
const pinned = ({ patch }: Response) => patch.filter(({ op }) => op === 'replace').map(({ value }) => value);

async function signedImage(tag: string | undefined = 'v1', format: 'sig' | 'bundle' | 'oci11' = 'bundle') {
  const digest = await makeImage(world.destination, name, tag);
  await sign(world.destination, { repository: name, digest, key: world.team, format });
  return digest;
}

describe('C1 CVE-2026-122321, GHSA-2r43-6962-xcw5: a cache keyed by tag pins a digest that nobody verified', () => {
  test('a tag that moved to an unsigned image is denied once its pointer is out, and until then the verified digest is pinned', async () => {
    trustTeam();
    const verified = await signedImage();
    expect(pinned(await mutate())).toEqual([image(`:v1@${verified}`)]);
    world.registry.store.tag(name, 'v1', await makeImage(world.destination, name));
    expect(pinned(await mutate())).toEqual([image(`:v1@${verified}`)]);
    world.now += minute;
    const late = await mutate();
    expect(late).toMatchObject({ allowed: false, code: 403, patch: [] });
    expect(late.message).toContain('no-signature');
  });

  test('without pointers it is denied at once', async () => {
    await world.close();
    world = await openWorld({ core: { ledger: { ...defaultLedgerSettings, tagPointers: 'off' } } });
    trustTeam();
    await signedImage();
    expect((await mutate()).allowed).toBe(true);
    world.registry.store.tag(name, 'v1', await makeImage(world.destination, name));
    expect(await mutate()).toMatchObject({ allowed: false, patch: [] });
  });

  test('a tag that moved to another signed image is admitted with that one pinned', async () => {
    trustTeam();
    await signedImage();
    await mutate();
    const next = await signedImage();
    world.now += minute;
    expect(pinned(await mutate())).toEqual([image(`:v1@${next}`)]);
  });

  test('a tag that nobody pinned is denied by validate, whatever it names; the digest is admitted', async () => {
    trustTeam();
    const digest = await signedImage();
    expect((await validate(':v1')).message).toContain('(digest-missing)');
    expect((await validate(`:v1@${digest}`)).allowed).toBe(true);
  });

  test('where mutateDigest is off nothing is pinned, and validate then asks for the digest', async () => {
    world.policies(policy({ images: everything(), keys: [world.team], entry: ['mutateDigest: false'] }));
    await signedImage();
    const response = await mutate();
    expect(response.allowed).toBe(true);
    expect(pinned(response)).toEqual([]);
    expect((await validate(':v1')).allowed).toBe(false);
  });

  test('an image that was written with a digest is left as it was written', async () => {
    world.policies(policy({ images: '*', keys: [world.team] }));
    const digest = await signedImage();
    for (const tag of ['', ':v1', ':another']) {
      const written = `LOCALHOST:${world.registry.port}/${name}${tag}@${digest}`;
      const response = await world.send('/mutate', review(pod([written])));
      expect(response.allowed).toBe(true);
      expect(pinned(response)).toEqual([]);
    }
  });
});

describe('C3: a cache key without the rule or its trust', () => {
  const edits: readonly [string, () => string][] = [
    ['another key', () => policy({ images: everything(), keys: [world.stranger] })],
    ['annotations', () => policy({ images: everything(), keys: [world.team], entry: ['annotations: {a: b}'] })],
    ['type', () => policy({ images: everything(), keys: [world.team], entry: ['type: SigstoreBundle'] })],
    ['count', () => policy({ images: everything(), keys: [world.team, world.stranger], set: ['count: 2'] })],
    [
      'repository',
      () => policy({ images: everything(), keys: [world.team], entry: [`repository: ${image('-sigs')}`] }),
    ],
    [
      'signatureAlgorithm',
      () =>
        policy({
          images: everything(),
          attestors: [{ entries: [byKey(world.team, { signatureAlgorithm: 'sha512' })] }],
        }),
    ],
    [
      'the log',
      () =>
        policy({
          images: everything(),
          attestors: [
            {
              entries: [
                { keys: { publicKeys: world.team.publicKeyPem, rekor: { pubkey: world.stranger.publicKeyPem } } },
              ],
            },
          ],
        }),
    ],
  ];

  test.each(edits)('what one rule verified is no hit for a rule with %s', async (_, edited) => {
    await signedImage('v1', 'sig');
    trustTeam();
    expect((await mutate()).allowed).toBe(true);
    world.policies(edited());
    expect(await mutate()).toMatchObject({ allowed: false, code: 403 });
    world.policies(
      policy({ images: everything(), keys: [world.team] }),
      edited().replace('name: signed', 'name: other'),
    );
    expect(await mutate()).toMatchObject({ allowed: false, code: 403 });
    trustTeam();
    world.registry.requests.length = 0;
    expect((await mutate()).allowed).toBe(true);
    expect(world.registry.count()).toBe(0);
  });

  test('a rule with useCache: false looks again although a rule beside it asks the same and has an answer', async () => {
    const digest = await signedImage(undefined);
    trustTeam();
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
    for (const { digest: referrer } of world.registry.store.referrers(name, digest)) {
      world.registry.store.deleteManifest(name, referrer);
    }
    const [cached, uncached] = [[], ['useCache: false']].map((entry, index) =>
      policy({ name: `p${index}`, images: everything(), keys: [world.team], entry }),
    );
    world.policies(cached ?? '');
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
    for (const both of [
      [cached, uncached],
      [uncached, cached],
    ]) {
      world.policies(...both.map((text) => text ?? ''));
      expect(await mutate(`@${digest}`)).toMatchObject({ allowed: false, code: 403 });
    }
  });
});

describe('C4 CVE-2022-47633: a registry that answers the second request differently', () => {
  /** The tag names the digests one after the other, the last for good; everything else is answered rightly. */
  function flipFlop(...digests: readonly Digest[]) {
    const left = [...digests];
    const { store } = world.registry;
    world.registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, () => {
      const found = store.manifest(name, (left.length > 1 ? left.shift() : left[0]) ?? '');
      if (found === undefined) return undefined;
      return { kind: 'body', body: found.bytes, headers: { 'content-type': found.mediaType } };
    });
  }

  test('the tag is asked for once, and what is pinned is what was verified', async () => {
    trustTeam();
    const good = await signedImage(undefined);
    flipFlop(good, await makeImage(world.destination, name));
    const response = await world.send('/mutate', review(pod([image(':v1'), image(':v1')])));
    expect(pinned(response)).toEqual([image(`:v1@${good}`), image(`:v1@${good}`)]);
    expect(world.registry.count({ kind: 'manifest', reference: 'v1' })).toBe(1);
  });

  test('an unsigned image that is served first is not admitted for the signed one that follows', async () => {
    trustTeam();
    const good = await signedImage(undefined);
    flipFlop(await makeImage(world.destination, name), good);
    expect(await mutate()).toMatchObject({ allowed: false, patch: [] });
  });

  test('other bytes under the verified digest are refused, the right ones admitted', async () => {
    trustTeam();
    const good = await signedImage(undefined);
    const bad = world.registry.store.manifest(name, await makeImage(world.destination, name));
    const swap = on(
      { kind: 'manifest', reference: good },
      {
        kind: 'body',
        body: bad?.bytes ?? '',
        headers: { 'content-type': bad?.mediaType ?? '', 'docker-content-digest': good },
      },
    );
    world.registry.settings.intercept = swap;
    expect((await mutate(`@${good}`)).message).toContain('digest-mismatch');
    world.registry.settings.intercept = undefined;
    expect((await mutate(`@${good}`)).allowed).toBe(true);
  });
});

describe('C5 (kyverno-notation-aws): a life of one hour that overflows to 91 years', () => {
  test('a verification lives 3600 seconds by default, and not one more', async () => {
    expect(defaultLedgerSettings.ttlMs / 1000).toBe(3600);
    trustTeam();
    const digest = await signedImage(undefined);
    await mutate(`@${digest}`);
    world.registry.requests.length = 0;
    world.now += 3599_999;
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
    expect(world.registry.count()).toBe(0);
    world.now += 1;
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
    expect(world.registry.count()).toBeGreaterThan(0);
  });
});

describe('C6 CVE-2023-47630: the digest is what the registry says it is', () => {
  test('an unsigned image served under the digest of a signed one is denied', async () => {
    trustTeam();
    const good = await signedImage(undefined);
    const bad = world.registry.store.manifest(name, await makeImage(world.destination, name, 'v1'));
    world.registry.settings.intercept = on(
      { kind: 'manifest', reference: 'v1' },
      {
        kind: 'body',
        body: bad?.bytes ?? '',
        headers: { 'content-type': bad?.mediaType ?? '', 'docker-content-digest': good },
      },
    );
    const lied = await mutate();
    expect(lied).toMatchObject({ allowed: false, code: 403, patch: [] });
    expect(lied.message).toContain('digest-mismatch');
  });

  test('a header that names another digest is refused; without the header the bytes decide', async () => {
    trustTeam();
    const good = await signedImage();
    const tag = { kind: 'manifest', reference: 'v1' } as const;
    world.registry.settings.intercept = on(tag, { kind: 'wrong-digest-header' });
    expect((await mutate()).message).toContain('digest-mismatch');
    const { bytes = '', mediaType = '' } = world.registry.store.manifest(name, good) ?? {};
    world.registry.settings.intercept = on(tag, { kind: 'body', body: bytes, headers: { 'content-type': mediaType } });
    expect(pinned(await mutate())).toEqual([image(`:v1@${good}`)]);
  });
});

describe('C7 CVE-2023-33959: what was fetched is not compared with what described it', () => {
  const formats = ['sig', 'oci11', 'bundle'] as const;

  test.each(formats)('%s: a layer of other bytes than its descriptor names is denied', async (format) => {
    trustTeam();
    const digest = await signedImage(undefined, format);
    world.registry.settings.intercept = on({ kind: 'blob' }, { kind: 'wrong-bytes' });
    expect((await mutate(`@${digest}`)).message).toContain('digest-mismatch');
    world.registry.settings.intercept = undefined;
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
  });

  test.each(['oci11', 'bundle'] as const)(
    '%s: a referrer of other bytes than were listed is denied',
    async (format) => {
      trustTeam();
      const digest = await signedImage(undefined, format);
      const isReferrer = ({ kind, reference }: SeenRequest) => kind === 'manifest' && reference?.startsWith('sha256:');
      world.registry.settings.intercept = (request) =>
        isReferrer(request) && request.reference !== digest ? { kind: 'wrong-bytes' } : undefined;
      expect((await mutate(`@${digest}`)).message).toContain('digest-mismatch');
      world.registry.settings.intercept = undefined;
      expect((await mutate(`@${digest}`)).allowed).toBe(true);
    },
  );

  test('a referrer that is listed for one image and whose subject is another counts for its subject alone', async () => {
    trustTeam();
    const digest = await signedImage(undefined);
    const other = await makeImage(world.destination, name);
    const manifests = world.registry.store.referrers(name, digest).map((found) => ({
      mediaType: found.mediaType,
      size: found.bytes.length,
      digest: found.digest,
    }));
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
    world.registry.store.putManifest(name, index, { tag: other.replace(':', '-') });
    expect((await mutate(`@${other}`)).message).toContain('no-signature');
    expect((await mutate(`@${digest}`)).allowed).toBe(true);
  });
});

describe('C8 CVE-2024-3727: a digest that is a path', () => {
  const paths = [
    'sha256:../../../token',
    `sha256:${'a'.repeat(63)}/`,
    'sha256:',
    '../manifests/v1',
    `sha1:${'a'.repeat(40)}`,
  ];

  test.each(paths)('%s among the layers of a signature is refused before any request', async (digest) => {
    trustTeam();
    const subject = await makeImage(world.destination, name);
    const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
    putSignatureTag(world, name, subject, [{ mediaType, size: 2, digest, annotations: {} }]);
    const response = await mutate(`@${subject}`);
    expect(response).toMatchObject({ allowed: false, code: 403 });
    expect(response.message).toContain('malformed-manifest');
    expect(world.registry.count({ kind: 'blob' })).toBe(0);
  });

  test.each(paths)('%s among the referrers is refused before any request', async (digest) => {
    trustTeam();
    const subject = await makeImage(world.destination, name);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType, size: 2, digest }],
    };
    world.registry.settings.intercept = on(
      { kind: 'referrers' },
      {
        kind: 'body',
        body: JSON.stringify(index),
        headers: { 'content-type': index.mediaType },
      },
    );
    expect((await mutate(`@${subject}`)).message).toContain('malformed-manifest');
    expect(
      world.registry.requests.filter(({ kind, reference }) => kind === 'manifest' && reference === digest),
    ).toEqual([]);
  });

  test.each(paths)('%s in the image itself is no reference', async (digest) => {
    world.policies(policy({ images: '*', keys: [world.team] }));
    const response = await mutate(`@${digest}`);
    expect(response).toMatchObject({ allowed: false, code: 403 });
    expect(response.message).toContain('image-unparsable');
    expect(world.registry.count()).toBe(0);
  });

  test('a whole digest is asked for and admitted', async () => {
    trustTeam();
    expect((await mutate(`@${await signedImage(undefined, 'sig')}`)).allowed).toBe(true);
  });
});

describe('C9 (Kyverno #16336): validate believes an annotation that the user wrote', () => {
  function forged(reference: string): Record<string, string> {
    return {
      'kyverno.io/verify-images': JSON.stringify({ [reference]: 'pass' }),
      'kyverno.io/verify-images-scoped': JSON.stringify({
        version: 1,
        policies: { '/signed': { check: { [reference]: 'pass' } } },
      }),
    };
  }

  test('with mutate skipped and the proof forged the image is verified all the same', async () => {
    trustTeam();
    const unsigned = await makeImage(world.destination, name);
    const response = await validate(`@${unsigned}`, forged(image(`@${unsigned}`)));
    expect(response).toMatchObject({ allowed: false, code: 403 });
    expect(response.message).toContain('no-signature');
    const mutated = await world.send(
      '/mutate',
      review(pod([image(`@${unsigned}`)], { annotations: forged(image(`@${unsigned}`)) })),
    );
    expect(mutated).toMatchObject({ allowed: false, code: 403 });
  });

  test('a signed image is admitted by validate without any proof', async () => {
    trustTeam();
    expect((await validate(`@${await signedImage(undefined)}`)).allowed).toBe(true);
  });
});
