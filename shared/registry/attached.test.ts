import { evidenceKinds } from '../evidence/kinds.ts';
import { spending } from '../net/testing/spending.ts';
import type { LayerKind } from './layer-kind.ts';
import type { RegistryLimits } from './limits.ts';
import { pour } from './testing/pour.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { type Stored, sha256, types } from './testing/store.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(limits: Partial<RegistryLimits> = {}): Promise<Setup & { image: Stored }> {
  const it = await setUp({ limits });
  closing.push(it.close);
  return { ...it, image: it.store.image('app', 'v1') };
}

const attached = (it: Setup & { image: Stored }, spent = spending()) =>
  it.registry.attached(it.repository, it.image.digest, spent);
const nothing = { items: [], unreadable: [], unreadableAttestations: [], unread: [] };
const texts = (read: Awaited<ReturnType<typeof attached>>) =>
  read.items.map(({ bytes }) => Buffer.from(bytes).toString());
const reasonsOf = (read: Awaited<ReturnType<typeof attached>>) => read.unreadable.map(({ reason }) => reason);
const bundle = (it: Setup, text: string) => ({ ...it.store.blob(text, types.bundle) });
/** Counts requests whose path matches. */
const asked = (it: Setup, path: RegExp) => it.server.requests.filter((request) => path.test(request.path)).length;

