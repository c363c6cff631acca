import type { ECRClient } from '@aws-sdk/client-ecr';
import { LRUCache } from 'lru-cache';
import { ecrRegistry } from '../image/registry-names.ts';
import type { Repository } from '../image/repository.ts';
import type { Clock } from '../net/deadline.ts';
import { type NoReason, Refusal } from '../reasons.ts';
import type { Credential } from '../registry/credentials.ts';
import { type AwsFailure, awsFailure } from './failure.ts';
import { type Held, type Refreshing, refreshing } from './refreshing.ts';
import { regionName } from './region.ts';

export interface EcrCredentialsOptions {
  /** The client for a region. It may be made, and its code loaded, when it is first asked for. */
  clientFor(region: string): Pick<ECRClient, 'send'> | Promise<Pick<ECRClient, 'send'>>;
  /** The accounts whose registries are asked with credentials: the function's own, and those that let it in. */
  readonly accounts: readonly string[];
  readonly clock: Clock;
  /** Milliseconds that Amazon ECR has for an answer. 1500. */
  readonly timeoutMs?: number;
}

export interface EcrCredentials {
  /** `undefined`: the repository is in no registry of these accounts. Rejects with Refusal. */
  find(repository: Repository): Promise<Credential | undefined>;
}

const minuteMs = 60_000;
const longestMs = 10 * 60 * minuteMs;
const negativeMs = 5000;
const maxRegions = 50;

/**
 * Amazon ECR's tokens for the registries of some accounts, kept in this instance and nowhere else. A token is good for 12 hours and for all
 * registries of a region, of every account that lets its owner in; it is renewed after 10 hours, or half an hour before its end. While that fails the old one is used up to a minute
 * before its end. One that comes without an end that is still ahead is kept for a minute.
 */
export function ecrCredentials(options: EcrCredentialsOptions): EcrCredentials {
  const { accounts, clock, timeoutMs = 1500 } = options;
  const regions = new LRUCache<string, Refreshing<Credential>>({ max: maxRegions });

  async function load(region: string, signal: AbortSignal): Promise<Held<Credential>> {
    let token: string | undefined;
    let expiresAt: Date | undefined;
    try {
      const [{ GetAuthorizationTokenCommand }, client] = await Promise.all([
        import('@aws-sdk/client-ecr'),
        options.clientFor(region),
      ]);
      const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
      ({ authorizationToken: token, expiresAt } = answer.authorizationData?.[0] ?? {});
    } catch (thrown) {
      throw refusal(region, awsFailure(thrown));
    }
    const value = credentialOf(token, region);
    if (value === undefined) throw refusal(region, 'unexpected');
    const now = clock();
    const end = expiresAt?.getTime() ?? now;
    const freshUntil = Math.max(now + minuteMs, Math.min(now + longestMs, end - 30 * minuteMs));
    return { value, freshUntil, staleUntil: Math.max(freshUntil, end - minuteMs) };
  }

  function forRegion(region: string): Refreshing<Credential> {
    const known = regions.get(region);
    if (known !== undefined) return known;
    const made = refreshing<Credential>({
      load: (signal) => load(region, signal),
      clock,
      timeoutMs,
      negativeMs,
      servesStale: () => true,
      late: () => refusal(region, 'slow'),
      failed: () => undefined,
    });
    regions.set(region, made);
    return made;
  }

  return {
    async find({ registry }) {
      const found = ecrRegistry(registry);
      if (found === undefined || !accounts.includes(found.account) || !regionName.test(found.region)) return undefined;
      return await forRegion(found.region)();
    },
  };
}

/** Base64 of `AWS:<password>`. */
function credentialOf(token: string | undefined, region: string): Credential | undefined {
  const text = Buffer.from(token ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon <= 0 || colon === text.length - 1) return undefined;
  const [username, password] = [text.slice(0, colon), text.slice(colon + 1)];
  return { kind: 'basic', username, password, for: `Amazon ECR in ${region}`, issued: true };
}

const refusals: Readonly<Record<AwsFailure, readonly [NoReason, string]>> = {
  throttled: ['registry-throttled', 'it asks to slow down'],
  denied: ['registry-unauthorized', 'access is denied'],
  missing: ['registry-unauthorized', 'access is denied'],
  slow: ['registry-unreachable', 'it did not answer in time'],
  unreachable: ['registry-unreachable', 'it could not be reached'],
  broken: ['registry-unreachable', 'the connection broke'],
  service: ['registry-error', 'its service failed'],
  unexpected: ['registry-error', 'its answer was not understood'],
};

function refusal(region: string, failure: AwsFailure): Refusal {
  const [reason, words] = refusals[failure];
  return new Refusal(reason, `Amazon ECR in ${region} gave no token to read with: ${words}`);
}
