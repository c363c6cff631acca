import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../net/deadline.ts';
import type { Metrics } from '../net/metrics.ts';
import { type AwsFailure, awsFailure, nameOf } from './failure.ts';
import { type Held, type Refreshing, refreshing } from './refreshing.ts';

/**
 * Why a secret cannot be used. `missing`: Secrets Manager says that there is none, or that it is to be deleted; `malformed`: it
 * is not in the form that was asked for; `unavailable`: it could not be read. The message names the secret and quotes nothing of it.
 */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly problem: 'missing' | 'malformed' | 'unavailable';

  constructor(problem: SecretError['problem'], message: string) {
    super(message);
    this.problem = problem;
  }
}

/** What a parser throws. Its message is told to operators, so it must not quote the secret. */
export class SecretFormatError extends Error {
  override readonly name = 'SecretFormatError';
}

export interface SecretsOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Milliseconds that a value is used without asking again: how late a rotation is seen. 10 minutes. */
  readonly ttlMs?: number;
  /** Milliseconds that a value is used, counted from when it was read, while asking again fails. 24 hours. */
  readonly staleMs?: number;
  /** Milliseconds in which a failure is not followed by another try. 5 seconds. */
  readonly negativeMs?: number;
  /** Milliseconds that Secrets Manager has for an answer. 1500. */
  readonly timeoutMs?: number;
}

/**
 * Secrets by id (a name or an ARN), each cached in this instance. A value that was read once is used for up to a day while reading it
 * fails, and so is one that parsed while its successor does not; not once Secrets Manager says that the secret is gone. Failed reads are
 * counted: `secret-failed` with the problem and whether an old value stands in.
 */
export interface Secrets {
  /** The secret's text. @throws SecretError */
  text(id: string, signal?: AbortSignal): Promise<string>;
  /** A secret with a form of its own, to be kept by whoever uses it. The value is the same object until it is read again. */
  parsed<T>(id: string, parse: (text: string) => T): Refreshing<T>;
}

/** Ids may come from policies, so what is kept of them is bounded. */
const maxTexts = 200;

export function createSecrets(options: SecretsOptions): Secrets {
  const { client, clock, metrics } = options;
  const { ttlMs = 600_000, staleMs = 24 * 3_600_000, negativeMs = 5000, timeoutMs = 1500 } = options;
  const texts = new LRUCache<string, Refreshing<string>>({ max: maxTexts });

  async function fetchText(id: string, signal: AbortSignal): Promise<string> {
    let text: string | undefined;
    try {
      ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }), {
        abortSignal: signal,
      }));
    } catch (thrown) {
      // Not kept as its cause: an SDK error carries the response.
      throw secretError(id, thrown);
    }
    if (text === undefined) throw new SecretError('malformed', `the secret ${id} holds bytes; text was expected`);
    return text;
  }

  function cached<T>(id: string, parse: (text: string) => T): Refreshing<T> {
    return refreshing<T>({
      async load(signal): Promise<Held<T>> {
        const value = parsedBy(parse, id, await fetchText(id, signal));
        const now = clock();
        return { value, freshUntil: now + ttlMs, staleUntil: now + Math.max(ttlMs, staleMs) };
      },
      clock,
      timeoutMs,
      negativeMs,
      servesStale: (thrown) => !(thrown instanceof SecretError && thrown.problem === 'missing'),
      late: () => new SecretError('unavailable', `the secret ${id} could not be read in time`),
      failed(thrown, stale) {
        const problem = thrown instanceof SecretError ? thrown.problem : 'unavailable';
        metrics.count('secret-failed', { problem, stale: stale ? 'served' : 'none' });
      },
    });
  }

  return {
    text(id, signal) {
      let read = texts.get(id);
      if (read === undefined) {
        read = cached(id, (text) => text);
        texts.set(id, read);
      }
      return read(signal);
    },
    parsed: cached,
  };
}

function parsedBy<T>(parse: (text: string) => T, id: string, text: string): T {
  try {
    return parse(text);
  } catch (thrown) {
    // Any other error, a JSON parser's for one, quotes what it could not read.
    const why = thrown instanceof SecretFormatError ? thrown.message : 'it does not parse';
    throw new SecretError('malformed', `the secret ${id} is malformed: ${why}`);
  }
}

const words: Readonly<Record<AwsFailure, string>> = {
  throttled: 'Secrets Manager asks to slow down',
  denied: 'access to it is denied',
  missing: 'there is none',
  slow: 'Secrets Manager did not answer in time',
  unreachable: 'Secrets Manager could not be reached',
  broken: 'the connection to Secrets Manager broke',
  service: 'Secrets Manager failed',
  unexpected: 'Secrets Manager did not give it out',
};

function secretError(id: string, thrown: unknown): SecretError {
  // InvalidRequestException: the secret is scheduled for deletion, or has no current version yet.
  const gone = nameOf(thrown) === 'InvalidRequestException';
  const failure = gone ? 'missing' : awsFailure(thrown);
  return new SecretError(failure === 'missing' ? 'missing' : 'unavailable', `the secret ${id}: ${words[failure]}`);
}
