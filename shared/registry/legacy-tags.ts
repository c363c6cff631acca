import { type Digest, splitDigest } from '../image/digest.ts';
import type { MayHold } from './reading.ts';
import type { AttachedItem } from './registry.ts';

export type LegacySource = Exclude<AttachedItem['source'], 'referrer'>;

/** The tags under which cosign keeps what belongs to a digest beside referrers, and what their manifests hold. */
export const legacyTags: Readonly<Record<LegacySource, { readonly suffix: 'sig' | 'att'; readonly holds: MayHold }>> = {
  'sig-tag': { suffix: 'sig', holds: 'signatures' },
  'att-tag': { suffix: 'att', holds: 'attestations' },
};

/** A tag has at most 128 characters: none of these exists for a SHA-512 digest. */
const longestTag = 128;

/** cosign's tag for a digest; `undefined`: there can be none. */
export function legacyTag(digest: Digest, source: LegacySource): string | undefined {
  const { algorithm, hex } = splitDigest(digest);
  const tag = `${algorithm}-${hex}.${legacyTags[source].suffix}`;
  return tag.length > longestTag ? undefined : tag;
}
