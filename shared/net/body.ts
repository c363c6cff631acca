import type { Readable } from 'node:stream';
import { Refusal } from '../reasons.ts';

/** Bytes of an unwanted body that are read so that its connection can be used again; a longer body costs the connection. */
export const drained = 64 * 1024;

export interface BodyBounds {
  /** Bytes at most; one more is a Refusal `too-large`. */
  readonly maxBytes: number;
  /** What the header announces, if it does; it is believed only when it is over the bound. */
  readonly announced: number | undefined;
  /** Told of every chunk's length before it is kept; may throw to stop. */
  readonly take: (count: number) => void;
  /** `the manifest of ghcr.io/org/app:v1`. */
  readonly what: string;
}

/**
 * A body as bytes, counted as they come: neither Content-Length nor its absence lifts the bound. Whatever throws, the
 * stream is destroyed, and its socket with it.
 */
export async function readBounded(body: Readable, bounds: BodyBounds): Promise<Uint8Array> {
  const { maxBytes, announced, take, what } = bounds;
  const tooLarge = () => new Refusal('too-large', `${what} is over the bound of ${maxBytes} bytes`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    if (announced !== undefined && announced > maxBytes) throw tooLarge();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      take(chunk.byteLength);
      length += chunk.byteLength;
      if (length > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (thrown) {
    abandon(body);
    throw thrown;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}

/** Ends a body that nobody reads. The error that this makes in the stream is nobody's either. */
export function abandon(body: Readable): void {
  body.on('error', () => {});
  body.destroy();
}
