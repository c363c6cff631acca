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

const artifactType = 'application/vnd.acme.scan+json';
const signatureType = 'application/vnd.cncf.notary.signature';
const jws = 'application/jose+json';
const asked: Asked = { ...signaturesAlone, cosign: false, artifactTypes: new Set([artifactType]) };

const read = (it: World, changes: Partial<Asked> = {}) =>
  it.registry.attached(it.repository, it.image.digest, spending(), { ...asked, ...changes });
type Read = Awaited<ReturnType<typeof read>>;
const stated = ({ items }: Read) =>
  items.map(({ attested, bytes }) => `${Buffer.from(attested?.bytes ?? [])} by ${Buffer.from(bytes)}`);
const refusals = ({ unreadable, unreadableAttestations }: Read) =>
  [unreadable, unreadableAttestations].map((all) => all.map(({ reason }) => reason));
const blobs = (it: World) => it.server.requests.filter(({ path }) => path.includes('/blobs/')).length;

/** An attestation of the image, of one layer unless others are given. */
function attest(it: World, text: string, more: Record<string, unknown> = {}, layers?: readonly unknown[]): Stored {
  return it.store.referrer(it.image, layers ?? [it.store.blob(text, 'text/json')], { artifactType, ...more });
}
const sign = (it: World, subject: Stored, by: string, more: Record<string, unknown> = {}) =>
  it.store.referrer(subject, [it.store.blob(by, jws)], { artifactType: signatureType, ...more });

test('an attestation comes with each of its signatures, and with what it is: two rounds more than a signature takes', async () => {
  const it = await start();
  const attestation = attest(it, '{"a":1}');
  sign(it, attestation, 'one');
  sign(it, attestation, 'another');
  const found = await read(it);
  expect(stated(found)).toEqual(['{"a":1} by one', '{"a":1} by another']);
  const [first] = found.items;
  expect(first?.attested).toMatchObject({
    type: artifactType,
    manifest: { digest: attestation.digest, mediaType: types.manifest, size: attestation.size },
    subject: it.image.digest,
    layer: it.store.blob('{"a":1}').digest,
  });
  expect(refusals(found)).toEqual([[], []]);
  expect(it.rounds()).toBe(5);
  // The list, the fallback tag and the manifest of the image; the same of the attestation with two manifests; three layers.
  expect(it.server.requests).toHaveLength(10);
});

test('its type may be the type of its config, as before there were artifact types', async () => {
  const it = await start();
  const config = it.store.blob('{}', artifactType);
  sign(it, attest(it, '{}', { artifactType: undefined, config }), 'one');
  expect(stated(await read(it))).toEqual(['{} by one']);
});

test('its signatures are found under its fallback tag as well', async () => {
  const it = await start();
  const attestation = attest(it, '{}');
  sign(it, attestation, 'one');
  it.store.fallbackTag(it.image);
  it.store.fallbackTag(attestation);
  it.store.referrersApi = 'off';
  expect(stated(await read(it))).toEqual(['{} by one']);
});

describe('what is not asked for costs no request', () => {
  test.each<[string, Partial<Asked>]>([
    ['of another type', { artifactTypes: new Set(['a/b']) }],
    ['where no type is asked for', { cosign: true, artifactTypes: new Set() }],
    ['as a predicate type of cosign', { artifactTypes: new Set(), predicateTypes: new Set([artifactType]) }],
  ])('%s', async (_, changes) => {
    const it = await start();
    const attestation = attest(it, '{}');
    sign(it, attestation, 'one');
    const found = await read(it, changes);
    expect([found.items, found.rejected]).toEqual([[], undefined]);
    expect(blobs(it)).toBe(0);
    expect(it.server.requests.filter(({ path }) => path.includes(attestation.digest.slice(7)))).toHaveLength(1);
  });

  test('nor what nobody signed, beyond asking for its signatures', async () => {
    const it = await start();
    const { digest } = attest(it, '{}');
    const found = await read(it);
    expect(found.items).toEqual([]);
    expect(found.rejected).toEqual([
      { repository: it.repository, manifest: digest, message: `${digest} has no Notary signature` },
    ]);
    expect(refusals(found)).toEqual([[], []]);
    expect(blobs(it)).toBe(0);
  });

  test('and nothing else of the image: neither its signatures nor what cosign attached', async () => {
    const it = await start();
    sign(it, it.image, 'of the image');
    it.store.referrer(it.image, [it.store.blob('bundle', types.bundle)]);
    it.store.attestationTag(it.image, [['https://slsa.dev/provenance/v1', '{}']]);
    sign(it, attest(it, '{}'), 'one');
    const found = await read(it);
    expect(stated(found)).toEqual(['{} by one']);
    expect(found.unread.map(({ mediaType }) => mediaType).sort()).toEqual([jws, types.bundle].sort());
    expect(it.server.requests.filter(({ path }) => /\.(?:sig|att)$/.test(path))).toEqual([]);
  });
});

