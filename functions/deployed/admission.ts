import { ecrClients, secretsClient } from '../../shared/aws/clients.ts';
import { macKeys, webhookTokens } from '../../shared/aws/function-secrets.ts';
import { createSecrets } from '../../shared/aws/secrets.ts';
import type { Certificates } from '../../shared/net/certificates.ts';
import { type Clock, type Elapsed, monotonic } from '../../shared/net/deadline.ts';
import { type Config, readConfig } from '../config.ts';
import { type AdmissionHandler, createHandler } from '../http/handler.ts';
import { createObservability, type Observability } from '../observability.ts';
import { readRegistryCa } from './certificates.ts';
import type { CoreOptions } from './core.ts';
import { late } from './late.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What tests put in the place of AWS. */
export interface Parts {
  readonly secrets?: ReturnType<typeof secretsClient>;
  readonly dynamodb?: CoreOptions['dynamodb'];
  readonly ecr?: CoreOptions['ecr'];
  /** PEM certificates by host[:port]. */
  readonly ca?: CoreOptions['ca'];
  readonly clock?: Clock;
  readonly elapsed?: Elapsed;
  readonly observability?: Observability;
}

/** An instance of the admission function. */
export interface Deployment {
  readonly handler: AdmissionHandler;
  /** Asks for the secrets, which no call can be answered without; resolves when they have come or failed. */
  begin(): Promise<void>;
  /** The same, and what is otherwise loaded and connected to with the first call, or the first image that is not known. */
  loadAll(): Promise<void>;
}

/**
 * Puts the admission function together from its environment. Never throws: what is wrong is logged, counted, and every call is
 * answered so that nothing is admitted for it: 503 where the environment is wrong, `policies-invalid` where a cluster's policies are.
 */
export function deployAdmission(environment: Environment, parts: Parts = {}): Deployment {
  const root = environment['LAMBDA_TASK_ROOT'] ?? '';
  const { clock = Date.now } = parts;
  let config: Config;
  let registryCa: Certificates | undefined;
  try {
    config = readConfig(environment);
    registryCa = config.registryCa === undefined ? undefined : readRegistryCa(root, config.registryCa, clock());
  } catch (thrown) {
    const observability = parts.observability ?? createObservability({ service: 'admission', clusters: [] });
    observability.problem('config-invalid', Error.isError(thrown) ? thrown.message : String(thrown));
    return unconfigured(observability);
  }
  const observability = parts.observability ?? createObservability({ service: 'admission', clusters: config.clusters });
  for (const warning of registryCa?.warnings ?? []) {
    observability.problem('registry-ca-invalid', `REGISTRY_CA: ${config.registryCa}: ${warning}`);
  }
  return configured({ config, root, roots: registryCa?.pem ?? [], clock, observability }, parts);
}

type Settings = Pick<CoreOptions, 'config' | 'root' | 'roots' | 'clock' | 'observability'>;

function configured(settings: Settings, parts: Parts): Deployment {
  const { config, clock, observability } = settings;
  const { region } = config;
  const { elapsed = monotonic, secrets: client = secretsClient({ region }) } = parts;
  const { metrics } = observability;
  const secrets = createSecrets({ client, clock, metrics });
  const tokens = webhookTokens(secrets, config.tokensSecret);
  const keys = macKeys(secrets, config.macKeysSecret);
  // Loaded while the secrets are on their way, since until they come there is nobody whom it could answer.
  const core = late(async () => {
    const { createCore } = await import('./core.ts');
    const { dynamodb, ca, ecr = ecrClients() } = parts;
    return createCore({ ...settings, macKeys: keys, ecr, dynamodb, ca, elapsed });
  });

  const begin = async () => {
    await Promise.allSettled([tokens(''), keys()]);
  };
  const handler = createHandler({
    pipeline: { review: async (...asked) => (await core()).pipeline.review(...asked) },
    policies: async (cluster) => (await core()).policies(cluster),
    gate: {
      tokens(cluster, remaining) {
        core().catch(() => undefined);
        return tokens(cluster, timeLeft(remaining()));
      },
      metrics,
    },
    clock,
    elapsed,
    metrics,
    log: observability.log,
    crashed: observability.crashed,
  });
  return {
    handler: observed(handler, observability),
    begin,
    async loadAll() {
      const loading = core().then((loaded) => Promise.all([loaded.connected, loaded.loadRegistry()]));
      await Promise.allSettled([begin(), loading]);
    },
  };
}

/** Milliseconds that are kept for the answer. */
const reserve = 200;

function timeLeft(remaining: number): AbortSignal | undefined {
  return Number.isFinite(remaining) ? AbortSignal.timeout(Math.max(0, Math.floor(remaining - reserve))) : undefined;
}

/** Lines of each call carry its request id, and its metrics are out before its answer. */
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
