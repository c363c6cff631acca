import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** Either event shape of API Gateway: HTTP API payload 2.0, or a REST API's proxy event. */
export type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2;

/** What the handler reads of a call. */
export interface Call {
  readonly method: string;
  /** Without the stage that some APIs put in front. */
  readonly path: string;
  /** The `timeout` of the query, as the API server sends it: `10s`. */
  readonly timeout: string | undefined;
  /** When API Gateway took the call, in milliseconds by its clock. */
  readonly receivedAt: number | undefined;
  readonly body: string;
}

/** The call in an event of either shape. A REST event has `httpMethod`, `path` and null query parameters. */
export function callOf(event: HttpEvent): Call {
  const body = event.body ?? '';
  const common = {
    timeout: event.queryStringParameters?.['timeout'],
    body: event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
  };
  if ('httpMethod' in event) {
    const { requestTimeEpoch: receivedAt } = event.requestContext;
    return { method: event.httpMethod, path: event.path, receivedAt, ...common };
  }
  const { http, stage, timeEpoch: receivedAt } = event.requestContext;
  const staged = stage !== '$default' && event.rawPath.startsWith(`/${stage}/`);
  const path = staged ? event.rawPath.slice(stage.length + 1) : event.rawPath;
  return { method: http.method, path, receivedAt, ...common };
}
