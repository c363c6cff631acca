import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** Either event shape of API Gateway: HTTP API payload 2.0, or a REST API's proxy event. */
export type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2;

/** What the handler reads of a call. */
export interface Call {
  readonly method: string;
  /** Without what stands in front: an API's stage, or the base path of a custom domain. */
  readonly path: string;
  /** The `timeout` of the query, as the API server sends it: `10s`. */
  readonly timeout: string | undefined;
  /** When API Gateway took the call, in milliseconds by its clock. */
  readonly receivedAt: number | undefined;
  readonly caller: Caller;
  readonly body: string;
}

/** Who called, by API Gateway's word and not by the caller's own. */
export interface Caller {
  /** An IP address; the VPC endpoint that the call came by where there is none. */
  readonly source?: string;
  /** API Gateway's own id of the call, which its access log has too. */
  readonly requestId?: string;
}

/** The call in an event of either shape. A REST event has `httpMethod`, `path` and null query parameters. */
export function callOf(event: HttpEvent): Call {
  const body = event.body ?? '';
  const common = {
    timeout: event.queryStringParameters?.['timeout'],
    body: event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
  };
  if ('httpMethod' in event) {
    const { requestTimeEpoch: receivedAt, identity, requestId, extendedRequestId } = event.requestContext;
    const path = pathOfRoute(event.resource, event.pathParameters) ?? event.path;
    // The other one a client may set, by the documentation of its access log's variables.
    const caller = callerOf(identity?.sourceIp ?? identity?.vpceId, extendedRequestId ?? requestId);
    return { method: event.httpMethod, path, receivedAt, caller, ...common };
  }
  const { http, stage, timeEpoch: receivedAt, requestId } = event.requestContext;
  const staged = stage !== '$default' && event.rawPath.startsWith(`/${stage}/`);
  const called = staged ? event.rawPath.slice(stage.length + 1) : event.rawPath;
  const path = pathOfRoute(event.routeKey?.replace(/^[A-Z]+ /, ''), event.pathParameters) ?? called;
  return { method: http.method, path, receivedAt, caller: callerOf(http.sourceIp, requestId), ...common };
}

/** What an event says; one of a test or of another hand may leave any of it out. */
function callerOf(source: unknown, requestId: unknown): Caller {
  return {
    ...(isName(source) && { source }),
    ...(isName(requestId) && { requestId }),
  };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 100;
}

/** A cluster's route: its name, and three segments that the caller chooses. */
const clusterRoute = /^\/[^/{}]+(?:\/\{[a-z]+\}){3}$/;

/**
 * The path by the route that API Gateway chose, with its parameters filled in: which cluster is asked about is the route's word, and a
 * custom domain may map any base path to the API, which then stands in the path of the event. One that is missing leaves its segment
 * empty, and a slash in one makes a segment more: neither is a webhook's path. `undefined`: the route is no cluster's.
 */
function pathOfRoute(
  route: string | undefined,
  parameters: Readonly<Record<string, string | undefined>> | null | undefined,
): string | undefined {
  if (route === undefined || !clusterRoute.test(route)) return undefined;
  const given = new Map(Object.entries(parameters ?? {}));
  return route.replace(/\{([a-z]+)\}/g, (_, name: string) => given.get(name) ?? '');
}
