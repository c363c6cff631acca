import type { Objects } from '../../shared/aws/objects.ts';
import type { Refreshing } from '../../shared/aws/refreshing.ts';
import type { Clock, Elapsed } from '../../shared/net/deadline.ts';
import type { Reviews } from '../../shared/pipeline.ts';
import { trustOf } from '../../shared/plan/trust-source.ts';
import type { Refusal } from '../../shared/reasons.ts';
import type { PoliciesInForce } from '../http/handler.ts';
import { engine } from '../wiring/engine.ts';
import { functionKms, type KmsParts } from '../wiring/kms.ts';
import { createLedgers } from '../wiring/ledgers.ts';
import type { Observability } from '../wiring/observability.ts';
import { policiesInForce } from '../wiring/policies-in-force.ts';
import { lazyRegistry } from '../wiring/registry/lazy.ts';
import type { FunctionRegistryOptions } from '../wiring/registry/registry.ts';
import { lazyRevocations } from '../wiring/revocations/lazy.ts';
import type { SignerParts } from '../wiring/revocations/revocations.ts';
import { functionSigning } from '../wiring/signing.ts';
import { connect, ledgerTable, type TableClient } from '../wiring/table.ts';
import { functionRoots } from '../wiring/trust/roots.ts';
import type { Config } from './config.ts';
import { deployedReviews } from './reviews.ts';

export interface CoreOptions extends Pick<FunctionRegistryOptions, 'roots' | 'ecr' | 'ca'> {
  readonly config: Config;
  /** Folder with the function's code, and the policies in it. */
  readonly root: string;
  readonly macKeys: Refreshing<readonly Uint8Array[]>;
  /** Made from the configuration where it is absent. */
  readonly dynamodb?: TableClient | undefined;
  /** The bucket with what is published; made from the configuration where it is absent. */
  readonly objects?: Objects | undefined;
  readonly kms?: KmsParts | undefined;
  readonly signer?: SignerParts | undefined;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly observability: Observability;
}

/** What decides: policies, ledger, registries and verification. */
export interface Core {
  readonly pipeline: Reviews;
  policies(cluster: string): PoliciesInForce | Refusal | undefined;
  /** Resolves when the table has been connected to, or could not be. */
  readonly connected: Promise<void>;
  /** Loads what only an image that the ledger does not know needs. */
  loadRegistry(): Promise<unknown>;
  /** Loads the trust root, which only some policies need. */
  loadRoots(): Promise<unknown>;
}

export async function createCore(options: CoreOptions): Promise<Core> {
  const { config, macKeys, clock, elapsed, observability, dynamodb: client, kms: parts, signer } = options;
  const { metrics } = observability;
  const table = ledgerTable({ config, metrics, client });
  const connected = connect(table, metrics);
  const ledgers = createLedgers({ table, macKeys, clock, settings: config.ledger, engine, metrics });
  const { registry, load: loadRegistry } = lazyRegistry(options);
  const { registries, maxImages } = config;
  const roots = functionRoots(options);
  const policies = await policiesInForce(options);
  const trust = trustOf(roots, functionKms({ config, clock, metrics, parts }));
  const revocations = lazyRevocations({ config, clock, elapsed, metrics, signer });
  const signing = functionSigning({ config, clock, ecr: options.ecr });
  return {
    pipeline: deployedReviews({
      registry,
      ledgers,
      registries,
      clock,
      elapsed,
      trust,
      revocations,
      signing,
      reviewImages: maxImages,
    }),
    policies: (cluster) => policies.get(cluster),
    connected,
    loadRegistry,
    loadRoots: async () => roots(),
  };
}
