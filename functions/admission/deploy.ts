import { macKeys, webhookTokens } from '../../shared/aws/function-secrets.ts';
import { type Clock, type Elapsed, monotonic } from '../../shared/net/deadline.ts';
import { type AdmissionHandler, createHandler } from '../http/handler.ts';
import type { Environment } from '../wiring/config/settings.ts';
import { lazy } from '../wiring/lazy.ts';
import { type Observability, observed } from '../wiring/observability.ts';
import { registryCertificates } from '../wiring/registry/certificates.ts';
import { functionSecrets, type SecretsClient, timeLeft } from '../wiring/secrets.ts';
import { start } from '../wiring/start.ts';
import { admissionConfig } from './config.ts';
import type { CoreOptions } from './core.ts';

/** What tests put in the place of AWS. */
export interface Parts extends Pick<CoreOptions, 'dynamodb' | 'objects' | 'ecr' | 'ca' | 'kms' | 'signer'> {
  readonly secrets?: SecretsClient;
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
  const { config, observability } = start({
    service: 'admission',
    read() {
      const read = admissionConfig(environment);
      return { ...read, certificates: registryCertificates(read, root, clock()) };
    },
    observability: parts.observability,
  });
  if (config === undefined) return unconfigured(observability);
  const { pem: roots, warnings } = config.certificates;
  for (const warning of warnings) {
    observability.problem('registry-ca-invalid', `REGISTRY_CA: ${config.registryCa}: ${warning}`);
  }
  return configured({ config, root, roots, clock, observability }, parts);
}

type Told = Pick<CoreOptions, 'config' | 'root' | 'roots' | 'clock' | 'observability'>;

function configured(told: Told, parts: Parts): Deployment {
  const { config, clock, observability } = told;
  const { elapsed = monotonic, dynamodb, objects, ecr, ca, kms, signer } = parts;
  const { metrics } = observability;
  const secrets = functionSecrets({ config, clock, metrics, client: parts.secrets });
  const tokens = webhookTokens(secrets, config.tokensSecret, {
    clock,
    clusters: config.clusters,
    invalid: (message) => observability.problem('tokens-invalid', message),
  });
  const keys = macKeys(secrets, config.macKeysSecret);
  // Loaded while the secrets are on their way, since until they come there is nobody whom it could answer.
  const core = lazy(async () => {
    const { createCore } = await import('./core.ts');
    return createCore({ ...told, macKeys: keys, dynamodb, objects, ecr, ca, kms, signer, elapsed });
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
      const loading = core().then((loaded) =>
        Promise.allSettled([loaded.connected, loaded.loadRegistry(), loaded.loadRoots()]),
      );
      await Promise.allSettled([begin(), loading]);
    },
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
