import { codeOf } from '../net/failure.ts';

/**
 * How a call of an AWS service failed. `unreachable`: no connection was made, so nothing was done. `broken`: a connection broke,
 * and what was asked may have been done or not, as with `slow` and `service`.
 */
export type AwsFailure =
  | 'throttled'
  | 'denied'
  | 'missing'
  | 'slow'
  | 'unreachable'
  | 'broken'
  | 'service'
  | 'unexpected';

const byName: Readonly<Record<string, AwsFailure>> = {
  ProvisionedThroughputExceededException: 'throttled',
  RequestLimitExceeded: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',
  LimitExceededException: 'throttled',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidClientTokenId: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationTokenException: 'denied',
  NotAuthorized: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',
  SlowDown: 'throttled',
  ResourceNotFoundException: 'missing',
  NoSuchBucket: 'missing',
  NoSuchKey: 'missing',
  AbortError: 'slow',
};

const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * What the SDK threw, by its name, then the answer's status, then the system's code. Never by class: the clients are bundled
 * each on its own.
 */
export function awsFailure(thrown: unknown): AwsFailure {
  const name = nameOf(thrown) ?? '';
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (known !== undefined) return known;
  const code = codeOf(thrown);
  // The SDK gives this name to connections that were reset, too.
  if (name === 'TimeoutError') return code === 'ECONNRESET' || code === 'EPIPE' ? 'broken' : 'slow';
  const status = statusOf(thrown);
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status !== undefined && status >= 500) return 'service';
  if (code === undefined || status !== undefined) return 'unexpected';
  return neverConnected.has(code) ? 'unreachable' : 'broken';
}

/** The name of what was thrown: the service's own word on what is wrong, where it has answered. */
export function nameOf(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && typeof thrown.name === 'string'
    ? thrown.name
    : undefined;
}

/** The HTTP status of the answer that the SDK threw. */
export function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('$metadata' in thrown)) return undefined;
  const metadata = thrown.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
