import { hash, timingSafeEqual } from 'node:crypto';

/** Which of its two calls an API server makes for an object. */
export type WebhookPurpose = 'mutate' | 'validate';

/** A webhook's URL, read: `/{cluster}/{mutate|validate}/{scope}[/{token}]`, or `/{mutate|validate}[/{token}]` of `serve`. */
export interface WebhookPath {
  readonly cluster: string;
  readonly purpose: WebhookPurpose;
  readonly scope: Scope;
  readonly token: string | undefined;
}

/**
 * The rules that a webhook asks. `fail`: those that enforce somewhere under failurePolicy Fail; `ignore`: all others; either
 * with the hash of a rule's namespaceSelector (16 hex digits), which the API server has evaluated, or none. `audit`: every
 * rule of the cluster, and none blocks. `all`: every rule, each by its own failurePolicy.
 */
export type Scope =
  | { readonly kind: 'fail' | 'ignore'; readonly selector: string | undefined }
  | { readonly kind: 'audit' | 'all' };

const clusterGrammar = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const scopeGrammar = /^(fail|ignore)(?:-([0-9a-f]{16}))?$/;
/** RFC 3986's unreserved characters, so that no token has two spellings in a URL. */
const tokenGrammar = /^[A-Za-z0-9._~-]{1,256}$/;
/** The grammar of tokens in words, which stand after "8 to". */
export const tokenCharacters = "256 letters, digits, '.', '_', '~' and '-'";

/** Whether a cluster may have this name, by EKS's grammar of cluster names; no path can name any other. */
export function isClusterName(text: string): boolean {
  return clusterGrammar.test(text);
}

/** Whether a webhook token of `shortest` characters at least may be this, so that it can stand in a webhook's URL as it is. */
export function isWebhookToken(text: string, shortest: number): boolean {
  return text.length >= shortest && tokenGrammar.test(text);
}

/** Reads the path of a request, without its query and without an API's stage. `undefined` for any other path. */
export function parseWebhookPath(path: string): WebhookPath | undefined {
  const segments = path.split('/', 6);
  if (segments.shift() !== '') return undefined;
  if (segments.length < 3) {
    const [purpose, token] = segments;
    return isPurpose(purpose) && isToken(token)
      ? { cluster: 'default', purpose, scope: { kind: 'all' }, token }
      : undefined;
  }
  const [cluster = '', purpose, name = '', token, ...more] = segments;
  const scope = parseScope(name);
  if (!isClusterName(cluster) || !isPurpose(purpose) || scope === undefined) return undefined;
  return isToken(token) && more.length === 0 ? { cluster, purpose, scope, token } : undefined;
}

/** Whether a token is one of those that are valid, in a time that tells nothing of them but how many there are. */
export function tokenMatches(given: string, valid: readonly string[]): boolean {
  const digest = sha256(given);
  let matches = false;
  for (const token of valid) {
    if (timingSafeEqual(digest, sha256(token))) matches = true;
  }
  return matches;
}

function parseScope(text: string): Scope | undefined {
  if (text === 'audit') return { kind: 'audit' };
  const found = scopeGrammar.exec(text);
  if (found === null) return undefined;
  return { kind: found[1] === 'fail' ? 'fail' : 'ignore', selector: found[2] };
}

function isPurpose(segment: string | undefined): segment is WebhookPurpose {
  return segment === 'mutate' || segment === 'validate';
}

function isToken(segment: string | undefined): boolean {
  return segment === undefined || tokenGrammar.test(segment);
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
