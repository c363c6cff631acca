import type { Clock } from '../../shared/net/deadline.ts';
import type { SigningStatus } from '../../shared/verdict/signing-status.ts';
import type { RegistryConfig } from './config/registry.ts';
import { lazy } from './lazy.ts';
import type { EcrClients } from './registry/registry.ts';

export interface FunctionSigningOptions {
  readonly config: RegistryConfig;
  readonly clock: Clock;
  /** The clients of Amazon ECR's own API; the SDK's where they are absent. */
  readonly ecr?: EcrClients | undefined;
}

/** Amazon ECR's managed signing in the function's own account, loaded when an image without a signature is first asked about. */
export function functionSigning({ config, clock, ecr }: FunctionSigningOptions): SigningStatus {
  const load = lazy(async () => {
    const [{ ecrSigning }, { ecrClients }] = await Promise.all([
      import('../../shared/aws/ecr-signing.ts'),
      import('../../shared/aws/ecr-clients.ts'),
    ]);
    return ecrSigning({ clientFor: ecr ?? ecrClients(), account: config.account, clock });
  });
  return { of: async (...asked) => (await load()).of(...asked) };
}
