import { join } from 'node:path';
import type { ecrClients } from '../../shared/aws/clients.ts';
import { dynamoClient } from '../../shared/aws/dynamodb-client.ts';
import { dynamoTable } from '../../shared/aws/dynamodb-table.ts';
import { ecrCredentials } from '../../shared/aws/ecr-credentials.ts';
import type { Refreshing } from '../../shared/aws/refreshing.ts';
import type { Table } from '../../shared/ledger/table.ts';
import type { Clock, Elapsed } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import type { Reviews } from '../../shared/pipeline.ts';
import { type LoadedClusters, warningsOf } from '../../shared/policy-set/clusters.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import type { Config } from '../config.ts';
import type { PoliciesInForce } from '../http/handler.ts';
import type { Observability } from '../observability.ts';
import { engine } from './engine.ts';
import { late } from './late.ts';
import { createLedgers } from './ledgers.ts';
import { loadDeployed } from './policies.ts';
import { deployedReviews } from './reviews.ts';

export interface CoreOptions {
  readonly config: Config;
  /** Folder with the function's code, and the policies in it. */
  readonly root: string;
  /** PEM certificates that registries may be certified by, beside the default roots. */
  readonly roots: readonly string[];
  readonly macKeys: Refreshing<readonly Uint8Array[]>;
  readonly ecr: ReturnType<typeof ecrClients>;
  /** Made from the configuration where it is absent. */
  readonly dynamodb: ReturnType<typeof dynamoClient> | undefined;
  readonly ca: Readonly<Record<string, string>> | undefined;
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
}

export async function createCore(options: CoreOptions): Promise<Core> {
  const { config, macKeys, clock, elapsed, observability } = options;
  const { metrics } = observability;
  const client = options.dynamodb ?? dynamoClient({ region: config.region });
  const table = dynamoTable({ client, tableName: config.table, metrics });
  const connected = connect(table, metrics);
  const ledgers = createLedgers({ table, macKeys, clock, settings: config.ledger, engine, metrics });
  const loadRegistry = late(() => registryOf(options));
  const registry = lateRegistry(loadRegistry);
  const { registries, maxImages } = config;
  const policies = await policiesOf(options);
  return {
    pipeline: deployedReviews({ registry, ledgers, registries, clock, elapsed, reviewImages: maxImages }),
    policies: (cluster) => policies.get(cluster),
    connected,
    loadRegistry,
  };
}

async function registryOf({ config, roots, ecr, clock, elapsed, ca }: CoreOptions): Promise<Registry> {
  const { deployedRegistry } = await import('./registry.ts');
  const { account, vpcRanges, privateHosts } = config;
  const credentials = ecrCredentials({ clientFor: ecr, account, clock });
  return deployedRegistry({
    credentials,
    clock,
    elapsed,
    vpcRanges,
    privateHosts,
    roots,
    ...(ca === undefined ? {} : { ca }),
  });
}

/** The HTTP client is the heaviest part of the bundle, and a review that the ledger answers needs none. */
function lateRegistry(load: () => Promise<Registry>): Registry {
  return {
    resolve: async (...asked) => (await load()).resolve(...asked),
    image: async (...asked) => (await load()).image(...asked),
    attached: async (...asked) => (await load()).attached(...asked),
  };
}

/** Lines that an instance writes when it starts. */
const mostWarnings = 50;

/** What the zip holds. What does not load is told to operators in full, and is no reason to answer nothing; so are warnings. */
async function policiesOf({ config, root, observability }: CoreOptions): Promise<LoadedClusters> {
  const { clusters, registries } = config;
  // To look at every key takes long, and a Pod waits: packaging does it.
  const loaded = await loadDeployed(join(root, config.policies), { clusters, registries, keys: 'leave' });
  for (const [cluster, policies] of loaded) {
    if (!(policies instanceof Refusal)) continue;
    const { cause, message } = policies;
    observability.problem('policies-invalid', `${cluster}: ${Error.isError(cause) ? cause.message : message}`);
  }
  const warnings = warningsOf(loaded);
  for (const warning of warnings.slice(0, mostWarnings)) observability.warning('policy-warning', warning);
  if (warnings.length > mostWarnings) {
    observability.warning('policy-warning', `and ${warnings.length - mostWarnings} more: package says them all`);
  }
  return loaded;
}

/** Name resolution, TCP and TLS take longer than a read: they are done before the first read is needed. */
async function connect(table: Table, metrics: Metrics): Promise<void> {
  const nothing = { pk: 'none', sk: 'none' };
  try {
    await table.read([nothing], { consistent: false, signal: AbortSignal.timeout(1000) });
  } catch {
    metrics.count('table-not-connected');
  }
}
