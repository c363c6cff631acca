import type { ECRClient } from '@aws-sdk/client-ecr';
import { LRUCache } from 'lru-cache';
import { ecrRegistry } from '../image/registry-names.ts';
import type { Clock } from '../net/deadline.ts';
import type { SigningStatus } from '../verdict/signing-status.ts';
import { awsFailure } from './failure.ts';
import { regionName } from './region.ts';

export interface EcrSigningOptions {
  /** The client for a region. It may be made, and its code loaded, when it is first asked for. */
  clientFor(region: string): Pick<ECRClient, 'send'> | Promise<Pick<ECRClient, 'send'>>;
  /** The account whose registries are asked: the function's own. */
  readonly account: string;
  readonly clock: Clock;
}

/** Milliseconds for which a region is not asked again that may not be asked: a policy of IAM does not change within a review; */
const deniedMs = 5 * 60_000;
/** and one that failed: it is not worth the time of each image. */
const failedMs = 10_000;
const maxRegions = 50;

/**
 * Amazon ECR's managed signing (`ecr:DescribeImageSigningStatus`), which signs an image some time after it was pushed. Registries of other
 * accounts are not asked; what fails or is not permitted says nothing.
 */
export function ecrSigning({ clientFor, account, clock }: EcrSigningOptions): SigningStatus {
  const resting = new LRUCache<string, number>({ max: maxRegions });

  return {
    async of({ registry, path }, digest, profiles, allowance) {
      const found = ecrRegistry(registry);
      if (profiles.length === 0 || found?.account !== account || !regionName.test(found.region)) return 'none';
      const { region } = found;
      const { deadline } = allowance;
      if (deadline.remaining() === 0 || clock() < (resting.get(region) ?? 0)) return 'none';
      try {
        const [{ DescribeImageSigningStatusCommand }, client] = await Promise.all([
          import('@aws-sdk/client-ecr'),
          clientFor(region),
        ]);
        allowance.sent();
        const { signingStatuses = [] } = await client.send(
          new DescribeImageSigningStatusCommand({
            registryId: account,
            repositoryName: path,
            imageId: { imageDigest: digest },
          }),
          { abortSignal: deadline.signal },
        );
        // One for each profile that signs the repository: whichever the policy trusts may be the one to come.
        const told = signingStatuses
          .filter(({ signingProfileArn = '' }) => profiles.some((profile) => isOf(profile, signingProfileArn)))
          .map(({ status }) => status);
        if (told.includes('IN_PROGRESS')) return 'in-progress';
        return told.includes('FAILED') ? 'failed' : 'none';
      } catch (thrown) {
        const failure = awsFailure(thrown);
        if (failure === 'denied') resting.set(region, clock() + deniedMs);
        // What is said of one image, such as that it is not there, says nothing of others.
        else if (failure !== 'unexpected' && failure !== 'missing') resting.set(region, clock() + failedMs);
        return 'none';
      }
    },
  };
}

/** Whether a profile, or the version of one, is of this profile: ARNs are compared without regard to case. */
function isOf(trusted: string, profile: string): boolean {
  const [one, other] = [trusted.toLowerCase(), profile.toLowerCase()];
  return one === other || one.startsWith(`${other}/`);
}
