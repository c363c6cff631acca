import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseWebhookPath, tokenMatches, type WebhookPath } from '../../shared/admission/path.ts';
import { type ParsedReview, parseReview } from '../../shared/admission/review.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import { callOf, type HttpEvent } from './event.ts';

/** What the handler is given in place of the event: who called, and what they ask. */
export interface WebhookRequest {
  readonly path: WebhookPath;
  /** The query's `timeout`, as the API server sends it. */
  readonly timeout: string | undefined;
  /** The request, or why it cannot be read although its uid could. */
  readonly review: Exclude<ParsedReview, { readonly kind: 'no-review' }>;
}

export interface Gate {
  /** The webhook tokens that are valid for a cluster (two during a rotation); `undefined`: none is asked for. */
  tokens(cluster: string): readonly string[] | undefined;
  readonly metrics: Metrics;
}

/**
 * Turns an event into a WebhookRequest. The token is compared before the body is parsed. The body goes through plain
 * JSON.parse: a stock parser that answers 422 to a `__proto__` key would let a Pod in unverified under failurePolicy Ignore.
 * What is no call of ours is answered here: 401 with an empty body, 404, and 400 for a body without a uid to answer.
 */
export function webhookRequest(gate: Gate): middy.MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  return {
    before: (request) => {
      const call = callOf(request.event);
      const path = parseWebhookPath(call.path);
      if (path === undefined) return text(404, 'no such webhook: see the path in your webhook configuration\n');
      if (call.method !== 'POST') return text(405, 'send an AdmissionReview with POST\n');
      const tokens = gate.tokens(path.cluster);
      if (tokens !== undefined && !tokenMatches(path.token ?? '', tokens)) {
        gate.metrics.count('unauthorized', { cluster: path.cluster });
        return { statusCode: 401, body: '' };
      }
      if (tokens === undefined && path.token !== undefined) return text(404, 'this server has no webhook token\n');

      let body: unknown;
      try {
        body = JSON.parse(call.body);
      } catch {
        return text(400, 'the body is no JSON; an AdmissionReview of admission.k8s.io/v1 was expected\n');
      }
      const review = parseReview(body);
      if (review.kind === 'no-review') return text(400, `${review.problem}\n`);
      const webhook: WebhookRequest = { path, timeout: call.timeout, review };
      // middy hands `request.event` to the handler; from here on that is a WebhookRequest.
      Object.assign(request, { event: webhook });
      return undefined;
    },
  };
}

function text(statusCode: number, body: string): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
