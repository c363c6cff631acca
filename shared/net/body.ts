import { finished, pipeline, type Readable, type Transform } from 'node:stream';
import { Refusal } from '../reasons.ts';

/** Bytes of an unwanted body that are read so that its connection can be used again; a longer body costs the connection. */
export const drained = 64 * 1024;

/** Chunks that a body may come in however small they are. */
const freeChunks = 256;
/** Bytes that each has on average where there are more: a packet of the line holds as many, and each chunk costs some microseconds. */
const leastChunk = 512;

export interface BodyBounds {
  /** Bytes at most; one more is a Refusal `too-large`. */
  readonly maxBytes: number;
  /** What the header announces of the bytes on the line, if it does; it is believed only when it is over the bound. */
  readonly announced: number | undefined;
  /** Told of every chunk's length before it is kept; may throw to stop. */
  readonly take: (count: number) => void;
  /** `the manifest of ghcr.io/org/app:v1`. */
  readonly what: string;
  /** Entered before more of it is held than is free; what does not come in is what it rejects with. */
  readonly room?: BodyRoom | undefined;
  /** Takes the body's content coding off. The bounds then hold for the bytes on the line and for what they unpack to. */
  readonly decoder?: Transform | undefined;
}

/** Room for large bodies. */
export interface BodyRoom {
  /** Bytes that are held without it. */
  readonly free: number;
  /** `bytes`: what it may come to. */
  enter(bytes: number): Promise<void>;
}

/**
 * A body as bytes, counted as they come: neither Content-Length nor its absence lifts the bound, and a packed body is
 * unpacked no further than to it. Whatever throws, the stream is destroyed, and its socket with it.
 */
export async function readBounded(body: Readable, bounds: BodyBounds): Promise<Uint8Array> {
  const { maxBytes, announced, take, what, decoder, room } = bounds;
  const tooLarge = () => new Refusal('too-large', `${what} is over the bound of ${maxBytes} bytes`);
  const chunks: Uint8Array[] = [];
  // What cannot be compressed is longer when it is packed, by a header and some bytes for each block.
  const maxPacked = decoder === undefined ? maxBytes : maxBytes + Math.ceil(maxBytes / 1024) + 1024;
  let packed = 0;
  let length = 0;
  let taken = 0;
  let received = 0;
  let entered = room === undefined;

  function count(): void {
    const most = Math.max(packed, length);
    if (most > taken) take(most - taken);
    taken = Math.max(taken, most);
    if (packed > maxPacked || length > maxBytes) throw tooLarge();
  }

  function countChunk(): void {
    received += 1;
    if (received <= freeChunks || Math.max(packed, length) >= received * leastChunk) return;
    throw new Refusal('registry-error', `${what} comes in chunks of under ${leastChunk} bytes`);
  }

  function onTheLine(chunk: Uint8Array): void {
    packed += chunk.byteLength;
    countChunk();
    count();
  }

  function keep(chunk: Uint8Array): Promise<void> | undefined {
    length += chunk.byteLength;
    if (decoder === undefined) countChunk();
    count();
    chunks.push(chunk);
    if (room === undefined || entered || length <= room.free) return undefined;
    entered = true;
    return room.enter(decoder === undefined ? Math.min(announced ?? maxBytes, maxBytes) : maxBytes);
  }

  try {
    if (announced !== undefined && announced > maxPacked) throw tooLarge();
    await (decoder === undefined
      ? flow(body, keep)
      : Promise.all([flow(body, onTheLine), unpack(body, decoder, keep)]));
  } catch (thrown) {
    abandon(body);
    throw thrown;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}

type Take = (chunk: Uint8Array) => Promise<void> | undefined | void;

function unpack(body: Readable, decoder: Transform, take: Take): Promise<void> {
  pipeline(body, decoder, () => {});
  return flow(decoder, take);
}

/**
 * Hands over a stream's chunks as they come, in the very call that makes them: of those that one packet holds there can be thousands, and
 * whoever throws at one ends the stream before the next. No more come until what is taken has been waited for.
 */
function flow(stream: Readable, take: Take): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown): void => {
      stream.off('data', each);
      reject(thrown);
      abandon(stream);
    };
    const each = (chunk: Uint8Array): void => {
      try {
        const ready = take(chunk);
        if (ready === undefined) return;
        stream.pause();
        ready.then(() => stream.resume(), fail);
      } catch (thrown) {
        fail(thrown);
      }
    };
    stream.on('data', each);
    finished(stream, (error) => (error ? reject(error) : resolve()));
  });
}

/** Ends a body that nobody reads. The error that this makes in the stream is nobody's either. */
export function abandon(body: Readable): void {
  body.on('error', () => {});
  body.destroy();
}
