import { type Objects, s3Objects } from '../../../shared/aws/objects.ts';
import { s3Client } from '../../../shared/aws/s3-client.ts';
import type { Clock } from '../../../shared/net/deadline.ts';
import { messageOf, Refusal } from '../../../shared/reasons.ts';
import { noRoots, type TrustRoots } from '../../../shared/trust/root/trust-root.ts';
import { ageWarning, type FoundRoot, rootsOnce, unreadWarnings } from '../../../shared/trust-roots/found.ts';
import type { AwsConfig } from '../config/aws.ts';
import type { TrustConfig } from '../config/trust.ts';
import type { Observability } from '../observability.ts';
import { ownRoot } from './own.ts';
import { publishedRoots } from './published.ts';

export interface FunctionRootsOptions {
  readonly config: AwsConfig & TrustConfig;
  /** Folder with the function's code. */
  readonly root: string;
  readonly clock: Clock;
  readonly observability: Observability;
  /** The bucket with what is published; made from the configuration where it is absent. */
  readonly objects?: Objects | undefined;
}

/** The trust root of a function: none, that of its zip, or the published one. Nothing of it is read before a check needs it. */
export function functionRoots({ config, root, clock, observability, objects }: FunctionRootsOptions): TrustRoots {
  const { trustRoot, trustBucket, trustRootMaxAge, region } = config;
  if (trustRoot === 'none') return noRoots;

  function loaded(found: FoundRoot): void {
    for (const warning of unreadWarnings(found)) observability.warning('trust-root-part-unread', warning);
    const old = ageWarning(found, clock(), trustRootMaxAge);
    if (old !== undefined) observability.warning('trust-root-old', old);
  }

  const own = rootsOnce(async () => {
    const found = await ownRoot(trustRoot, root).catch((thrown: unknown) => {
      observability.problem('trust-root-invalid', messageOf(thrown));
      // The deployment is wrong, and no outage: failurePolicy Ignore admits nothing for it.
      throw new Refusal('trust-missing', 'the trust root of this deployment cannot be read');
    });
    loaded(found);
    return found.root;
  });
  if (trustBucket === undefined) return own;
  return publishedRoots({
    objects: objects ?? s3Objects({ client: s3Client({ region }), bucket: trustBucket }),
    clock,
    own,
    loaded,
    failed: (why) => observability.warning('trust-root-unread', `the published trust root is not read: ${why}`),
  });
}
