import type { Context } from 'aws-lambda';
import { type AdmissionHandler, createHandler } from '../../functions/admission.ts';
import type { HttpEvent } from '../../functions/http/event.ts';
import { createEngine, type EngineOptions } from '../../local/engine.ts';
import type { EventShape } from '../../local/event.ts';
import { type LocalRegistry, type RegistryOptions, startRegistry } from '../../local/registry/server.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import { storeTarget, type Target } from '../../local/signer/target.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { loadPolicies } from '../../shared/policy/load.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';

/** A registry, keys, and the real handler with the ledger in process; the clock stands until it is moved. */
export interface Stage {
  readonly registry: LocalRegistry;
  readonly target: Target;
  readonly team: SigningKey;
  readonly stranger: SigningKey;
  readonly counted: Map<string, number>;
  readonly records: AdmissionRecord[];
  /** Milliseconds that were asked for between tries of a request; none is really waited. */
  readonly waits: number[];
  now: number;
  /** Sets the policies in force. */
  policies(...texts: string[]): void;
  /** Sends a review to `/mutate` or to any path. */
  send(path: string, review: unknown, options?: SendOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly shape?: EventShape;
  readonly timeout?: string;
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

export async function openStage(
  options: { registry?: RegistryOptions; engine?: EngineOptions; token?: string } = {},
): Promise<Stage> {
  const registry = await startRegistry(options.registry);
  const counted = new Map<string, number>();
  const records: AdmissionRecord[] = [];
  const waits: number[] = [];
  const metrics = { count: (name: string) => void counted.set(name, (counted.get(name) ?? 0) + 1) };
  const stage = { now: Date.parse('2026-01-01T00:00:00Z') };
  const clock = () => stage.now;
  const engine = createEngine({
    clock,
    metrics,
    sleep: async (ms) => {
      waits.push(ms);
    },
    ...options.engine,
  });
  let inForce = scopesOf(loadPolicies([]));
  const handler: AdmissionHandler = createHandler({
    pipeline: engine.pipeline,
    policies: (cluster) =>
      cluster === 'default' || cluster === 'prod' ? { scopes: inForce, hash: 'test' } : undefined,
    gate: { tokens: () => (options.token === undefined ? undefined : [options.token]), metrics },
    clock,
    metrics,
    log: (record) => records.push(record),
  });
  return Object.assign(stage, {
    registry,
    target: storeTarget(registry),
    team: newKey(),
    stranger: newKey(),
    counted,
    records,
    waits,
    policies(...texts: string[]) {
      inForce = scopesOf(loadPolicies(texts.map((text, index) => ({ name: `policy-${index}.yaml`, text }))));
    },
    async send(path: string, review: unknown, { shape = 'http-api', timeout = '10s' }: SendOptions = {}) {
      const body = typeof review === 'string' ? review : JSON.stringify(review);
      const result = await handler(event(shape, path, timeout, body), context);
      return read(result.statusCode ?? 0, result.body ?? '');
    },
    async close() {
      await registry.close();
      await engine.close();
    },
  });
}

const context = { getRemainingTimeInMillis: () => 30_000 } as Context;

function event(shape: EventShape, path: string, timeout: string, body: string): HttpEvent {
  const common = { body, isBase64Encoded: false, headers: {}, queryStringParameters: { timeout } };
  const made: unknown =
    shape === 'http-api'
      ? { ...common, rawPath: path, requestContext: { stage: '$default', http: { method: 'POST', path } } }
      : { ...common, path, httpMethod: 'POST', requestContext: { stage: 'prod' } };
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

export interface PolicyParts {
  readonly name?: string;
  readonly images: string | readonly string[];
  readonly keys?: readonly SigningKey[];
  readonly action?: 'Enforce' | 'Audit';
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** Further lines of the verifyImages entry, each a `name: value`. */
  readonly entry?: readonly string[];
  /** Further lines of the attestor set, before its entries. */
  readonly set?: readonly string[];
  readonly kinds?: readonly string[];
  /** Replaces the match. */
  readonly match?: string;
}

/** A ClusterPolicy with one rule, `check`. */
export function policy(parts: PolicyParts): string {
  const { name = 'signed', action = 'Enforce', failurePolicy = 'Fail', kinds = ['Pod'], keys = [] } = parts;
  const images = typeof parts.images === 'string' ? [parts.images] : parts.images;
  const audit = action === 'Audit' ? ['mutateDigest: false'] : [];
  const entry = [...audit, ...(parts.entry ?? [])].map((line) => `          ${line}\n`).join('');
  const set = (parts.set ?? []).map((line) => `              ${line}\n`).join('');
  const attestors =
    keys.length === 0
      ? ''
      : `          attestors:\n            -\n${set}              entries:\n${keys.map(keyEntry).join('')}`;
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ${name}
spec:
  validationFailureAction: ${action}
  failurePolicy: ${failurePolicy}
  rules:
    - name: check
      match:
        ${parts.match ?? `any: [{resources: {kinds: [${kinds.join(', ')}]}}]`}
      verifyImages:
        - imageReferences: ${JSON.stringify(images)}
${entry}${attestors}`;
}

/** One attestor entry of a static key, without the log. */
export function keyEntry(key: SigningKey): string {
  const indent = '                      ';
  return `                - keys:
                    rekor: {ignoreTlog: true}
                    publicKeys: |-
${key.publicKeyPem
  .trim()
  .split('\n')
  .map((line) => `${indent}${line}`)
  .join('\n')}
`;
}

export interface PodParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly initContainers?: readonly string[];
}

/** A Pod with one container an image, c0, c1, …. */
export function pod(images: readonly string[], parts: PodParts = {}) {
  const { name = 'web', namespace = 'default', initContainers = [], ...metadata } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata },
    spec: {
      containers: images.map((image, index) => ({ name: `c${index}`, image })),
      ...(initContainers.length === 0
        ? {}
        : { initContainers: initContainers.map((image, index) => ({ name: `i${index}`, image })) }),
    },
  };
}

/** The review of a CREATE, or of an UPDATE where there is an old object. */
export function review(object: unknown, oldObject?: unknown, more: Readonly<Record<string, unknown>> = {}) {
  const {
    kind = '',
    apiVersion = 'v1',
    metadata,
  } = object as {
    kind?: string;
    apiVersion?: string;
    metadata?: { name?: string; namespace?: string };
  };
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'b7b0d6ac-0001',
      kind: { group, version, kind },
      resource: { group, version, resource: `${kind.toLowerCase()}s` },
      operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
      name: metadata?.name ?? '',
      namespace: metadata?.namespace ?? 'default',
      userInfo: { username: 'tester', groups: [] },
      object,
      oldObject: oldObject ?? null,
      dryRun: false,
      ...more,
    },
  };
}
