import type { Digest } from './digest.ts';
import type { Repository } from './repository.ts';

/**
 * An image reference in canonical form. `tag` is set unless only a digest was written: a text with neither means `latest`.
 * With both, the digest decides and the tag is decoration.
 */
export interface ImageReference {
  readonly repository: Repository;
  readonly tag?: string;
  readonly digest?: Digest;
}
