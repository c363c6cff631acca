import { spending } from '../net/testing/spending.ts';
import { type Asked, signaturesAlone } from './registry.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { type Stored, types } from './testing/store.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type World = Setup & { readonly image: Stored };

async function start(): Promise<World> {
  const it = await setUp();
  closing.push(it.close);
  return { ...it, image: it.store.image('app', 'v1') };
}

const type = 'application/vnd.cncf.notary.signature';
const jws = 'application/jose+json';
const notary: Asked = { ...signaturesAlone, cosign: false, notary: true };
const both: Asked = { ...signaturesAlone, notary: true };

const read = (it: World, asked = notary) => it.registry.attached(it.repository, it.image.digest, spending(), asked);
type Read = Awaited<ReturnType<typeof read>>;
const texts = ({ items }: Read) => items.map(({ bytes }) => Buffer.from(bytes).toString());
const reasons = ({ unreadable }: Read) => unreadable.map(({ reason }) => reason);
const blobs = (it: World) => it.server.requests.filter(({ path }) => path.includes('/blobs/')).length;
const config = (mediaType: string, it: World) => ({ ...it.store.blob('{}', mediaType) });

describe('a manifest is a signature of the Notary Project', () => {
  const shapes: readonly [string, (it: World) => Record<string, unknown>, boolean][] = [
    ['by its artifact type, beside an empty config', () => ({ artifactType: type }), true],
    ["by its config's type, as before there were artifact types", (it) => ({ config: config(type, it) }), true],
    ['the same with an artifact type that is empty', (it) => ({ artifactType: '', config: config(type, it) }), true],
    ['not where the config is of another type', (it) => ({ artifactType: type, config: config('a/b', it) }), false],
    ['not where both are of its type', (it) => ({ artifactType: type, config: config(type, it) }), false],
    ['not of another artifact type', () => ({ artifactType: 'application/vnd.acme.thing' }), false],
    [
      "not of another artifact type, whatever the config's",
      (it) => ({ artifactType: 'a/b', config: config(type, it) }),
      false,
    ],
    ['not of no type at all', () => ({}), false],
  ];
  test.each(shapes)('%s', async (_, more, isSignature) => {
    const it = await start();
    it.store.referrer(it.image, [it.store.blob('signature', jws)], more(it));
    const found = await read(it);
    expect(texts(found)).toEqual(isSignature ? ['signature'] : []);
    expect(found.unreadable).toEqual([]);
  });

  test('of COSE as well', async () => {
    const it = await start();
    it.store.referrer(it.image, [it.store.blob('signature', 'application/cose')], { artifactType: type });
    expect(texts(await read(it))).toEqual(['signature']);
  });

  test('and is told where its layers are not one that holds a signature; the others are read', async () => {
    const it = await start();
    const layer = it.store.blob('signature', jws);
    it.store.referrer(it.image, [], { artifactType: type });
    it.store.referrer(it.image, [layer, it.store.blob('another', jws)], { artifactType: type });
    it.store.referrer(it.image, [it.store.blob('of no known format', 'text/plain')], { artifactType: type });
    it.store.referrer(it.image, [layer], { artifactType: type });
    const found = await read(it);
    expect(texts(found)).toEqual(['signature']);
    expect(reasons(found)).toEqual(['malformed-manifest', 'malformed-manifest', 'malformed-manifest']);
    expect(found.unreadableAttestations).toEqual([]);
    expect((await read(it, signaturesAlone)).unreadable).toEqual([]);
  });

  test('unless it is another image that it is about', async () => {
    const it = await start();
    const layers = [it.store.blob('signature', jws)];
    const other = it.store.image('other');
    it.store.referrer(it.image, layers, { artifactType: type, subject: other });
    expect(await read(it)).toMatchObject({ items: [], unread: [] });
  });
});

describe('what nobody asks for costs no request', () => {
  async function mixed(): Promise<World> {
    const it = await start();
    it.store.referrer(it.image, [it.store.blob('notary', jws)], { artifactType: type });
    it.store.referrer(it.image, [it.store.blob('bundle', types.bundle)]);
    it.store.referrer(it.image, [it.store.blob('referred', types.payload)]);
    it.store.signatureTag(it.image, ['tagged']);
    return it;
  }
  const paths = (it: World) => it.server.requests.map(({ path }) => path.replace('/v2/org/app/', ''));

  test('a signature of the Notary Project under a rule of cosign is left unread, and told', async () => {
    const it = await mixed();
    const found = await read(it, signaturesAlone);
    expect(texts(found).sort()).toEqual(['bundle', 'referred', 'tagged']);
    expect(found.unread).toMatchObject([{ mediaType: jws, as: 'signature' }]);
    expect(blobs(it)).toBe(3);
  });

  test("cosign's under a rule of the Notary Project too, and its tag is not asked for", async () => {
    const it = await mixed();
    const found = await read(it);
    expect(texts(found)).toEqual(['notary']);
    expect(found.unread.map(({ mediaType }) => mediaType).sort()).toEqual([types.bundle, types.payload].sort());
    expect(blobs(it)).toBe(1);
    expect(paths(it).filter((path) => path.endsWith('.sig'))).toEqual([]);
    expect(it.rounds()).toBe(3);
  });

  test('where both are asked for both are read', async () => {
    const it = await mixed();
    const found = await read(it, both);
    expect(texts(found).sort()).toEqual(['bundle', 'notary', 'referred', 'tagged']);
    expect(found.unread).toEqual([]);
  });

  test('attestations of cosign beside signatures of the Notary Project: bundles are read, which may be either', async () => {
    const it = await mixed();
    const found = await read(it, { ...notary, predicateTypes: new Set(['https://slsa.dev/provenance/v1']) });
    expect(texts(found).sort()).toEqual(['bundle', 'notary']);
    expect(paths(it).filter((path) => path.endsWith('.sig'))).toEqual([]);
    expect(paths(it).filter((path) => path.endsWith('.att'))).toHaveLength(1);
  });
});
