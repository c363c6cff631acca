import { evidenceKinds } from '../../shared/evidence/kinds.ts';
import { ecrHosts } from '../../shared/image/registry-names.ts';
import type { Clock, Elapsed } from '../../shared/net/deadline.ts';
import { createDoor } from '../../shared/net/door.ts';
import { createRegistry } from '../../shared/registry/create.ts';
import type { CredentialSource } from '../../shared/registry/credentials.ts';
import type { Registry } from '../../shared/registry/registry.ts';

export interface DeployedRegistryOptions {
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** Ranges of the VPC, in which Amazon ECR's endpoints and `privateHosts` answer. */
  readonly vpcRanges: readonly string[];
  readonly privateHosts: readonly string[];
  /** PEM certificates that registries may be certified by, beside the default roots. */
  readonly roots: readonly string[];
  /** PEM certificates by host[:port], for tests. */
  readonly ca?: Readonly<Record<string, string>>;
}

/** Registries as a deployed function calls them: over TLS, at public addresses and at those granted in the VPC. */
export function deployedRegistry(options: DeployedRegistryOptions): Registry {
  const { credentials, clock, elapsed, vpcRanges, privateHosts, roots, ca } = options;
  const addresses = vpcRanges.length === 0 ? [] : [{ ranges: vpcRanges, hosts: [...ecrHosts, ...privateHosts] }];
  const door = createDoor({ addresses, roots: () => roots, ...(ca === undefined ? {} : { ca }) });
  return createRegistry({ door, credentials, clock, elapsed, kinds: evidenceKinds });
}
