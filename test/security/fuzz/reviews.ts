import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import type { HttpEvent } from '../../../functions/http/event.ts';
import { createHandler } from '../../../functions/http/handler.ts';
import { createLedger } from '../../../shared/ledger/create.ts';
import { memoryTable } from '../../../shared/ledger/memory-table.ts';
import { defaultLedgerSettings } from '../../../shared/ledger/settings.ts';
import { createPipeline } from '../../../shared/pipeline.ts';
import { hostsOfRules } from '../../../shared/plan/hosts.ts';
import { loadPolicies } from '../../../shared/policy/kyverno/load.ts';
import { scopesOf } from '../../../shared/policy/scopes.ts';
import { Refusal } from '../../../shared/reasons.ts';
import { registriesAsOurselves } from '../../../shared/registry/create.ts';
import type { Registry } from '../../../shared/registry/registry.ts';
import { byKey, pod, policy, review } from '../../e2e/documents.ts';
import { makeSigner } from '../../fixtures/signers.ts';
import { jsonLike } from './mutate.ts';
import { demand, type Target, target } from './target.ts';

const signer = makeSigner();
const clock = () => Date.parse('2026-01-01T00:00:00Z');

/** Through the handler, before a registry that has nothing: what is admitted names no image. */
export function admissionReviews(): Target {
  const nothing: Registry = {
    resolve: async () => Promise.reject(new Refusal('image-not-found', 'nothing here')),
    image: async () => Promise.reject(new Refusal('image-not-found', 'nothing here')),
    attached: async () => ({ items: [], unreadable: [], unreadableAttestations: [], unread: [] }),
    attested: async () => [],
    listed: async () => Promise.reject(new Refusal('content-missing', 'nothing here')),
    config: async () => Promise.reject(new Refusal('content-missing', 'nothing here')),
  };
  const metrics = { count: () => undefined };
  const settings = defaultLedgerSettings;
  const table = memoryTable({ maxSize: 100, clock });
  const ledger = createLedger({ table, macKeys: [Buffer.alloc(32)], clock, settings, engine: '', metrics });
  const rule = policy({ images: '*', attestors: [{ entries: [byKey(signer.pem)] }], failurePolicy: 'Ignore' });
  const scopes = scopesOf(loadPolicies([{ name: 'policy.yaml', text: rule }]));
  const crashes: string[] = [];
  const pipeline = createPipeline({ registries: registriesAsOurselves(nothing), clock, elapsed: clock });
  const hostsOf = hostsOfRules([], 'call');
  const handler = createHandler({
    pipeline: {
      review: (rules, request, call) =>
        pipeline.review(rules, request, call, { ledger, hosts: hostsOf(rules, call.inForce) }),
    },
    policies: () => ({ scopes, hash: 'fuzz' }),
    gate: { tokens: () => undefined, metrics },
    clock,
    elapsed: clock,
    metrics: { count: (name) => name === 'crash' && crashes.push(name) },
    log: () => undefined,
  });
  const withAll = pod(['ghcr.io/a/b:v1'], { initContainers: ['c'], volumes: ['d'], labels: { a: 'b' } });
  const valid = fc.constantFrom(
    review(withAll),
    review(withAll, pod(['ghcr.io/a/b:v1'])),
    review({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: { template: { spec: withAll.spec } },
    }),
  );
  return target('AdmissionReview', valid.chain(jsonLike), async (body) => {
    const event: unknown = {
      path: '/mutate',
      httpMethod: 'POST',
      requestContext: { stage: 'prod' },
      headers: {},
      body,
      isBase64Encoded: false,
    };
    const answer = await handler(event as HttpEvent, {} as Context);
    demand(crashes.length === 0, 'the handler crashed');
    demand(answer.statusCode === 200 || answer.statusCode === 400, `status ${answer.statusCode}`);
    if (answer.statusCode === 400) return;
    const sent = JSON.parse(body) as { request: { uid: string; object?: unknown; oldObject?: unknown } };
    const { response } = JSON.parse(answer.body ?? '') as { response: { uid: string; allowed: unknown } };
    demand(response.uid === sent.request.uid && typeof response.allowed === 'boolean', 'no answer to this review');
    const kind = (sent.request as { kind?: { kind?: unknown; group?: unknown } }).kind;
    const asked =
      (sent.request as { operation?: unknown }).operation === 'CREATE' && kind?.kind === 'Pod' && !kind.group;
    const version = (sent.request as { kind?: { version?: unknown } }).kind?.version;
    if (asked && version === 'v1' && response.allowed) {
      demand(!namesImage(sent.request.object), 'a Pod with an image was admitted unverified');
    }
  });
}

/** Written apart from shared/admission/slots.ts on purpose: whatever a lenient reader could take for an image. */
function namesImage(object: unknown): boolean {
  const field = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  const items = (list: string) => {
    const value = field(field(object, 'spec'), list);
    return Array.isArray(value) ? value : [];
  };
  const texts = [
    ...['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
      items(list).map((one) => field(one, 'image')),
    ),
    ...items('volumes').map((one) => field(field(one, 'image'), 'reference')),
  ];
  return texts.some((text) => typeof text === 'string' && text !== '');
}
