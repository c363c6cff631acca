import { LRUCache } from 'lru-cache';
import type { Clock } from '../net/deadline.ts';
import type { Metrics } from '../net/metrics.ts';
import type { AwsKmsKey } from '../policy/kms.ts';
import { Refusal } from '../reasons.ts';
import type { KmsKey, KmsKeys } from '../trust/kms.ts';
import { type AwsFailure, awsFailure } from './failure.ts';
import type { GetPublicKey } from './kms-client.ts';
import type { KmsPlace } from './kms-clients.ts';
import { type Held, refreshing } from './refreshing.ts';

export interface KmsKeysOptions {
  /** The client for an endpoint and a region. Its code may be loaded when it is first asked for. */
  clientFor(place: KmsPlace): Promise<GetPublicKey>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Of keys whose address names none: where Countersign runs. `undefined`: what the configuration of AWS says. */
  readonly region?: string | undefined;
  /** Milliseconds that KMS has for an answer. 1500. */
  readonly timeoutMs?: number;
}

const minuteMs = 60_000;
/** Milliseconds that a key is used without asking again, and, counted from when it was read, while asking again fails. */
const ages = {
  /** What an ID names never becomes another key; it can be disabled or deleted. */
  key: { fresh: 60 * minuteMs, stale: 24 * 60 * minuteMs },
  /** An alias can be pointed at another key. */
  alias: { fresh: 5 * minuteMs, stale: 60 * minuteMs },
} as const;
const negativeMs = 5000;
/** Policies name few. */
const maxKeys = 200;

/**
 * The public keys of AWS KMS, each kept in this instance: an hour by ID or ARN, five minutes by alias; a day and an hour while KMS fails.
 * What KMS itself says of a key (there is none, it is disabled) ends at once what was kept. All who wait for a key share one call, and a
 * failure is not followed by another for five seconds. Failed calls are counted: `kms-failed`, with the reason and whether an old
 * key stands in.
 */
export function kmsKeys(options: KmsKeysOptions): KmsKeys {
  const { clock, metrics, timeoutMs = 1500 } = options;
  const keys = new LRUCache<string, KmsKeys>({ max: maxKeys });

  function cached(key: AwsKmsKey): KmsKeys {
    let held: Held<KmsKey> | undefined;
    const ask = refreshing<KmsKey>({
      async load(signal) {
        const value = await fetchKey(key, signal);
        const now = clock();
        const { fresh, stale } = isAlias(key) ? ages.alias : ages.key;
        held = { value, freshUntil: now + fresh, staleUntil: now + stale };
        return held;
      },
      clock,
      timeoutMs,
      negativeMs,
      servesStale: (thrown) => !saysNo(thrown),
      late: () => refusalOf(key, 'slow'),
      failed(thrown, stale) {
        if (saysNo(thrown)) held = undefined;
        const reason = thrown instanceof Refusal ? thrown.reason : 'kms-unavailable';
        metrics.count('kms-failed', { reason, stale: stale ? 'served' : 'none' });
      },
    });
    return () => (held !== undefined && clock() < held.freshUntil ? held.value : ask());
  }

  async function fetchKey(key: AwsKmsKey, signal: AbortSignal): Promise<KmsKey> {
    let answer: Awaited<ReturnType<GetPublicKey>>;
    try {
      const get = await options.clientFor(placeOf(key));
      answer = await get(key.keyId, signal);
    } catch (thrown) {
      // Not kept as its cause: an SDK error carries the response.
      throw refusalOf(key, problemOf(thrown));
    }
    const { PublicKey: spki, KeyUsage: usage, SigningAlgorithms: algorithms = [] } = answer;
    if (spki === undefined || usage === undefined) throw refusalOf(key, 'unexpected');
    return { spki, usage, algorithms };
  }

  return (written) => {
    const region = written.region ?? options.region;
    const key = region === undefined ? written : { ...written, region };
    const name = [key.endpoint ?? '', key.region ?? '', key.keyId].join(' ');
    let known = keys.get(name);
    if (known === undefined) {
      known = cached(key);
      keys.set(name, known);
    }
    return known(key);
  };
}

function placeOf({ endpoint, region }: AwsKmsKey): KmsPlace {
  return { ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }) };
}

function isAlias({ keyId }: AwsKmsKey): boolean {
  return /^(?:arn:.*:)?alias\//.test(keyId);
}

/** Whether it is KMS's own word about the key, after which no old one is good. */
function saysNo(thrown: unknown): boolean {
  return thrown instanceof Refusal && thrown.reason === 'key-invalid';
}

type Problem = AwsFailure | 'credentials' | 'region' | 'no-key' | 'state' | 'not-asymmetric';

/** What KMS says of a key by name, where it is no failure of KMS. */
const saidOfKey: Readonly<Record<string, Problem>> = {
  NotFoundException: 'no-key',
  InvalidArnException: 'no-key',
  DisabledException: 'state',
  KMSInvalidStateException: 'state',
  UnsupportedOperationException: 'not-asymmetric',
  InvalidKeyUsageException: 'not-asymmetric',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
};

function problemOf(thrown: unknown): Problem {
  const { name, message } = typeof thrown === 'object' && thrown !== null ? (thrown as Partial<Error>) : {};
  if (name !== undefined && Object.hasOwn(saidOfKey, name)) return saidOfKey[name] ?? 'unexpected';
  if (message === 'Region is missing') return 'region';
  const failure = awsFailure(thrown);
  // A refusal that is not about this key: whoever asks is not known, or no longer.
  return failure === 'denied' || failure === 'missing' ? 'credentials' : failure;
}

const words: Readonly<Record<Problem, string>> = {
  throttled: 'AWS KMS asks to slow down',
  denied: 'access is denied: allow the action kms:GetPublicKey on this key, in its key policy or by IAM',
  missing: 'AWS KMS did not answer it',
  slow: 'AWS KMS did not answer in time',
  unreachable: 'AWS KMS could not be reached',
  broken: 'the connection to AWS KMS broke',
  service: 'AWS KMS failed',
  unexpected: 'the answer was not understood',
  credentials: 'AWS credentials are missing, wrong or over',
  region: 'no region is known: name the key by its ARN, or set AWS_REGION',
  'no-key': 'there is no such key: look at its name, its region and its account',
  state: 'the key is disabled, or is to be deleted',
  'not-asymmetric': 'it has no public key: name an asymmetric key whose KeyUsage is SIGN_VERIFY',
};

function refusalOf({ keyId, endpoint, region }: AwsKmsKey, problem: Problem): Refusal {
  const invalid = problem === 'no-key' || problem === 'state' || problem === 'not-asymmetric';
  const where = region === undefined ? '' : ` in ${region}`;
  const at = endpoint === undefined ? '' : ` at ${endpoint}`;
  return new Refusal(
    invalid ? 'key-invalid' : 'kms-unavailable',
    `kms:GetPublicKey of ${keyId}${where}${at}: ${words[problem]}`,
  );
}
