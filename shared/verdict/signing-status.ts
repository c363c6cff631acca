import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Spending } from '../net/spending.ts';

/**
 * What the registry itself has done so far to sign an image, where it signs what is pushed (Amazon ECR's managed signing): asked where
 * nothing is attached that counts.
 */
export interface SigningStatus {
  /**
   * `in-progress`: a signature is about to come. `failed`: the registry tried, and none comes. `none`: it has signed, does not sign, is
   * not asked, or does not say. Never rejects. `profiles`: whose signatures would count, as ARNs of signing profiles or of their versions;
   * what others are about to sign is `none`, or whoever pushes images could have anything wait.
   */
  of(
    repository: Repository,
    digest: Digest,
    profiles: readonly string[],
    allowance: Spending,
  ): Promise<'in-progress' | 'failed' | 'none'>;
}
