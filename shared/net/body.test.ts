import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { readBounded } from './body.ts';

const bounds = { maxBytes: 1024 * 1024, announced: undefined, take: () => undefined, what: 'the manifest' };

/** A body of `bytes` in chunks of so many, and how many of them were handed out. */
function chunked(bytes: Uint8Array, size: number): { readonly body: Readable; given(): number } {
  let given = 0;
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) {
      given += 1;
      yield bytes.subarray(at, at + size);
    }
  }
  return { body: Readable.from(pieces(), { objectMode: true, highWaterMark: 1 }), given: () => given };
}

const long = Buffer.alloc(200_000, 'x');

test('a body in chunks that a line has them in is read, and so is a short one in chunks of a byte', async () => {
  expect(await readBounded(chunked(long, 536).body, bounds)).toEqual(long);
  expect(await readBounded(chunked(long.subarray(0, 256), 1).body, bounds)).toHaveLength(256);
});

test('a body in tiny chunks, each of which costs as much as a large one, is read no further than some hundred of them', async () => {
  const { body, given } = chunked(long, 1);
  await expect(readBounded(body, bounds)).rejects.toMatchObject({
    reason: 'registry-error',
    message: 'the manifest comes in chunks of under 512 bytes',
  });
  expect(given()).toBeLessThan(300);
  expect(body.destroyed).toBe(true);
});

test('a long body waits for room, of which no more is held meanwhile than is free; a short one does not', async () => {
  const asked: number[] = [];
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const room = {
    free: 10_000,
    enter(bytes: number) {
      asked.push(bytes);
      return entered;
    },
  };
  expect(await readBounded(chunked(long.subarray(0, 10_000), 1000).body, { ...bounds, room })).toHaveLength(10_000);
  expect(asked).toEqual([]);
  const { body, given } = chunked(long, 1000);
  const reading = readBounded(body, { ...bounds, announced: 200_000, room });
  while (asked.length === 0) await nextTurn();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  expect(given()).toBeLessThanOrEqual(13);
  enter();
  expect(await reading).toEqual(long);
  // What does not say how long it is, or is packed, may come to all that is read of it.
  expect(await readBounded(chunked(long, 1000).body, { ...bounds, room })).toEqual(long);
  const packed = chunked(gzipSync(long), 600).body;
  expect(await readBounded(packed, { ...bounds, announced: 300, room, decoder: createGunzip() })).toEqual(long);
  expect(asked).toEqual([200_000, bounds.maxBytes, bounds.maxBytes]);
});

test('who finds no room ends the body', async () => {
  const late = new Error('no room');
  const room = { free: 10_000, enter: () => Promise.reject(late) };
  const { body } = chunked(long, 1000);
  await expect(readBounded(body, { ...bounds, room })).rejects.toBe(late);
  expect(body.destroyed).toBe(true);
});

test('what is packed is counted as it comes over the line, however small its pieces are once unpacked', async () => {
  const packed = gzipSync(long);
  const decoder = createGunzip({ chunkSize: 64 });
  expect(await readBounded(chunked(packed, 600).body, { ...bounds, decoder })).toEqual(long);
  const random = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 2_654_435_761) >>> 24));
  const tiny = readBounded(chunked(gzipSync(random, { level: 0 }), 1).body, { ...bounds, decoder: createGunzip() });
  await expect(tiny).rejects.toMatchObject({ reason: 'registry-error' });
});
