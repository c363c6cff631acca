import { Malformed } from './malformed.ts';

/** RFC 4648 section 4, padded and canonical, as cosign writes it; Buffer alone skips over anything else. Throws Malformed. */
export function decodeBase64(text: unknown, what: string): Buffer {
  if (typeof text === 'string' && text !== '') {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') === text) return bytes;
  }
  throw new Malformed(`${what} is not base64`);
}
