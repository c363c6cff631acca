/** What every client of AWS is made of. */
export interface ClientOptions {
  readonly region: string;
  /** Tests point a client at a server on loopback; deployed, the SDK knows, or AWS_ENDPOINT_URL says. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** In milliseconds. Without `throwOnRequestTimeout` the SDK warns of a request that takes too long, and waits on. */
export function requestHandler(requestTimeout: number, connectionTimeout = 300) {
  return { connectionTimeout, requestTimeout, throwOnRequestTimeout: true };
}
