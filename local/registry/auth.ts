import { randomBytes } from 'node:crypto';
import { basicCredentials, type SeenRequest } from './requests.ts';
import { failure, json, type RegistryResponse } from './response.ts';

export interface BasicAuth {
  scheme: 'basic';
  user: string;
  password: string;
}

/** Docker's token authentication (distribution/docs/spec/auth/token.md and oauth.md). */
export interface BearerAuth {
  scheme: 'bearer';
  /** Without a user, everybody gets the token asked for. */
  user?: string;
  password?: string;
  /** Accepted by `POST /token` with grant_type=refresh_token (docker's identity token). */
  refreshToken?: string;
  /** Tokens to pull for everybody, although there is a user. */
  anonymousPull?: boolean;
  /** `second`: tokens come from another port (`LocalRegistry.tokenUrl`); decided when the registry starts. */
  tokenOrigin?: 'same' | 'second';
  /** What the challenge says instead of the true realm. */
  realm?: string;
  service?: string;
  /** 300 by default. */
  lifetimeSeconds?: number;
}

export type Auth = BasicAuth | BearerAuth;

interface Issued {
  scopes: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Asks requests for credentials, and issues tokens that are random and live in memory. */
export class Authenticator {
  readonly #issued = new Map<string, Issued>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The 401 that a request earns, or undefined when it may go on. `realm` is the true one. */
  challenge(
    auth: Auth | undefined,
    request: SeenRequest,
    authorization: string | undefined,
    realm: string,
  ): RegistryResponse | undefined {
    if (auth === undefined) return undefined;
    if (auth.scheme === 'basic') {
      if (isUser(auth, authorization)) return undefined;
      return unauthorized('Basic realm="local registry", charset="UTF-8"');
    }
    const needed = neededScope(request);
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const issued = token === undefined ? undefined : this.#issued.get(token);
    const valid = issued !== undefined && issued.expires > this.#now().getTime();
    if (valid && (needed === undefined || needed.all.every((scope) => issued.scopes.has(scope)))) return undefined;
    const error = valid ? 'insufficient_scope' : token === undefined ? undefined : 'invalid_token';
    return unauthorized(
      [
        `Bearer realm="${auth.realm ?? realm}"`,
        `service="${auth.service ?? 'registry.local'}"`,
        ...(needed === undefined ? [] : [`scope="${needed.text}"`]),
        ...(error === undefined ? [] : [`error="${error}"`]),
      ].join(','),
    );
  }

  /** `GET /token` with Basic credentials or none; `POST /token` with grant_type password or refresh_token. */
  token(
    auth: Auth | undefined,
    request: SeenRequest,
    authorization: string | undefined,
    body: Buffer,
  ): RegistryResponse {
    if (auth?.scheme !== 'bearer') return failure(404, 'UNSUPPORTED', 'this registry issues no tokens');
    const form = new URLSearchParams(request.method === 'POST' ? body.toString('utf8') : request.path.split('?')[1]);
    const identified = request.method === 'POST' ? isGranted(auth, form) : isUser(auth, authorization);
    const anonymous = authorization === undefined && request.method !== 'POST' && auth.anonymousPull === true;
    if (!identified && !anonymous) return unauthorized('Basic realm="local registry tokens"');
    const scopes = form
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .flatMap(single)
      .filter((scope) => identified || scope.endsWith(':pull'));
    const lifetime = auth.lifetimeSeconds ?? 300;
    const token = this.issue(scopes, lifetime);
    return json(200, { token, access_token: token, expires_in: lifetime, issued_at: this.#now().toISOString() });
  }

  /** A token without a request: scopes such as `repository:demo/app:pull`. */
  issue(scopes: readonly string[], lifetimeSeconds = 300): string {
    const now = this.#now().getTime();
    for (const [token, { expires }] of this.#issued) if (expires <= now) this.#issued.delete(token);
    const token = randomBytes(24).toString('base64url');
    this.#issued.set(token, { scopes: new Set(scopes.flatMap(single)), expires: now + lifetimeSeconds * 1000 });
    return token;
  }
}

function isUser(auth: Auth, authorization: string | undefined): boolean {
  if (auth.user === undefined) return true;
  const given = basicCredentials(authorization);
  return given !== undefined && given.user === auth.user && given.password === auth.password;
}

function isGranted(auth: BearerAuth, form: URLSearchParams): boolean {
  if (form.get('grant_type') === 'refresh_token') {
    return auth.refreshToken !== undefined && form.get('refresh_token') === auth.refreshToken;
  }
  if (form.get('grant_type') !== 'password') return false;
  return auth.user === undefined || (form.get('username') === auth.user && form.get('password') === auth.password);
}

/** What a request must be allowed, as the challenge writes it and one by one. */
function neededScope({ method, name }: SeenRequest): { text: string; all: string[] } | undefined {
  if (name === undefined) return undefined;
  const text = `repository:${name}:${method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push'}`;
  return { text, all: single(text) };
}

/**
 * `repository:a:pull,push` as `repository:a:pull` and `repository:a:push`; a repository's name may hold a port's
 * colon.
 */
function single(scope: string): string[] {
  const end = scope.lastIndexOf(':');
  return scope
    .slice(end + 1)
    .split(',')
    .map((action) => `${scope.slice(0, end)}:${action}`);
}

function unauthorized(challenge: string): RegistryResponse {
  return failure(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
}
