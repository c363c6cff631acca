import { Malformed } from './malformed.ts';

/** Bytes of a log entry's body, which names keys and hashes, and of its promise, a signature. */
export const maxBody = 64 * 1024;
export const maxPromise = 16 * 1024;

/**
 * Asked before bytes in JSON are decoded: whoever attached them says how many there are. What is no text is no bytes: Buffer.from
 * takes an object with a `length` for a list, and fills memory with as many zeros. Throws Malformed.
 */
export function refuseMoreBytes(value: unknown, most: number, what: string): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && value.length <= 4 * Math.ceil(most / 3)) return;
  throw new Malformed(`${what} is no base64 of at most ${most} bytes`);
}
