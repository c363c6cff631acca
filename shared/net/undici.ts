import type { buildConnector as BuildConnector, Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import connect from 'undici/lib/core/connect.js';
import PartialAgent from 'undici/lib/dispatcher/agent.js';

/**
 * The parts of undici that are used here. Its index also loads fetch, WebSocket, mocks and caches: three quarters of its code
 * and of the time that it takes to start. The version is pinned exactly, so the paths hold.
 */
export const Agent = PartialAgent;

export const buildConnector: typeof BuildConnector = connect;

/** One HTTP request by `dispatcher`; redirects are not followed. */
export function send(
  dispatcher: Dispatcher,
  url: URL,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  return request.call(dispatcher, { ...options, origin: url.origin, path: `${url.pathname}${url.search}` });
}
