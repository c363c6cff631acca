import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { reviewBudget } from '../shared/admission/budget.ts';
import type { AdmissionRecord } from '../shared/answer/record.ts';
import { admit, answerReview, type ReviewResponse, refuseReview } from '../shared/answer/response.ts';
import { type Clock, startDeadline } from '../shared/net/deadline.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import type { Pipeline } from '../shared/pipeline.ts';
import { rulesIn, type Scopes } from '../shared/policy/scopes.ts';
import { asRefusal, Refusal } from '../shared/reasons.ts';
import type { HttpEvent } from './http/event.ts';
import { type Gate, type WebhookRequest, webhookRequest } from './http/webhook-request.ts';

/** What the handler is made of. */
export interface AdmissionPorts {
  readonly pipeline: Pipeline;
  /** The policy set in force for a cluster; `undefined`: no such cluster is configured. */
  policies(cluster: string): PoliciesInForce | undefined;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Takes one record per admission: the log line. */
  log(record: AdmissionRecord): void;
}

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
  return middy({ timeoutEarlyInMillis: 0 })
    .use(httpErrorHandler({ logger: () => ports.metrics.count('crash') }))
    .use(webhookRequest(ports.gate))
    .handler(async (event: unknown, context: Context) => {
      const body = await answer(ports, event as WebhookRequest, context);
      return { statusCode: 200, headers: jsonHeaders, body: JSON.stringify(body) };
    }) as unknown as AdmissionHandler;
}

const jsonHeaders = { 'content-type': 'application/json' };

async function answer(ports: AdmissionPorts, webhook: WebhookRequest, context: Context): Promise<ReviewResponse> {
  const { review, path } = webhook;
  if (review.kind === 'malformed') return refuse(ports, review.uid, new Refusal('review-malformed', review.problem));
  const { request } = review;
  const { uid } = request;
  const policies = ports.policies(path.cluster);
  if (policies === undefined) {
    return refuse(
      ports,
      uid,
      new Refusal('unknown-cluster', `no policies are configured for cluster '${path.cluster}'`),
    );
  }
  const rules = rulesIn(policies.scopes, path.scope);
  if (rules === undefined)
    return refuse(ports, uid, new Refusal('unknown-scope', 'no rule has this namespaceSelector'));
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return admit(uid);

  const remaining = context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  const deadline = startDeadline(reviewBudget(webhook.timeout, remaining), ports.clock);
  try {
    const verdicts = await ports.pipeline.review(rules, request, path.step, deadline);
    const { body, record } = answerReview(request, verdicts, {
      cluster: path.cluster,
      step: path.step,
      policySet: policies.hash,
    });
    for (const { result, code } of verdicts) ports.metrics.count('verdict', { result, reason: code });
    ports.log(record);
    return body;
  } catch (thrown) {
    return refuse(ports, uid, asRefusal(thrown));
  } finally {
    deadline.stop();
  }
}

function refuse(ports: AdmissionPorts, uid: string, refusal: Refusal): ReviewResponse {
  ports.metrics.count('refused', { reason: refusal.code });
  return refuseReview(uid, refusal);
}
