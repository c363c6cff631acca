import { ecrClients } from '../../../shared/aws/ecr-clients.ts';
import { ecrCredentials } from '../../../shared/aws/ecr-credentials.ts';
import { evidenceKinds } from '../../../shared/evidence/kinds.ts';
import type { Clock, Elapsed } from '../../../shared/net/deadline.ts';
import { createDoor } from '../../../shared/net/door.ts';
import { createRegistry } from '../../../shared/registry/create.ts';
import type { Registry } from '../../../shared/registry/registry.ts';
import type { EcrConfig } from '../config/ecr.ts';
import type { RegistryConfig } from '../config/registry.ts';
import type { Observability } from '../observability.ts';
import { calledAddresses } from './addresses.ts';

export type EcrClients = ReturnType<typeof ecrClients>;

export interface FunctionRegistryOptions {
  readonly config: RegistryConfig & EcrConfig;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** PEM certificates that registries may be certified by, beside the default roots. */
  readonly roots: readonly string[];
  readonly observability: Pick<Observability, 'metrics'>;
  /** The clients of Amazon ECR's own API; the SDK's where they are absent. */
  readonly ecr?: EcrClients | undefined;
  /** PEM certificates by host[:port], for tests. */
  readonly ca?: Readonly<Record<string, string>> | undefined;
}

/** Registries as a function calls them: over TLS, at public addresses and at those granted in the VPC. */
export function functionRegistry(options: FunctionRegistryOptions): Registry {
  const { clock, elapsed, roots, ca, ecr = ecrClients() } = options;
  const { config, observability } = options;
  const { metrics } = observability;
  const door = createDoor({
    addresses: calledAddresses(config),
    roots: () => roots,
    ...(ca === undefined ? {} : { ca }),
  });
  const credentials = ecrCredentials({ clientFor: ecr, accounts: [config.account, ...config.ecrAccounts], clock });
  return createRegistry({ door, credentials, clock, elapsed, kinds: evidenceKinds, metrics });
}
