import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../../functions/http/event.ts';
import { type AdmissionHandler, createHandler } from '../../functions/http/handler.ts';
import { createLocalCore, type LocalCoreOptions } from '../../local/core.ts';
import type { EventShape } from '../../local/event.ts';
import { type LocalRegistry, type RegistryOptions, startRegistry } from '../../local/registry/server.ts';
import { type Destination, storeDestination } from '../../local/signer/destination.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { loadExpressions } from '../../shared/expression/expressions.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import type { NotaryFolder } from '../../shared/policy/notary/folder.ts';
import { readNotaryFolder } from '../../shared/policy/notary/read.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { loadRegExps } from '../../shared/regexp.ts';
import { loadNotary } from '../../shared/verify/notary/lazy.ts';

export { byKey, type PodParts, type PolicyParts, pod, policy, review } from './documents.ts';

/** A registry, keys, and the real handler with the ledger in process; the clock stands until it is moved. */
export interface World {
  readonly registry: LocalRegistry;
  readonly destination: Destination;
  readonly team: SigningKey;
  readonly stranger: SigningKey;
  /** How often each metric was counted, by its name. */
  readonly counted: Map<string, number>;
  /** How often a metric was counted with all of these labels. */
  count(name: string, labels?: Readonly<Record<string, string>>): number;
  readonly records: AdmissionRecord[];
  /** Milliseconds that were asked for between tries of a request: none is really waited, each moves the clock. */
  readonly waits: number[];
  now: number;
  /** Sets the policies in force, with the trust policy beside them. */
  policies(...texts: string[]): void;
  /** The folder of notation's that is beside the policies that are set from now on, by paths in it. */
  trustPolicy(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Sends a review to `/mutate` or to any path. */
  send(path: string, review: unknown, options?: SendOptions): Promise<Response>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SendOptions {
  readonly shape?: EventShape;
  readonly timeout?: string;
  readonly method?: string;
  /** The body arrives in base64, as API Gateway sends what it takes for binary. */
  readonly base64?: boolean;
  /** The API's stage, as the event has it: an HTTP API puts its own before the path. */
  readonly stage?: string;
  /** What the function has left, in milliseconds. */
  readonly remaining?: number;
}

export interface WorldOptions {
  readonly registry?: RegistryOptions;
  readonly core?: LocalCoreOptions;
  /** Valid webhook tokens of each cluster; without it none is asked for. */
  readonly tokens?: Readonly<Record<string, readonly string[]>>;
}

export interface Response {
  readonly statusCode: number;
  readonly body: string;
  readonly uid: string | undefined;
  readonly allowed: boolean | undefined;
  readonly code: number | undefined;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly patch: readonly { op: string; path: string; value: unknown }[];
}

/** Clusters that have policies, the same ones. */
const clusters = ['default', 'prod'];

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const registry = await startRegistry(options.registry);
  const counted = new Map<string, number>();
  const records: AdmissionRecord[] = [];
  const waits: number[] = [];
  const events: { name: string; labels: Readonly<Record<string, string>> }[] = [];
  const metrics = {
    count(name: string, labels: Readonly<Record<string, string>> = {}) {
      counted.set(name, (counted.get(name) ?? 0) + 1);
      events.push({ name, labels });
    },
  };
  const world = { now: Date.parse('2026-01-01T00:00:00Z') };
  const clock = () => world.now;
  // Durations stand still with the clock.
  const core = createLocalCore({
    registries: [registry.host],
    clock,
    elapsed: clock,
    metrics,
    sleep: async (ms) => {
      waits.push(ms);
      world.now += ms;
    },
    ...options.core,
  });
  // As loadSet does for policies that have one.
  await loadRegExps();
  await loadExpressions();
  await loadNotary();
  let inForce = scopesOf(loadPolicies([]));
  let notary: NotaryFolder | undefined;
  const handler: AdmissionHandler = createHandler({
    pipeline: core.pipeline,
    policies: (cluster) => (clusters.includes(cluster) ? { scopes: inForce, hash: 'test' } : undefined),
    gate: { tokens: (cluster) => options.tokens && (options.tokens[cluster] ?? []), metrics },
    clock,
    elapsed: core.elapsed,
    metrics,
    log: (record) => records.push(record),
  });
  const close = async () => {
    await registry.close();
    await core.close();
  };
  return Object.assign(world, {
    registry,
    destination: storeDestination(registry),
    team: newKey(),
    stranger: newKey(),
    counted,
    records,
    waits,
    policies(...texts: string[]) {
      const files = texts.map((text, index) => ({ name: `policy-${index}.yaml`, text }));
      inForce = scopesOf(loadPolicies(files, notary === undefined ? {} : { notary }));
    },
    trustPolicy(files: Readonly<Record<string, string | Uint8Array>>) {
      const written = Object.entries(files).map(([path, content]) => {
        return { name: `notary/${path}`, path, bytes: typeof content === 'string' ? Buffer.from(content) : content };
      });
      notary = readNotaryFolder('notary', written);
    },
    count: (name: string, labels: Readonly<Record<string, string>> = {}) =>
      events.filter(
        (event) =>
          event.name === name && Object.entries(labels).every(([label, value]) => event.labels[label] === value),
      ).length,
    async send(path: string, review: unknown, options: SendOptions = {}) {
      const body = typeof review === 'string' ? review : JSON.stringify(review);
      const context = { getRemainingTimeInMillis: () => options.remaining ?? 30_000 } as Context;
      const result = await handler(event(path, body, options), context);
      return read(result.statusCode ?? 0, result.body ?? '');
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}

function event(path: string, text: string, options: SendOptions): HttpEvent {
  const { shape = 'http-api', timeout = '10s', method = 'POST', base64 = false } = options;
  const { stage = shape === 'http-api' ? '$default' : 'prod' } = options;
  const body = base64 ? Buffer.from(text).toString('base64') : text;
  const common = { body, isBase64Encoded: base64, headers: {} };
  const rawPath = stage === '$default' ? path : `/${stage}${path}`;
  const made: unknown =
    shape === 'http-api'
      ? {
          ...common,
          version: '2.0',
          rawPath,
          queryStringParameters: { timeout },
          requestContext: { stage, http: { method, path: rawPath } },
        }
      : {
          ...common,
          path,
          httpMethod: method,
          queryStringParameters: timeout === '' ? null : { timeout },
          requestContext: { stage },
        };
  return made as HttpEvent;
}

function read(statusCode: number, body: string): Response {
  const parsed = body.startsWith('{') ? (JSON.parse(body) as { response?: Record<string, unknown> }) : {};
  const response = parsed.response ?? {};
  const status = response['status'] as { code: number; message: string } | undefined;
  const patch = response['patch'];
  return {
    statusCode,
    body,
    uid: response['uid'] as string | undefined,
    allowed: response['allowed'] as boolean | undefined,
    code: status?.code,
    message: status?.message ?? '',
    warnings: (response['warnings'] as string[] | undefined) ?? [],
    patch: typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) : [],
  };
}