describe('what is attached', () => {
  test('nothing', async () => {
    const it = await start();
    expect(await attached(it)).toEqual(nothing);
    expect(it.rounds()).toBe(1);
    expect(it.server.requests.map(({ path }) => path).sort()).toEqual([
      `/v2/org/app/manifests/sha256-${it.image.digest.slice(7)}`,
      `/v2/org/app/manifests/sha256-${it.image.digest.slice(7)}.sig`,
      `/v2/org/app/referrers/${it.image.digest}`,
    ]);
  });

  test('a `.sig` tag: two rounds, and one more to resolve a tag', async () => {
    const it = await start();
    const manifest = it.store.signatureTag(it.image, ['{"a":1}']);
    const spent = spending();
    expect(await attached(it, spent)).toEqual({
      items: [
        {
          source: 'sig-tag',
          repository: it.repository,
          manifest: manifest.digest,
          artifactType: 'application/vnd.oci.image.config.v1+json',
          layer: {
            mediaType: types.payload,
            digest: sha256(Buffer.from('{"a":1}')),
            size: 7,
            annotations: { 'dev.cosignproject.cosign/signature': 'signature 0' },
          },
          bytes: Buffer.from('{"a":1}'),
        },
      ],
      unreadable: [],
      unreadableAttestations: [],
      unread: [],
    });
    expect(it.rounds()).toBe(2);
    expect(spent.spent.requests).toBe(4);
    it.resetRounds();
    const image = await it.registry.resolve(it.repository, 'v1', spending());
    await it.registry.attached(it.repository, image.digest, spending());
    expect(it.rounds()).toBe(3);
  });

  test('a bundle as a referrer: three rounds', async () => {
    const it = await start();
    const referrer = it.store.referrer(it.image, [bundle(it, 'bundle')], { artifactType: types.bundle });
    const read = await attached(it);
    expect(read).toMatchObject({
      items: [{ source: 'referrer', manifest: referrer.digest, artifactType: types.bundle }],
      unreadable: [],
    });
    expect(texts(read)).toEqual(['bundle']);
    expect(it.rounds()).toBe(3);
  });

  test('all of it at once is three rounds as well, and the union is taken', async () => {
    const it = await start();
    it.store.signatureTag(it.image, ['one', 'two']);
    for (let count = 0; count < 20; count++) it.store.referrer(it.image, [bundle(it, `bundle ${count}`)]);
    const read = await attached(it);
    expect(read.items).toHaveLength(22);
    expect(it.rounds()).toBe(3);
  });

  test('cosign 2 as an OCI 1.1 referrer: each layer is a signature', async () => {
    const it = await start();
    const artifact = { config: { mediaType: 'application/vnd.dev.cosign.artifact.sig.v1+json' } };
    it.store.referrer(it.image, [it.store.blob('one'), it.store.blob('two'), bundle(it, 'no')], artifact);
    const read = await attached(it);
    expect(texts(read)).toEqual(['one', 'two']);
    expect(read.items[0]).toMatchObject({ source: 'referrer', artifactType: artifact.config.mediaType });
  });

  test.each(['off', 'empty'] as const)('the fallback tag holds them where the API is %s', async (api) => {
    const it = await start();
    it.store.referrer(it.image, [bundle(it, 'bundle')]);
    it.store.fallbackTag(it.image);
    it.store.referrersApi = api;
    expect(texts(await attached(it))).toEqual(['bundle']);
    expect(it.rounds()).toBe(3);
  });

  test('a referrer that both lists hold is read once', async () => {
    const it = await start();
    it.store.referrer(it.image, [bundle(it, 'bundle')]);
    it.store.fallbackTag(it.image);
    expect(texts(await attached(it))).toEqual(['bundle']);
    expect(it.server.requests).toHaveLength(5);
  });

  test.each([400, 404, 405, 406, 501])('%d from the referrers API: there is none', async (status) => {
    const it = await start();
    it.store.signatureTag(it.image, ['one']);
    it.store.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      response.writeHead(status).end('{}');
      return true;
    };
    expect(reasonsOf(await attached(it))).toEqual([]);
  });

  test('a page of HTML from it: there is none either', async () => {
    const it = await start();
    it.store.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      response.setHeader('content-type', 'text/html').end('<html>');
      return true;
    };
    expect(await attached(it)).toEqual(nothing);
  });

  test('kinds that are no evidence are left alone, whatever the list says of them', async () => {
    const it = await start();
    it.store.referrer(it.image, [it.store.blob('sbom', 'application/spdx+json')], { artifactType: types.bundle });
    it.store.referrer(it.image, []);
    const index = { schemaVersion: 2, mediaType: types.index, manifests: [], subject: it.image };
    it.store.referrers.get(it.image.digest)?.push(it.store.manifest(index, undefined, types.index));
    const artifact = 'application/vnd.oci.artifact.manifest.v1+json';
    it.store.referrers.get(it.image.digest)?.push(it.store.manifest({ mediaType: artifact }, undefined, artifact));
    expect(await attached(it)).toEqual(nothing);
    expect(asked(it, /blobs/)).toBe(0);
    // The list may call a bundle anything.
    it.store.referrer(it.image, [bundle(it, 'bundle')]);
    const lying = it.store.referrers.get(it.image.digest)?.pop();
    it.store.referrers.get(it.image.digest)?.push({ ...(lying as Stored), artifactType: types.empty });
    expect(texts(await attached(it))).toEqual(['bundle']);
  });

  test('one payload signed by several keys is fetched once and is several items', async () => {
    const it = await start();
    it.store.signatureTag(it.image, ['same', 'same', 'same']);
    const read = await attached(it);
    expect(read.items.map(({ layer }) => Object.values(layer.annotations))).toEqual([
      ['signature 0'],
      ['signature 1'],
      ['signature 2'],
    ]);
    expect(asked(it, /blobs/)).toBe(1);
  });

  test('a SHA-512 digest has a shortened fallback tag and no `.sig` tag', async () => {
    const it = await start();
    const digest = `sha512:${'ab'.repeat(64)}` as Stored['digest'];
    await it.registry.attached(it.repository, digest, spending());
    expect(it.server.requests.map(({ path }) => path).sort()).toEqual([
      `/v2/org/app/manifests/sha512-${'ab'.repeat(32)}`,
      `/v2/org/app/referrers/${digest}`,
    ]);
  });
});

