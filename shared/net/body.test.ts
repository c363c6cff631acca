import { Readable } from 'node:stream';
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

test('what is packed is counted as it comes over the line, however small its pieces are once unpacked', async () => {
  const packed = gzipSync(long);
  const decoder = createGunzip({ chunkSize: 64 });
  expect(await readBounded(chunked(packed, 600).body, { ...bounds, decoder })).toEqual(long);
  const random = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 2_654_435_761) >>> 24));
  const tiny = readBounded(chunked(gzipSync(random, { level: 0 }), 1).body, { ...bounds, decoder: createGunzip() });
  await expect(tiny).rejects.toMatchObject({ reason: 'registry-error' });
});
