import { Malformed } from './malformed.ts';

const foreign = /[^A-Za-z0-9+/]/;
const foreignUrl = /[^A-Za-z0-9_-]/;

/** RFC 4648 section 4, padded and canonical, as cosign writes it; Buffer alone skips over anything else. Throws Malformed. */
export function decodeBase64(text: unknown, what: string): Buffer {
  if (typeof text === 'string' && text !== '' && text.length % 4 === 0) {
    // Only the last four can be written in several ways. To encode a large payload again would hold it once more.
    const last = text.slice(-4);
    const canonical = Buffer.from(last, 'base64').toString('base64') === last;
    if (canonical && !foreign.test(text.slice(0, -4))) return Buffer.from(text, 'base64');
  }
  throw new Malformed(`${what} is not base64`);
}

/** RFC 4648 section 5 without padding (RFC 7515 section 2), canonical. Throws Malformed. */
export function decodeBase64Url(text: unknown, what: string): Buffer {
  if (typeof text === 'string' && text !== '' && !foreignUrl.test(text)) {
    const last = text.slice(text.length - (text.length % 4 || 4));
    if (Buffer.from(last, 'base64url').toString('base64url') === last) return Buffer.from(text, 'base64url');
  }
  throw new Malformed(`${what} is not base64url`);
}