describe('pages', () => {
  /** Serves the referrers page by page, `link` deciding how page n names the next. */
  function page(it: Setup & { image: Stored }, pages: unknown[][], link: (next: number) => string) {
    it.store.intercept = (request, response) => {
      if (!request.url?.includes('/referrers/')) return false;
      const at = Number(new URL(request.url, 'http://x').searchParams.get('n') ?? 0);
      if (at + 1 < pages.length) response.setHeader('link', `<${link(at + 1)}>; rel="next"`);
      const body = { schemaVersion: 2, mediaType: types.index, manifests: pages[at] ?? [] };
      response.setHeader('content-type', types.index).end(JSON.stringify(body));
      return true;
    };
  }
  const referrers = (it: Setup & { image: Stored }, count: number) =>
    Array.from({ length: count }, (_, index) => it.store.referrer(it.image, [bundle(it, `bundle ${index}`)]));

  test('are followed, relative and absolute', async () => {
    const it = await start();
    const [one, two, three] = referrers(it, 3);
    const path = `/v2/org/app/referrers/${it.image.digest}`;
    page(it, [[one], [two], [three]], (n) => (n === 1 ? `?n=${n}` : `${it.server.url}${path}?n=${n}`));
    expect(texts(await attached(it))).toHaveLength(3);
  });

  test('are not followed to another host; what was listed is read', async () => {
    const it = await start();
    const [one, two] = referrers(it, 2);
    page(it, [[one], [two]], () => 'http://127.0.0.1:1/more');
    const read = await attached(it);
    expect(texts(read)).toEqual(['bundle 0']);
    expect(reasonsOf(read)).toEqual(['redirect-refused']);
  });

  test('D1: an endless list ends at ten pages, 200 referrers or its own loop (CVE-2023-33957)', async () => {
    const it = await start();
    const [one] = referrers(it, 1);
    const pages = Array.from({ length: 1000 }, () => [one]);
    page(it, pages, (n) => `?n=${n}`);
    const endless = await attached(it);
    expect(endless.unreadable).toMatchObject([{ reason: 'too-many-referrers', kind: 'denied' }]);
    expect(texts(endless)).toEqual(['bundle 0']);
    expect(asked(it, /referrers/)).toBe(10);

    it.server.requests.length = 0;
    page(it, pages, (n) => `?n=${n % 3}`);
    expect(reasonsOf(await attached(it))).toEqual(['too-many-referrers']);
    expect(asked(it, /referrers/)).toBe(4);

    it.server.requests.length = 0;
    const strangers = Array.from({ length: 300 }, (_, index) => ({
      ...it.image,
      digest: sha256(Buffer.from(`${index}`)),
    }));
    page(it, [strangers], () => '');
    const many = await attached(it);
    expect(many.unreadable.filter(({ reason }) => reason === 'too-many-referrers')).toHaveLength(1);
    expect(it.server.requests).toHaveLength(203);
  });

  test('exactly 200 are no too many', async () => {
    const it = await start({ referrers: 3, signatures: 3 });
    page(it, [referrers(it, 3)], () => '');
    const read = await attached(it);
    expect(read.items).toHaveLength(3);
    expect(read.unreadable).toEqual([]);
  });
});

