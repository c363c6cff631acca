import { createSecrets, type Secrets } from '../../shared/aws/secrets.ts';
import { secretsClient } from '../../shared/aws/secrets-client.ts';
import type { Clock } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import type { AwsConfig } from './config/aws.ts';

export type SecretsClient = ReturnType<typeof secretsClient>;

export interface FunctionSecretsOptions {
  readonly config: AwsConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Made from the configuration where it is absent. */
  readonly client?: SecretsClient | undefined;
}

/** The secrets of a function, in Secrets Manager of its region. Asks for none. */
export function functionSecrets({ config, clock, metrics, client }: FunctionSecretsOptions): Secrets {
  return createSecrets({ client: client ?? secretsClient({ region: config.region }), clock, metrics });
}

/** Milliseconds that are kept for the answer. */
const reserve = 200;

/** How long a call may wait for a secret, by the milliseconds that the function has left; `undefined`: it is not bound. */
export function timeLeft(remaining: number): AbortSignal | undefined {
  return Number.isFinite(remaining) ? AbortSignal.timeout(Math.max(0, Math.floor(remaining - reserve))) : undefined;
}
