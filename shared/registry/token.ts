import { LRUCache } from 'lru-cache';
import { Flights } from '../ledger/flights.ts';
import { apart } from '../net/apart.ts';
import type { Clock } from '../net/deadline.ts';
import type { Door, DoorResponse } from '../net/door.ts';
import { codeOf } from '../net/failure.ts';
import type { Spending } from '../net/spending.ts';
import { Refusal } from '../reasons.ts';
import type { Credential } from './credentials.ts';
import { isTemporary, type Retrying, withRetries } from './retry.ts';

/** Which token: for whom, from whom, for what. Two equal wants share a token. */
export interface TokenWant {
  /** The registry that asked for a token, as scheme, host and port. */
  readonly registry: URL;
  readonly realm: URL;
  readonly service: string | undefined;
  /** Sorted. */
  readonly scopes: readonly string[];
  /** Only if the realm may have it. */
  readonly credential: Credential | undefined;
}

export interface Tokens {
  /** A bearer token that is not `rejected`, the one that the registry has just refused. Throws Refusal. */
  get(want: TokenWant, spending: Spending, rejected?: string): Promise<string>;
}

/** The cause of a Refusal where the token server answered for good, and gave no token. */
const noToken = { code: 'NO_TOKEN' };

/** Whether a token server answered for good, neither with a token nor with 401 or 403. */
export function isNoToken(refusal: Refusal): boolean {
  return codeOf(refusal.cause) === noToken.code;
}

const maxAnswer = 64 * 1024;
const maxTokens = 500;
const second = 1000;
/** Docker's token specification: a server that does not say means this. */
const defaultLife = 60 * second;
const longestLife = 12 * 60 * 60 * second;

interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

/**
 * Bearer tokens of token servers, at most 500 of them (and 500 for hosts that nobody named), each until shortly before it expires. One request at a time fetches
 * a token, whoever waits for it; who still has time when the fetcher's has ended fetches it anew.
 */
export function createTokens(door: Door, retrying: Retrying): Tokens {
  const kept = apart(() => new LRUCache<string, Token>({ max: maxTokens }));
  const flights = new Flights();

  function valid(key: string, spending: Spending): string | undefined {
    const token = kept(spending).get(key);
    return token !== undefined && retrying.clock() < token.expiresAt ? token.value : undefined;
  }

  async function fetchAndKeep(key: string, want: TokenWant, spending: Spending): Promise<string> {
    const asked = retrying.clock();
    const response = await request(door, retrying, want, spending);
    const token = readToken(await readAnswer(response, want.registry), want.registry, asked);
    kept(spending).set(key, token);
    return token.value;
  }

  return {
    async get(want, spending, rejected) {
      const key = keyOf(want);
      const value = valid(key, spending);
      if (value !== undefined && value !== rejected) return value;
      const fetch = (aboard: Spending) => fetchAndKeep(key, want, aboard);
      return flights.share(key, spending, fetch, (token) => token !== rejected);
    },
  };
}

function keyOf({ registry, realm, service, scopes, credential }: TokenWant): string {
  return JSON.stringify([registry.origin, realm.href, service, scopes, credential]);
}

/**
 * Asks the token server: OAuth2 with an identity token, and by GET if it does not know OAuth2; else by GET, with Basic or
 * without a credential (Docker's "Token Authentication Specification" and its OAuth2 variant).
 */
async function request(door: Door, retrying: Retrying, want: TokenWant, spending: Spending): Promise<DoorResponse> {
  const { registry, realm, credential } = want;
  const what = `a token for ${registry.host}`;
  const common = { spending, what, namedBy: registry };
  const host = { url: realm, registry, credential, name: `the token server of ${registry.host}` };
  if (credential?.kind === 'identity-token') {
    const form = parametersOf(want);
    form.set('scope', want.scopes.join(' '));
    form.set('grant_type', 'refresh_token');
    form.set('client_id', 'countersign');
    form.set('refresh_token', credential.token);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    const post = { ...common, method: 'POST', headers, body: form.toString() } as const;
    // Once: a server may take a refresh token back when it has answered.
    const answer = await withRetries(
      (hooks) => door.request(realm, { ...post, ...hooks }),
      host,
      spending,
      retrying,
      1,
    );
    if (answer.status !== 404 && answer.status !== 405) return granted(answer, registry);
    answer.discard();
  }
  const url = new URL(realm);
  for (const [name, value] of parametersOf(want)) url.searchParams.append(name, value);
  const authorization = basic(credential);
  const headers = { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const get = { ...common, headers };
  const answer = await withRetries((hooks) => door.request(url, { ...get, ...hooks }), host, spending, retrying);
  return granted(answer, registry);
}

function parametersOf({ service, scopes }: TokenWant): URLSearchParams {
  const parameters = new URLSearchParams();
  if (service !== undefined) parameters.set('service', service);
  for (const scope of scopes) parameters.append('scope', scope);
  return parameters;
}

/** The Authorization header of RFC 7617, or `undefined` for a credential that has no such form. */
export function basic(credential: Credential | undefined): string | undefined {
  if (credential === undefined || credential.kind === 'registry-token') return undefined;
  const secret = credential.kind === 'basic' ? credential.password : credential.token;
  return `Basic ${Buffer.from(`${credential.username || '<token>'}:${secret}`, 'utf8').toString('base64')}`;
}

function granted(answer: DoorResponse, registry: URL): DoorResponse {
  if (answer.status === 200) return answer;
  answer.discard();
  const told = `the token server of ${registry.host} answered ${answer.status}`;
  if (answer.status === 401 || answer.status === 403) throw new Refusal('registry-unauthorized', told);
  if (!isTemporary(answer.status)) throw new Refusal('registry-error', told, { cause: noToken });
  const { late = false } = answer;
  throw new Refusal(answer.status === 429 ? 'registry-throttled' : 'registry-error', told, { late });
}

/** An answer over its bound is the token server's doing: `too-large` would blame the image. */
async function readAnswer(response: DoorResponse, registry: URL): Promise<Uint8Array> {
  try {
    return await response.read(maxAnswer);
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.reason !== 'too-large') throw thrown;
    const told = `the token server of ${registry.host} answered with more than ${maxAnswer} bytes`;
    throw new Refusal('registry-error', told, { cause: noToken });
  }
}

/** `token`, or OAuth2's `access_token`; `expires_in` in seconds from when it was asked for, whatever their clock says. */
function readToken(bytes: Uint8Array, registry: URL, asked: ReturnType<Clock>): Token {
  const told = `the token server of ${registry.host} answered without a token`;
  const nonsense = () => new Refusal('registry-error', told, { cause: noToken });
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw nonsense();
  }
  if (typeof answer !== 'object' || answer === null) throw nonsense();
  const fields: Readonly<Record<string, unknown>> = { ...answer };
  const value = [fields['token'], fields['access_token']].find((field) => typeof field === 'string' && field !== '');
  // It becomes a header's value.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw nonsense();
  const seconds = fields['expires_in'];
  const life = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * second, longestLife) : defaultLife;
  return { value, expiresAt: asked + life - Math.min(10 * second, life / 4) };
}