describe('one broken thing never spoils the rest', () => {
  test('C7: a referrer whose bytes are unlike its digest or size is unreadable (CVE-2023-33959)', async () => {
    const it = await start();
    const [wrong, short, good] = ['wrong', 'short', 'good'].map((text) =>
      it.store.referrer(it.image, [bundle(it, text)]),
    );
    it.store.manifests.set(wrong?.digest ?? '', { type: types.manifest, body: Buffer.alloc(wrong?.size ?? 0, 0x20) });
    it.store.referrers.set(it.image.digest, [wrong, { ...short, size: 10 }, good]);
    const read = await attached(it);
    expect(texts(read)).toEqual(['good']);
    expect(reasonsOf(read)).toEqual(['digest-mismatch', 'digest-mismatch']);
  });

  test('C7: a referrer of another image is none of this one', async () => {
    const it = await start();
    const other = it.store.image('other');
    it.store.referrers.set(it.image.digest, [it.store.referrer(other, [bundle(it, 'stolen')])]);
    const subjectless = it.store.manifest({ schemaVersion: 2, config: {}, layers: [bundle(it, 'x')] });
    it.store.referrers.get(it.image.digest)?.push(subjectless);
    expect(await attached(it)).toEqual(nothing);
    expect(asked(it, /blobs/)).toBe(0);
  });

  test('C8: a digest that is none is never asked for (CVE-2024-3727)', async () => {
    const it = await start();
    const evil = { ...bundle(it, 'x'), digest: 'sha256:../../x' };
    it.store.referrers.set(it.image.digest, [{ ...it.image, digest: 'sha256:../../x' }, { digest: 7 }, null]);
    it.store.referrer(it.image, [evil]);
    it.store.referrer(it.image, [bundle(it, 'good')]);
    const layers = [{ ...it.store.blob('y'), digest: '../../y' }, it.store.blob('fine')];
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, `${it.image.digest.replace(':', '-')}.sig`);
    const read = await attached(it);
    expect(texts(read)).toEqual(['fine', 'good']);
    expect(new Set(reasonsOf(read))).toEqual(new Set(['malformed-manifest']));
    expect(asked(it, /\.\./)).toBe(0);
  });

  test('manifests and blobs that are gone or malformed', async () => {
    const it = await start();
    const gone = it.store.referrer(it.image, [bundle(it, 'x')]);
    it.store.manifests.delete(gone.digest);
    const lost = bundle(it, 'lost');
    it.store.blobs.delete(lost.digest);
    it.store.referrer(it.image, [lost]);
    it.store.referrers.get(it.image.digest)?.push(it.store.manifest('{"schemaVersion":2'));
    it.store.referrer(it.image, [bundle(it, 'good')]);
    const read = await attached(it);
    expect(texts(read)).toEqual(['good']);
    expect(reasonsOf(read).sort()).toEqual(['content-missing', 'content-missing', 'malformed-manifest']);
    expect(read.unreadable.map(({ kind }) => kind)).toEqual(['denied', 'denied', 'denied']);
  });

  test('tags that hold something else', async () => {
    const it = await start();
    const name = it.image.digest.replace(':', '-');
    it.store.manifest({ schemaVersion: 2, manifests: [] }, `${name}.sig`, types.index);
    it.store.image('other', name);
    it.store.referrer(it.image, [bundle(it, 'good')]);
    const read = await attached(it);
    expect(texts(read)).toEqual(['good']);
    // `cosign copy` leaves the image under the tag of its list of referrers: that is no list, and no defect of a signature.
    expect(reasonsOf(read)).toEqual(['malformed-manifest']);
  });

  test.each([
    ['referrers', 500, 'registry-error'],
    ['manifests/sha256-[0-9a-f]+$', 503, 'registry-error'],
    ['[.]sig$', 403, 'registry-unauthorized'],
  ])('%s answering %d is unreadable and never "unsigned"', async (path, status, reason) => {
    const it = await start();
    it.store.referrer(it.image, [bundle(it, 'bundle')]);
    it.store.signatureTag(it.image, ['payload']);
    it.store.intercept = (request, response) => {
      if (!new RegExp(path).test(request.url ?? '')) return false;
      response.writeHead(status).end();
      return true;
    };
    const read = await attached(it);
    expect(read.items.length).toBeGreaterThan(0);
    expect(read.unreadable).toMatchObject([{ reason, kind: 'unavailable' }]);
  });

  test.each([206, 300, 402, 410, 412, 415, 416, 418, 422, 423, 451, 501])(
    '%d is an answer about each source, and never "unsigned"',
    async (status) => {
      const sources = [
        '[.]sig$',
        'manifests/sha256-[0-9a-f]+$',
        'manifests/sha256:',
        'blobs',
        ...(status === 501 ? [] : ['referrers']),
      ];
      for (const source of sources) {
        const it = await start();
        it.store.referrer(it.image, [bundle(it, 'bundle')]);
        it.store.intercept = (request, response) => {
          if (!new RegExp(source).test(request.url ?? '')) return false;
          response.writeHead(status).end();
          return true;
        };
        const read = await attached(it);
        expect(read.unreadable).toMatchObject([{ reason: 'content-missing', kind: 'denied' }]);
        expect(read.unreadable[0]?.message).toContain(`answered ${status} to the request for`);
        expect(it.waits).toEqual([]);
      }
    },
  );

  test('a registry that asks to slow down is asked again by one request of many, whatever is left to be read', async () => {
    const it = await start();
    for (let index = 0; index < 30; index++) it.store.referrer(it.image, [bundle(it, `bundle ${index}`)]);
    it.store.intercept = (request, response) => {
      if (!/sha256:/.test(request.url ?? '') || /referrers/.test(request.url ?? '')) return false;
      response.writeHead(429).end();
      return true;
    };
    const read = await attached(it);
    expect(read.items).toEqual([]);
    expect(new Set(reasonsOf(read))).toEqual(new Set(['attached-too-slow']));
    // The 30 that were under way when the first was answered, and the tries of one.
    expect(asked(it, /manifests.sha256:/)).toBe(33);
    expect(it.waits).toEqual([100, 300, 900]);
  });
});

