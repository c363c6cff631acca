import { createHash } from 'node:crypto';

/**
 * The root hash of a tree of `size` leaves that has `leaf` at `index`, by its audit path (RFC 9162 section 2.1.3.2). `undefined`: the
 * path is not one of such a leaf.
 */
export function rootHash(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (index < 0n || index >= size) return undefined;
  let hash = hashOf(0, leaf);
  let node = index;
  let last = size - 1n;
  for (const sibling of path) {
    if (last === 0n || sibling.length !== 32) return undefined;
    if (node % 2n === 1n || node === last) {
      hash = hashOf(1, sibling, hash);
      // At the right border whole levels have no sibling.
      while (node % 2n === 0n && node !== 0n) {
        node /= 2n;
        last /= 2n;
      }
    } else {
      hash = hashOf(1, hash, sibling);
    }
    node /= 2n;
    last /= 2n;
  }
  return last === 0n ? hash : undefined;
}

/** Leaves and nodes are hashed apart, so that none is taken for the other. */
function hashOf(prefix: 0 | 1, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Uint8Array.of(prefix));
  for (const part of parts) hash.update(part);
  return hash.digest();
}
