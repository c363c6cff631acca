import { type KmsClientsOptions, kmsClients } from '../../shared/aws/kms-clients.ts';
import { kmsKeys } from '../../shared/aws/kms-keys.ts';
import type { Clock } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import type { KmsKeys } from '../../shared/trust/kms.ts';
import type { AwsConfig } from './config/aws.ts';

/** What tests put in the place of AWS. */
export type KmsParts = Pick<KmsClientsOptions, 'endpoint' | 'credentials'>;

export interface FunctionKmsOptions {
  readonly config: AwsConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly parts?: KmsParts | undefined;
}

/** The keys of AWS KMS that policies name, by the function's role; in its own region where an address names none. Asks for none. */
export function functionKms({ config, clock, metrics, parts = {} }: FunctionKmsOptions): KmsKeys {
  const clientFor = kmsClients({ ...parts, plainLoopback: false });
  return kmsKeys({ clientFor, region: config.region, clock, metrics });
}
