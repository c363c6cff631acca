import { createHandler } from '../functions/http/handler.ts';
import type { AdmissionRecord } from '../shared/answer/record.ts';
import type { Engine } from './engine.ts';
import type { EventShape } from './event.ts';
import type { PolicyFolder } from './policies.ts';
import { type LocalServer, startServer } from './server.ts';

export interface WebhookOptions {
  readonly engine: Engine;
  readonly policies: PolicyFolder;
  readonly address: { readonly host: string; readonly port: number };
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Webhook token that every call must end with; without it the URLs have no last segment. */
  readonly token?: string;
  readonly shape?: EventShape;
  log(record: AdmissionRecord): void;
}

/** The webhooks on this machine: the handler that is deployed, in front of it a server. */
export function startWebhooks(options: WebhookOptions): Promise<LocalServer> {
  const { engine, policies, token, address, tls, shape } = options;
  const tokens = token === undefined ? undefined : [token];
  const handler = createHandler({
    pipeline: engine.pipeline,
    policies: (cluster) => policies.clusters.get(cluster),
    gate: { tokens: () => tokens, metrics: engine.metrics },
    clock: engine.clock,
    elapsed: engine.elapsed,
    metrics: engine.metrics,
    log: options.log,
  });
  return startServer({
    handler,
    address,
    metrics: engine.metrics,
    ...(tls === undefined ? {} : { tls }),
    ...(shape === undefined ? {} : { shape }),
  });
}
