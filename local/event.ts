import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpEvent } from '../functions/http/event.ts';

export type EventShape = 'http-api' | 'rest-api';

/** The event that API Gateway would make of a request: HTTP API payload 2.0, or a REST API's Lambda proxy. */
export function eventOf(shape: EventShape, request: IncomingMessage, body: string): HttpEvent {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const parameters = query === '' ? undefined : Object.fromEntries(new URLSearchParams(query));
  const method = request.method ?? 'GET';
  return shape === 'http-api'
    ? ({
        version: '2.0',
        routeKey: '$default',
        rawPath: path,
        rawQueryString: query,
        headers: request.headers,
        ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
        requestContext: { stage: '$default', http: { method, path } },
        body,
        isBase64Encoded: false,
      } as unknown as APIGatewayProxyEventV2)
    : ({
        resource: '/{proxy+}',
        path,
        httpMethod: method,
        headers: request.headers,
        queryStringParameters: parameters ?? null,
        requestContext: { stage: 'local', httpMethod: method, path: `/local${path}` },
        body,
        isBase64Encoded: false,
      } as unknown as APIGatewayProxyEvent);
}
