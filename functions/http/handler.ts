import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type ReviewTime, reviewTime } from '../../shared/admission/budget.ts';
import type { AdmissionRequest } from '../../shared/admission/review.ts';
import { type AdmissionRecord, recordOf } from '../../shared/answer/record.ts';
import { admit, answerReview, type ReviewResponse, refuseReview } from '../../shared/answer/response.ts';
import { type Clock, type Elapsed, startDeadline } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import type { Reviews } from '../../shared/pipeline.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import { rulesIn, type Scopes, timeoutSecondsOf } from '../../shared/policy/scopes.ts';
import { asRefusal, Refusal } from '../../shared/reasons.ts';
import type { Caller, HttpEvent } from './event.ts';
import { type Gate, type WebhookRequest, webhookRequest } from './webhook-request.ts';

/** What the handler is made of. */
export interface AdmissionPorts {
  readonly pipeline: Reviews;
  /** The policy set in force for a cluster; a Refusal: it does not load; `undefined`: no such cluster is configured. */
  policies(cluster: string): InForce | Promise<InForce>;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly metrics: Metrics;
  /** Takes one record per admission, and the call that it answers: the log line. */
  log(record: AdmissionRecord, call: CallRecord): void;
  /** Told of each defect of ours. */
  crashed?(thrown: unknown): void;
}

/**
 * The call that an admission answers. A token's holder may ask whatever they like, in anyone's name: what API Gateway says of the call tells
 * their lines from an API server's.
 */
export interface CallRecord extends Caller {
  /** The review's own id, which the API server made. */
  readonly uid: string;
  /** Milliseconds since API Gateway took the call, a cold start included. */
  readonly durationMs: number;
}

type InForce = PoliciesInForce | Refusal | undefined;

export interface PoliciesInForce {
  readonly scopes: Scopes;
  readonly hash: string;
}

export type AdmissionHandler = (event: HttpEvent, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * POST /{cluster}/{mutate|validate}/{scope}/{token}. Every outcome that is known is HTTP 200 with `allowed`; the API server's
 * own failurePolicy is left for networks and crashes.
 */
export function createHandler(ports: AdmissionPorts): AdmissionHandler {
  const crashed = (thrown: unknown) => {
    ports.metrics.count('crash');
    ports.crashed?.(thrown);
  };
  return middy({ timeoutEarlyInMillis: 0 })
    .use(httpErrorHandler({ logger: crashed }))
    .use(webhookRequest(ports.gate, ports.clock))
    .handler(async (event: unknown, context: Context) => {
      const body = await answer(ports, event as WebhookRequest, context);
      return { statusCode: 200, headers: jsonHeaders, body: JSON.stringify(body) };
    }) as unknown as AdmissionHandler;
}

const jsonHeaders = { 'content-type': 'application/json' };

async function answer(ports: AdmissionPorts, webhook: WebhookRequest, context: Context): Promise<ReviewResponse> {
  const { review, path } = webhook;
  if (review.kind === 'malformed') {
    return refuse(ports, webhook, review.uid, new Refusal('review-malformed', review.problem));
  }
  const { request } = review;
  const policies = await ports.policies(path.cluster);
  if (policies === undefined) {
    const message = `no policies are configured for cluster '${path.cluster}'`;
    return refuse(ports, webhook, request, new Refusal('unknown-cluster', message));
  }
  if (policies instanceof Refusal) return refuse(ports, webhook, request, policies);
  const rules = rulesIn(policies.scopes, path.scope, request.namespace);
  if (rules === undefined) {
    const told = 'no rule is about what this URL selects: the namespaceSelectors or matchConditions are others now';
    return refuse(ports, webhook, request, new Refusal('unknown-scope', told));
  }
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return admit(request.uid);

  const { budget, shortage } = timeOf(webhook, rules, context, ports.clock);
  const deadline = startDeadline(budget, ports.elapsed);
  try {
    const call = { purpose: path.purpose, deadline, shortage, inForce: policies.scopes.all };
    const verdicts = await ports.pipeline.review(rules, request, call);
    const { body, record } = answerReview(request, verdicts, {
      cluster: path.cluster,
      purpose: path.purpose,
      policySet: policies.hash,
    });
    for (const { result, reason } of verdicts) ports.metrics.count('verdict', { result, reason });
    ports.log(record, callRecord(ports, webhook, request.uid));
    return body;
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    if (refusal.reason === 'internal-error') ports.crashed?.(thrown);
    return refuse(ports, webhook, request, refusal, policies.hash);
  } finally {
    deadline.stop();
  }
}

/** What has passed since API Gateway took the call, a cold start included, is spent already. */
function timeOf(
  { timeout, receivedAt }: WebhookRequest,
  rules: readonly Rule[],
  context: Context,
  clock: Clock,
): ReviewTime {
  const remaining = context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  const spent = Math.max(0, clock() - receivedAt);
  const time = reviewTime(timeout, timeoutSecondsOf(rules), remaining + spent);
  return { ...time, budget: Math.max(0, time.budget - spent) };
}

/** Answers a review that no rule could be asked about. Without its request (it is malformed) there is only its uid. */
function refuse(
  ports: AdmissionPorts,
  webhook: WebhookRequest,
  asked: AdmissionRequest | string,
  refusal: Refusal,
  policySet = '',
): ReviewResponse {
  const { cluster, purpose, scope } = webhook.path;
  ports.metrics.count('refused', { cluster, reason: refusal.reason });
  const uid = typeof asked === 'string' ? asked : asked.uid;
  const response = refuseReview(uid, refusal, scope.kind);
  if (typeof asked !== 'string') {
    const { allowed } = response.response;
    const record = recordOf(asked, [], { cluster, purpose, allowed, policySet, refused: refusal.reason });
    ports.log(record, callRecord(ports, webhook, uid));
  }
  return response;
}

function callRecord({ clock }: AdmissionPorts, { caller, receivedAt }: WebhookRequest, uid: string): CallRecord {
  return { ...caller, uid, durationMs: Math.max(0, clock() - receivedAt) };
}