describe('what is none is rejected, and spoils nothing', () => {
  const two = (it: World) => [it.store.blob('{}', 'text/json'), it.store.blob('[]', 'text/json')];
  test.each<[string, (it: World) => readonly unknown[], string]>([
    ['without layers', () => [], 'has no layer'],
    ['of several layers', two, 'has 2 layers'],
    ['with a broken layer', () => [{ mediaType: 'text/json', digest: 'sha256:0', size: 2 }], 'breaks the OCI format'],
  ])('%s', async (_, layers, message) => {
    const it = await start();
    sign(it, attest(it, '', {}, layers(it)), 'one');
    sign(it, attest(it, '{"good":1}'), 'another');
    const found = await read(it);
    expect(stated(found)).toEqual(['{"good":1} by another']);
    expect(found.rejected).toMatchObject([{ message: expect.stringContaining(message) }]);
    expect(refusals(found)).toEqual([[], []]);
  });

  test('where its signatures are of another attestation, or in two layers', async () => {
    const it = await start();
    const [attestation, other] = [attest(it, '{}'), it.store.image('other')];
    const lying = sign(it, attestation, 'one', { subject: other });
    const twice = [it.store.blob('1', jws), it.store.blob('2', jws)];
    it.store.referrer(attestation, twice, { artifactType: signatureType });
    const found = await read(it);
    expect(found.items).toEqual([]);
    expect(found.rejected).toMatchObject([{ message: expect.stringContaining("is of a signature's type") }]);
    expect(lying.digest).not.toBe(attestation.digest);
  });

  test('where what refers to it is of cosign', async () => {
    const it = await start();
    const attestation = attest(it, '{}');
    for (const type of [types.bundle, types.envelope, types.payload])
      it.store.referrer(attestation, [it.store.blob('x', type)]);
    const found = await read(it, { cosign: true, predicateTypes: new Set([artifactType]) });
    expect([found.items, found.unread]).toEqual([[], []]);
    expect(found.rejected).toMatchObject([{ message: expect.stringContaining('has no Notary signature') }]);
  });

  test('where its own subject is another image, whatever the list says', async () => {
    const it = await start();
    sign(it, attest(it, '{}', { subject: it.store.image('other') }), 'one');
    expect(await read(it)).toMatchObject({ items: [] });
  });
});

describe('what could not be read is told, as a failure of attestations alone', () => {
  test.each<[string, (it: World, attestation: Stored, signature: Stored) => void, string]>([
    [
      'a layer with other bytes',
      (it) => it.store.blobs.set(it.store.blob('{}').digest, Buffer.from('[]')),
      'digest-mismatch',
    ],
    ['a layer that is gone', (it) => it.store.blobs.delete(it.store.blob('{}').digest), 'content-missing'],
    ['a signature that is gone', (it) => it.store.blobs.delete(it.store.blob('one').digest), 'content-missing'],
    ['a manifest that is gone', (it, _, { digest }) => it.store.manifests.delete(digest), 'content-missing'],
  ])('%s', async (_, spoil, reason) => {
    const it = await start();
    const attestation = attest(it, '{}');
    spoil(it, attestation, sign(it, attestation, 'one'));
    sign(it, attest(it, '{"good":1}'), 'another');
    const found = await read(it);
    expect(stated(found)).toEqual(['{"good":1} by another']);
    expect(refusals(found)).toEqual([[], [reason]]);
  });

  test('a layer of over 16 MiB is not read', async () => {
    const it = await start();
    const layer = { ...it.store.blob('{}', 'text/json'), size: 16 * 1024 * 1024 + 1 };
    sign(it, attest(it, '', {}, [layer]), 'one');
    const found = await read(it);
    expect(refusals(found)).toEqual([[], ['too-large']]);
    expect(found.items).toEqual([]);
  });
});

describe('there are bounds', () => {
  test('of a type ten are tried', async () => {
    const it = await start();
    for (let index = 0; index < 10; index += 1) sign(it, attest(it, `{"a":${index}}`), 'one');
    const all = await read(it);
    expect([all.items.length, refusals(all)]).toEqual([10, [[], []]]);
    sign(it, attest(it, '{"a":10}'), 'one');
    const found = await read(it);
    expect([found.items.length, refusals(found)]).toEqual([10, [[], ['too-many-signatures']]]);
    expect(found.unreadableAttestations[0]?.message).toContain('more than 10 attestations of one type are attached to');
  });

  test('of one attestation what ten referrers hold', async () => {
    const it = await start();
    const attestation = attest(it, '{}');
    for (let index = 0; index < 10; index += 1) sign(it, attestation, `${index}`);
    const all = await read(it);
    expect([all.items.length, refusals(all)]).toEqual([10, [[], []]]);
    sign(it, attestation, '10');
    const found = await read(it);
    expect([found.items.length, refusals(found)]).toEqual([10, [[], ['too-many-referrers']]]);
  });

  test('of all types fifty', async () => {
    const it = await start();
    const artifactTypes = Array.from({ length: 6 }, (_, index) => `a/${index}`);
    for (const artifactType of artifactTypes) {
      for (let index = 0; index < 9; index += 1) sign(it, attest(it, `${index}`, { artifactType }), 'one');
    }
    const found = await read(it, { artifactTypes: new Set(artifactTypes) });
    expect(found.items).toHaveLength(50);
    expect(found.unreadableAttestations[0]?.message).toContain('more than 50 attestations are attached to');
  });
});
