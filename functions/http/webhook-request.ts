import type middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { parseWebhookPath, tokenMatches, type WebhookPath } from '../../shared/admission/path.ts';
import { type ParsedReview, parseReview } from '../../shared/admission/review.ts';
import { parseReviewText } from '../../shared/admission/review-text.ts';
import type { Clock } from '../../shared/net/deadline.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import { type Caller, callOf, type HttpEvent } from './event.ts';

/** What the handler is given in place of the event: who called, and what they ask. */
export interface WebhookRequest {
  readonly path: WebhookPath;
  /** When the call arrived, in milliseconds by the wall clock. */
  readonly receivedAt: number;
  readonly caller: Caller;
  /** The query's `timeout`, as the API server sends it. */
  readonly timeout: string | undefined;
  /** The request, or why it cannot be read although its uid could. */
  readonly review: Exclude<ParsedReview, { readonly kind: 'no-review' }>;
}

export interface Gate {
  /**
   * The webhook tokens that are valid for a cluster (two during a rotation); `undefined`: none is asked for. Rejects where they
   * cannot be known: then nobody can be told from anybody, and the call fails (503). `remaining`: milliseconds that the function
   * has left.
   */
  tokens(cluster: string, remaining: () => number): Tokens | undefined | Promise<Tokens>;
  readonly metrics: Metrics;
}

type Tokens = readonly string[];

/** An event older than this, in milliseconds, has a clock of its own: the function has run long since then. */
const oldestEvent = 30_000;

/**
 * Turns an event into a WebhookRequest. The token is compared before the body is parsed. The body goes through
 * parseReviewText: a stock parser that answers 422 to a `__proto__` key would let a Pod in unverified under failurePolicy Ignore.
 * What is no call of ours is answered here: 401 with an empty body, 404, and 400 for a body without a uid to answer.
 */
export function webhookRequest(
  gate: Gate,
  clock: Clock,
): middy.MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  return {
    before: async (request) => {
      const now = clock();
      const call = callOf(request.event);
      const path = parseWebhookPath(call.path);
      if (path === undefined) return text(404, 'no such webhook: see the path in your webhook configuration\n');
      if (call.method !== 'POST') return text(405, 'send an AdmissionReview with POST\n');
      const refused = await refuseCaller(gate, path, request.context);
      if (refused !== undefined) return refused;

      let body: unknown;
      try {
        body = parseReviewText(call.body);
      } catch {
        return text(400, 'the body is no JSON; an AdmissionReview of admission.k8s.io/v1 was expected\n');
      }
      const review = parseReview(body);
      if (review.kind === 'no-review') return text(400, `${review.problem}\n`);
      const { receivedAt = now } = call;
      const believed = receivedAt <= now && now - receivedAt < oldestEvent;
      const { timeout, caller } = call;
      const webhook: WebhookRequest = { path, receivedAt: believed ? receivedAt : now, caller, timeout, review };
      // middy hands `request.event` to the handler; from here on that is a WebhookRequest.
      Object.assign(request, { event: webhook });
      return undefined;
    },
  };
}

/** The answer to a caller who is not let in. */
async function refuseCaller(
  gate: Gate,
  { cluster, token }: WebhookPath,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | undefined> {
  let tokens: Tokens | undefined;
  try {
    tokens = await gate.tokens(cluster, () => context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY);
  } catch {
    gate.metrics.count('tokens-unavailable', { cluster });
    return { statusCode: 503, body: '' };
  }
  if (tokens === undefined) {
    return token === undefined ? undefined : text(404, 'this server has no webhook token\n');
  }
  if (tokenMatches(token ?? '', tokens)) return undefined;
  gate.metrics.count('unauthorized', { cluster });
  return { statusCode: 401, body: '' };
}

function text(statusCode: number, body: string): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
