import { setImmediate as nextTurn } from 'node:timers/promises';
import { spending } from '../net/testing/spending.ts';
import { signaturesAlone } from './registry.ts';
import { createRooms } from './rooms.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { type Stored, types } from './testing/store.ts';

const large = 100 * 1024;

let it: Setup;
/** Images that have asked for room. */
let asked: number;
/** It is enough for one image whose attachments have over `large` bytes, beside one with as many. */
beforeEach(async () => {
  asked = 0;
  const rooms = createRooms(3 * large, 2 * large);
  it = await setUp({
    rooms: {
      enter(...of) {
        asked += 1;
        return rooms.enter(...of);
      },
    },
  });
});
afterEach(() => it.close());

/** An image with a referrer's layer for each of `sizes`. */
function imageWith(name: string, sizes: readonly number[]): Stored {
  const image = it.store.image(name);
  for (const [index, size] of sizes.entries()) {
    it.store.referrer(image, [it.store.blob(`${name} ${index} `.padEnd(size), types.bundle)]);
  }
  return image;
}
const attached = (image: Stored, spent = spending()) => it.registry.attached(it.repository, image.digest, spent);
const sizesOf = ({ items }: Awaited<ReturnType<typeof attached>>) => items.map(({ bytes }) => bytes.length);
const blobs = () => it.server.requests.filter(({ path }) => path.includes('/blobs/')).length;

async function blobsAre(count: number): Promise<void> {
  while (blobs() < count) await nextTurn();
}

test('large layers wait, unread, until those of other images are let go of; small ones do not', async () => {
  const first = await attached(imageWith('first', [large]));
  expect(sizesOf(first)).toEqual([large]);
  let done = false;
  const second = attached(imageWith('second', [large, 10, 2 * large, 20])).finally(() => {
    done = true;
  });
  await blobsAre(3);
  expect(sizesOf(await attached(imageWith('third', [30])))).toEqual([30]);
  expect({ done, blobs: blobs() }).toEqual({ done: false, blobs: 4 });
  first.release?.();
  expect(sizesOf(await second)).toEqual([10, 20, large, 2 * large]);
  expect(blobs()).toBe(6);
});

test('what attestations with Notary signatures state waits as well, all of one image at once', async () => {
  const asking = { ...signaturesAlone, cosign: false, artifactTypes: new Set(['a/b']) };
  const image = it.store.image('attested');
  for (const text of ['1', '2'].map((digit) => digit.repeat(large))) {
    const artifact = it.store.referrer(image, [it.store.blob(text, 'text/json')], { artifactType: 'a/b' });
    const signature = { artifactType: 'application/vnd.cncf.notary.signature' };
    it.store.referrer(artifact, [it.store.blob('signed', 'application/jose+json')], signature);
  }
  const first = await attached(imageWith('first', [2 * large]));
  const second = it.registry.attached(it.repository, image.digest, spending(), asking);
  // The first one's layer, and the signature, which both share.
  await blobsAre(2);
  while (asked < 2) await nextTurn();
  expect(blobs()).toBe(2);
  first.release?.();
  const { items, release } = await second;
  expect(items.map(({ attested }) => attested?.bytes.length)).toEqual([large, large]);
  expect(release).toBeDefined();
  expect([asked, blobs()]).toEqual([2, 4]);
});

test('what had no room in its time is attached-too-slow', async () => {
  const first = await attached(imageWith('first', [large]));
  const spent = spending();
  const second = attached(imageWith('second', [2 * large]), spent);
  while (asked < 2) await nextTurn();
  spent.end();
  const read = await second;
  expect({ sizes: sizesOf(read), blobs: blobs() }).toEqual({ sizes: [], blobs: 1 });
  expect(read.unreadable.map(({ reason }) => reason)).toEqual(['attached-too-slow']);
  expect(read.unreadable[0]?.message).toContain('before there was room for what other reviews read');
  // Whoever waits no longer is not let in, and keeps nobody waiting.
  first.release?.();
  read.release?.();
  const third = await attached(imageWith('third', [large]));
  expect({ sizes: sizesOf(third), unreadable: third.unreadable }).toEqual({ sizes: [large], unreadable: [] });
});

test('hosts that nobody named do not take the room of those that are', async () => {
  for (const [name, named] of [
    ['first', true],
    ['second', false],
    ['third', true],
  ] as const) {
    expect(sizesOf(await attached(imageWith(name, [large]), { ...spending(), named }))).toEqual([large]);
  }
});

test('small attachments take no room', async () => {
  const read = await attached(imageWith('first', [10, 64 * 1024]));
  expect(sizesOf(read)).toEqual([10, 64 * 1024]);
  expect(read.release).toBeUndefined();
});

test('what is over the bound of its kind takes no room', async () => {
  const image = it.store.image('first');
  it.store.referrer(image, [{ ...it.store.blob('x', types.bundle), size: 17 * 1024 * 1024 }]);
  const read = await attached(image);
  expect(read.unreadable.map(({ reason }) => reason)).toEqual(['too-large']);
  expect(asked).toBe(0);
});
