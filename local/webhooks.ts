import { createHandler } from '../functions/http/handler.ts';
import { parseWebhookPath, tokenMatches } from '../shared/admission/path.ts';
import type { AdmissionRecord } from '../shared/answer/record.ts';
import type { LocalCore } from './core.ts';
import type { EventShape } from './event.ts';
import type { PolicyFolder } from './policies.ts';
import { type LocalServer, startServer } from './server.ts';

export interface WebhookOptions {
  readonly core: LocalCore;
  readonly policies: PolicyFolder;
  readonly address: { readonly host: string; readonly port: number };
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Webhook token that every call must end with; without it the URLs have no last segment. */
  readonly token?: string;
  /** Answers as API Gateway does in front of a function: see LocalServerOptions. */
  readonly shape?: EventShape;
  /** Milliseconds for a whole request to arrive, 30,000 by default. */
  readonly slowest?: number;
  /** Connections at once, 1000 by default. */
  readonly connections?: number;
  log(record: AdmissionRecord): void;
}

/** The webhooks on this machine: the handler that is deployed, in front of it a server. */
export function startWebhooks(options: WebhookOptions): Promise<LocalServer> {
  const { core, policies, token, address, tls, shape, slowest, connections } = options;
  const tokens = token === undefined ? undefined : [token];
  const handler = createHandler({
    pipeline: core.pipeline,
    policies: (cluster) => policies.clusters.get(cluster),
    gate: { tokens: () => tokens, metrics: core.metrics },
    clock: core.clock,
    elapsed: core.elapsed,
    metrics: core.metrics,
    log: options.log,
  });
  return startServer({
    handler,
    address,
    metrics: core.metrics,
    letsIn: (path) => mayCall(path, tokens),
    ...(tls === undefined ? {} : { tls }),
    ...(shape === undefined ? {} : { shape }),
    ...(slowest === undefined ? {} : { slowest }),
    ...(connections === undefined ? {} : { connections }),
  });
}

/** Whether the path is a webhook's, and ends with the token where there is one. */
function mayCall(path: string, tokens: readonly string[] | undefined): boolean {
  const asked = parseWebhookPath(path);
  if (asked === undefined) return false;
  return tokens === undefined ? asked.token === undefined : tokenMatches(asked.token ?? '', tokens);
}
