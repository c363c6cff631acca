import { ecrClients } from '../../../shared/aws/ecr-clients.ts';
import { ecrCredentials } from '../../../shared/aws/ecr-credentials.ts';
import { evidenceKinds } from '../../../shared/evidence/kinds.ts';
import { ecrHosts } from '../../../shared/image/registry-names.ts';
import type { Clock, Elapsed } from '../../../shared/net/deadline.ts';
import { createDoor } from '../../../shared/net/door.ts';
import { createRegistry } from '../../../shared/registry/create.ts';
import type { Registry } from '../../../shared/registry/registry.ts';
import type { RegistryConfig } from '../config/registry.ts';

export type EcrClients = ReturnType<typeof ecrClients>;

export interface FunctionRegistryOptions {
  readonly config: RegistryConfig;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** PEM certificates that registries may be certified by, beside the default roots. */
  readonly roots: readonly string[];
  /** The clients of Amazon ECR's own API; the SDK's where they are absent. */
  readonly ecr?: EcrClients | undefined;
  /** PEM certificates by host[:port], for tests. */
  readonly ca?: Readonly<Record<string, string>> | undefined;
}

/** Registries as a function calls them: over TLS, at public addresses and at those granted in the VPC. */
export function functionRegistry(options: FunctionRegistryOptions): Registry {
  const { clock, elapsed, roots, ca, ecr = ecrClients() } = options;
  const { account, vpcRanges, privateHosts } = options.config;
  const addresses = vpcRanges.length === 0 ? [] : [{ ranges: vpcRanges, hosts: [...ecrHosts, ...privateHosts] }];
  const door = createDoor({ addresses, roots: () => roots, ...(ca === undefined ? {} : { ca }) });
  const credentials = ecrCredentials({ clientFor: ecr, account, clock });
  return createRegistry({ door, credentials, clock, elapsed, kinds: evidenceKinds });
}
