import { join } from 'node:path';
import { dynamoClient, ecrClients, secretsClient } from '../../shared/aws/clients.ts';
import { dynamoTable } from '../../shared/aws/dynamodb-table.ts';
import { ecrCredentials } from '../../shared/aws/ecr-credentials.ts';
import { macKeys, webhookTokens } from '../../shared/aws/function-secrets.ts';
import { createSecrets } from '../../shared/aws/secrets.ts';
import type { Table } from '../../shared/ledger/table.ts';
import type { Clock } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import { Refusal } from '../../shared/reasons.ts';
import { type Config, readConfig } from '../config.ts';
import { type AdmissionHandler, createHandler } from '../http/handler.ts';
import { createObservability, type Observability } from '../observability.ts';
import { engine } from './engine.ts';
import { lateRegistry } from './late-registry.ts';
import { createLedgers } from './ledgers.ts';
import { type ClusterPolicies, loadClusters, readPolicyFiles } from './policies.ts';
import { deployedReviews } from './reviews.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What tests put in the place of AWS and of what the build sets. */
export interface Parts {
  readonly clients?: {
    readonly dynamodb: ReturnType<typeof dynamoClient>;
    readonly secrets: ReturnType<typeof secretsClient>;
    readonly ecr: ReturnType<typeof ecrClients>;
  };
  readonly clock?: Clock;
  readonly observability?: Observability;
  /** PEM certificates by host[:port]. */
  readonly ca?: Readonly<Record<string, string>>;
}

/** An instance of the admission function. */
export interface Deployment {
  readonly handler: AdmissionHandler;
  /** Begins what the first review waits for; resolves when it has come or failed. */
  begin(): Promise<void>;
  /** Loads what is loaded late, as well. */
  loadAll(): Promise<void>;
}

/**
 * Puts the admission function together from its environment. Never throws: what is wrong is logged, counted, and every call is
 * answered so that nothing is admitted for it: 503 where the environment is wrong, `policies-invalid` where a cluster's policies are.
 */
export function deployAdmission(environment: Environment, parts: Parts = {}): Deployment {
  let config: Config;
  try {
    config = readConfig(environment);
  } catch (thrown) {
    const observability = parts.observability ?? createObservability({ service: 'admission', clusters: [] });
    observability.problem('config-invalid', Error.isError(thrown) ? thrown.message : String(thrown));
    return unconfigured(observability);
  }
  const { clusters } = config;
  const observability = parts.observability ?? createObservability({ service: 'admission', clusters });
  return configured(config, environment, observability, parts);
}

function configured(config: Config, environment: Environment, observability: Observability, parts: Parts): Deployment {
  const { metrics } = observability;
  const { clock = Date.now, clients = clientsOf(config) } = parts;
  const secrets = createSecrets({ client: clients.secrets, clock, metrics });
  const tokens = webhookTokens(secrets, config.tokensSecret);
  const keys = macKeys(secrets, config.macKeysSecret);
  const table = dynamoTable({ client: clients.dynamodb, tableName: config.table, metrics });
  const registry = lateRegistry(async () => {
    const { deployedRegistry } = await import('./registry.ts');
    const credentials = ecrCredentials({ clientFor: clients.ecr, account: config.account, clock });
    const { vpcRanges, privateHosts } = config;
    const { ca } = parts;
    return deployedRegistry({ credentials, clock, vpcRanges, privateHosts, ...(ca === undefined ? {} : { ca }) });
  });

  const begin = async () => {
    await Promise.allSettled([tokens(''), keys(), connect(table, metrics)]);
  };
  const policies = policiesOf(config, environment, observability);
  const ledgers = createLedgers({ table, macKeys: keys, clock, settings: config.ledger, engine, metrics });
  const { registries } = config;
  const handler = createHandler({
    pipeline: deployedReviews({ registry, ledgers, registries, clock, metrics }),
    policies: (cluster) => policies.get(cluster),
    gate: { tokens: (cluster, remaining) => tokens(cluster, timeLeft(remaining())), metrics },
    clock,
    metrics,
    log: observability.log,
    crashed: observability.crashed,
  });
  return {
    handler: observed(handler, observability),
    begin,
    async loadAll() {
      await Promise.allSettled([begin(), registry.load()]);
    },
  };
}

function clientsOf({ region }: Config): NonNullable<Parts['clients']> {
  return { dynamodb: dynamoClient({ region }), secrets: secretsClient({ region }), ecr: ecrClients() };
}

/** What the zip holds; the folder is below the function's code. */
function policiesOf(config: Config, environment: Environment, observability: Observability): ClusterPolicies {
  const folder = join(environment['LAMBDA_TASK_ROOT'] ?? '', config.policies);
  const { clusters, registries } = config;
  let loaded: ClusterPolicies;
  try {
    loaded = loadClusters(readPolicyFiles(folder), { clusters, registries });
  } catch (thrown) {
    const refusal = new Refusal('policies-invalid', 'the policies could not be read', { cause: thrown });
    loaded = new Map(clusters.map((cluster) => [cluster, refusal]));
  }
  for (const [cluster, policies] of loaded) {
    if (!(policies instanceof Refusal)) continue;
    const { cause, message } = policies;
    observability.problem('policies-invalid', `${cluster}: ${Error.isError(cause) ? cause.message : message}`);
  }
  return loaded;
}

/** Milliseconds that are kept for the answer. */
const reserve = 200;

function timeLeft(remaining: number): AbortSignal | undefined {
  return Number.isFinite(remaining) ? AbortSignal.timeout(Math.max(0, Math.floor(remaining - reserve))) : undefined;
}

/** Name resolution, TCP and TLS to DynamoDB take longer than a read: they are done before the first one is needed. */
async function connect(table: Table, metrics: Metrics): Promise<void> {
  const nothing = { pk: 'none', sk: 'none' };
  try {
    await table.read([nothing], { consistent: false, signal: AbortSignal.timeout(1000) });
  } catch {
    metrics.count('table-not-connected');
  }
}

/** Lines and metrics of each call carry its request id, and are out before its answer. */
function observed(handler: AdmissionHandler, observability: Observability): AdmissionHandler {
  return async (event, context) => {
    observability.begin(context);
    try {
      return await handler(event, context);
    } finally {
      observability.flush();
    }
  };
}

/** Nobody can be told from anybody without the tokens' secret, so every call fails. */
function unconfigured(observability: Observability): Deployment {
  const nothing = () => Promise.resolve();
  const handler: AdmissionHandler = async () => {
    observability.metrics.count('config-invalid');
    return { statusCode: 503, body: '' };
  };
  return { handler: observed(handler, observability), begin: nothing, loadAll: nothing };
}
