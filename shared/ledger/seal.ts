import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Key } from './table.ts';

/** Of the bodies' format and of the MAC's input. */
const version = '2';

export type SealCheck = 'good' | 'mac' | 'version';

/** Binds a body to the key that it is stored under: HMAC-SHA-256 over version, pk, sk and body. */
export interface Seal {
  /** `<version>.<base64url>`. */
  sign(key: Key, body: string): string;
  /** `mac`: no key of ours made it for this body under this key; `version`: another format's. */
  check(key: Key, body: string, mac: unknown): SealCheck;
}

/**
 * @param keys one or two, of 32 bytes at least: the first signs, each verifies (rotation: put the new one second everywhere,
 *   then first everywhere, then drop the old one).
 * @throws RangeError for any other number or a shorter key.
 */
export function createSeal(keys: readonly Uint8Array[]): Seal {
  if (keys.length < 1 || keys.length > 2) throw new RangeError('one or two MAC keys are needed');
  if (keys.some((key) => key.length < 32)) throw new RangeError('a MAC key has 32 bytes at least');
  const secrets = keys.map((key) => createSecretKey(key));

  function macs(key: Key, body: string): Buffer[] {
    const input = [version, key.pk, key.sk, body].map(lengthPrefixed).join('');
    return secrets.map((secret) => createHmac('sha256', secret).update(input).digest());
  }

  return {
    sign: (key, body) => `${version}.${macs(key, body)[0]?.toString('base64url')}`,
    check(key, body, mac) {
      if (typeof mac !== 'string') return 'mac';
      if (!mac.startsWith(`${version}.`)) return 'version';
      const given = Buffer.from(mac.slice(version.length + 1), 'base64url');
      let good = false;
      for (const wanted of macs(key, body)) {
        if (given.length === wanted.length && timingSafeEqual(given, wanted)) good = true;
      }
      return good ? 'good' : 'mac';
    },
  };
}

/** No two lists of parts give the same text once each part is preceded by its length in bytes. */
export function lengthPrefixed(part: string): string {
  return `${Buffer.byteLength(part)}:${part}`;
}