describe('D1, D2: bounds', () => {
  test('of 2,000 layers fifty are fetched, of 100,000 none (CVE-2023-46737)', async () => {
    const it = await start();
    const layer = (index: number) => ({ mediaType: types.payload, digest: sha256(Buffer.from(`${index}`)), size: 1 });
    const layers = Array.from({ length: 2_000 }, (_, index) => layer(index));
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, `${it.image.digest.replace(':', '-')}.sig`);
    const read = await attached(it);
    expect(asked(it, /blobs/)).toBe(50);
    expect(read.unreadable).toContainEqual(expect.objectContaining({ reason: 'too-many-signatures', kind: 'denied' }));
    const more = Array.from({ length: 100_000 }, (_, index) => layer(index));
    it.store.manifest({ schemaVersion: 2, config: {}, layers: more }, `${it.image.digest.replace(':', '-')}.sig`);
    expect(reasonsOf(await attached(it))).toEqual(['too-large']);
  });

  test("the fifty are the tag's first, then signatures by referrer, then bundles, those of other statements last", async () => {
    const it = await start({ signatures: 4, attestations: 0 });
    const statement = (predicateType: string) => ({
      annotations: { 'dev.sigstore.bundle.predicateType': predicateType },
    });
    it.store.referrer(it.image, [bundle(it, 'provenance')], statement('https://slsa.dev/provenance/v1'));
    it.store.referrer(it.image, [bundle(it, 'signature')], statement('https://sigstore.dev/cosign/sign/v1'));
    it.store.referrer(it.image, [bundle(it, 'unannotated')]);
    it.store.referrer(it.image, [it.store.blob('payload')]);
    it.store.signatureTag(it.image, ['tagged']);
    const read = await attached(it);
    expect(texts(read)).toEqual(['tagged', 'payload', 'signature', 'unannotated']);
    expect(reasonsOf(read)).toEqual(['too-many-signatures']);
  });

  test('attestations have a bound of their own: neither crowds out the other', async () => {
    const stated = { annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' } };
    const it = await start({ signatures: 3, attestations: 2 });
    for (const name of ['a', 'b']) it.store.referrer(it.image, [bundle(it, `provenance ${name}`)], stated);
    for (const name of ['a', 'b', 'c']) it.store.referrer(it.image, [bundle(it, `signature ${name}`)]);
    const within = await attached(it);
    expect(texts(within)).toEqual(['signature a', 'signature b', 'signature c', 'provenance a', 'provenance b']);
    expect(reasonsOf(within)).toEqual([]);

    it.store.referrer(it.image, [bundle(it, 'provenance c')], stated);
    const over = await attached(it);
    expect(texts(over)).toEqual(texts(within));
    // What its manifest says of it is not believed: it may be the signature that is missing.
    expect(over.unreadable).toMatchObject([{ reason: 'too-many-signatures', kind: 'denied' }]);
    expect(over.unreadable[0]?.message).toContain('more than 2 attestations are attached');
  });

  test('what no kind of evidence holds is not asked for, and what one holds is, within its bound', async () => {
    const found = async (kinds: readonly LayerKind[]) => {
      const it = await setUp({ kinds });
      closing.push(it.close);
      const image = it.store.image('app', 'v1');
      it.store.referrer(image, [it.store.blob('<spdx>', 'text/spdx')]);
      it.store.referrer(image, [it.store.blob('<spdx of more bytes>', 'text/spdx')]);
      it.store.referrer(image, [bundle(it, 'bundle')]);
      const read = await it.registry.attached(it.repository, image.digest, spending());
      return [texts(read), reasonsOf(read)];
    };
    const kind: LayerKind = {
      of: 'cosign',
      holds: (mediaType) => mediaType === 'text/spdx',
      layers: 'every',
      maxBytes: 10,
      keepsAnnotation: () => false,
      ranking: () => ({ rank: 0, bound: 'attestations' }),
    };
    expect(await found([])).toEqual([[], []]);
    expect(await found(evidenceKinds)).toEqual([['bundle'], []]);
    expect(await found([kind])).toEqual([['<spdx>'], ['too-large']]);
    expect(await found([{ ...kind, ranking: () => undefined }])).toEqual([[], []]);
  });

  test('a layer that is announced as too large is not asked for; the rest is (CVE-2024-29902)', async () => {
    const it = await start();
    const limits = { payload: 64 * 1024, bundle: 16 * 1024 * 1024 };
    const layers = [{ ...it.store.blob('x'), size: limits.payload + 1 }, it.store.blob('a'.repeat(limits.payload))];
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, `${it.image.digest.replace(':', '-')}.sig`);
    it.store.referrer(it.image, [{ ...bundle(it, 'y'), size: limits.bundle + 1 }]);
    it.store.referrers.get(it.image.digest)?.push({ ...it.store.image('big'), size: 5 * 1024 * 1024 });
    const read = await attached(it);
    expect(read.items.map(({ bytes }) => bytes.length)).toEqual([limits.payload]);
    expect(reasonsOf(read)).toEqual(['too-large', 'too-large', 'too-large']);
    expect(asked(it, /blobs/)).toBe(1);
  });

  test('a blob of a gigabyte that is announced as small is cut (CVE-2024-29903)', async () => {
    const it = await start();
    it.store.signatureTag(it.image, ['payload']);
    let written = () => 0;
    it.store.intercept = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      written = pour(response, 1024 * 1024 * 1024, Buffer.alloc(64 * 1024));
      return true;
    };
    const spent = spending();
    expect(reasonsOf(await attached(it, spent))).toEqual(['digest-mismatch']);
    expect(spent.spent.bytes).toBeLessThan(1024 * 1024);
    expect(written()).toBeLessThan(50 * 1024 * 1024);
  });

  test('when the bytes of the review are used up, nothing more is asked', async () => {
    const it = await start({ parallel: 5 });
    for (let count = 0; count < 40; count++) it.store.referrer(it.image, [bundle(it, `bundle ${count}`.repeat(1000))]);
    const spent = spending({ bytes: 100_000 });
    const read = await attached(it, spent);
    expect(read.unreadable).toContainEqual(expect.objectContaining({ reason: 'review-too-large', kind: 'denied' }));
    expect(asked(it, /blobs/)).toBeLessThan(40);
  });

  test('when the time is used up, what was read is kept and nothing more is asked', async () => {
    const it = await start({ parallel: 5 });
    it.store.signatureTag(it.image, ['payload']);
    for (let count = 0; count < 40; count++) it.store.referrer(it.image, [bundle(it, `bundle ${count}`)]);
    const spent = spending();
    it.store.intercept = (request) => {
      if (!request.url?.includes('/blobs/') || request.url.includes(sha256(Buffer.from('payload')))) return false;
      spent.end();
      return true;
    };
    const read = await attached(it, spent);
    expect(new Set(reasonsOf(read))).toEqual(new Set(['attached-too-slow']));
    expect(asked(it, /blobs/)).toBeLessThan(40);
  });
});
