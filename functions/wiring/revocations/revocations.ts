import { awsSigner } from '../../../shared/aws/signer.ts';
import { type SignerClientsOptions, signerClients } from '../../../shared/aws/signer-clients.ts';
import type { Clock, Elapsed } from '../../../shared/net/deadline.ts';
import { createDoor } from '../../../shared/net/door.ts';
import type { Metrics } from '../../../shared/net/metrics.ts';
import { createRevocations } from '../../../shared/revocation/create.ts';
import type { Revocations } from '../../../shared/revocation/revocation.ts';
import type { RegistryConfig } from '../config/registry.ts';
import { calledAddresses } from '../registry/addresses.ts';

/** What tests put in the place of AWS. */
export type SignerParts = Pick<SignerClientsOptions, 'endpoint' | 'credentials'>;

export interface FunctionRevocationsOptions {
  readonly config: RegistryConfig;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly metrics: Metrics;
  readonly signer?: SignerParts | undefined;
}

/**
 * Responders as a function asks them: by a door of their own, so that none that hangs holds a connection that registries need; over plain
 * HTTP, at the addresses at which registries are called. AWS Signer by the function's role.
 */
export function functionRevocations(options: FunctionRevocationsOptions): Revocations {
  const { config, clock, elapsed, metrics, signer: parts = {} } = options;
  const door = createDoor({ addresses: calledAddresses(config), allowHttp: 'any', connectTimeout: 2000 });
  const signer = awsSigner({ clientFor: signerClients(parts), clock });
  return createRevocations({ door, clock, elapsed, metrics, signer });
}
