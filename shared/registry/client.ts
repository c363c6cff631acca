import type { Repository } from '../image/repository.ts';
import type { Door, DoorResponse } from '../net/door.ts';
import type { Spending } from '../net/spending.ts';
import { createAccess } from './access.ts';
import { createApiRoot } from './api-root.ts';
import { type Asking, type Authorization, createAuthorizer } from './authorization.ts';
import type { CredentialSource } from './credentials.ts';
import { apiHost } from './endpoint.ts';
import { failed, toldStatus } from './failed.ts';
import { isTemporary, type Retrying, withRetries } from './retry.ts';
import { createTokens } from './token.ts';

export interface ClientSettings {
  readonly door: Door;
  readonly credentials: CredentialSource;
  readonly retrying: Retrying;
  /** Registry name to further hosts of token servers that may have its credentials. */
  readonly realms: Readonly<Record<string, readonly string[]>>;
}

export interface Get {
  readonly accept: string;
  /** What is asked for, in the words of messages. */
  readonly what: string;
  readonly spending: Spending;
  /** Its body takes long, by what is announced of it. */
  readonly large?: boolean;
}

export interface Client {
  /** Scheme, host and port of a repository's registry. */
  base(repository: Repository, spending: Spending): Promise<URL>;
  /**
   * Asks a repository's registry for a path, query included, authorized and tried again as needed. Returns what is no
   * failure of the registry's service: 200, and statuses that the asker understands. Refusals: registry-unauthorized and
   * image-not-readable (401, 403; see Access.refusal), registry-throttled (429), registry-error (408, 5xx apart from 501), and the door's.
   */
  get(repository: Repository, path: string, request: Get): Promise<DoorResponse>;
}

export function createClient({ door, credentials, retrying, realms }: ClientSettings): Client {
  const authorizer = createAuthorizer(createTokens(door, retrying), realms);
  const access = createAccess(authorizer, createApiRoot(door, retrying), retrying.clock);

  async function base(repository: Repository, spending: Spending): Promise<URL> {
    return new URL(await door.origin(apiHost(repository.registry), spending));
  }

  return {
    base,

    async get(repository, path, request) {
      const { spending, what, large = false } = request;
      const at = await base(repository, spending);
      const asking: Asking = { at, repository, credential: await credentials.find(repository) };

      const ask = (url: URL, authorization: Authorization | undefined, namedBy?: URL) => {
        const headers = { accept: request.accept, ...(authorization && { authorization: authorization.header }) };
        const once = { spending, what, large, headers, ...(namedBy === undefined ? {} : { namedBy }) };
        const whose =
          namedBy === undefined
            ? { credential: asking.credential, name: at.host }
            : { credential: undefined, name: `a host that ${at.host} redirects to` };
        const host = { url, registry: at, ...whose };
        return withRetries((hooks) => door.request(url, { ...once, ...hooks }), host, spending, retrying);
      };

      // Not resolved: a path of a registry's own Link header that begins with `//` would be another host.
      const url = new URL(`${at.origin}${path}`);
      let sent = await authorizer.standing(asking, spending);
      let response = await ask(url, sent);
      const refused = sent;
      // A challenge says by itself what is wanted.
      const mute =
        response.status === 403 || (response.status === 401 && response.header('www-authenticate') === undefined);
      if (mute && response.url.origin === at.origin && sent?.guessed) {
        response.discard();
        authorizer.forget(asking, spending);
        sent = undefined;
        response = await ask(url, sent);
      }
      if ((isRefused(response) || response.status === 404) && response.url.origin === at.origin) {
        response.discard();
        const { status } = response;
        const answered = { status, told: toldStatus(status, at, what), challenge: response.header('www-authenticate') };
        const { authorization, rootStatus } = await access.next(asking, answered, sent, refused, spending);
        // What it asks for is answered once, and no further.
        if (authorization !== undefined) {
          sent = authorization;
          response = await ask(url, sent);
        }
        if (isRefused(response) && response.url.origin === at.origin) {
          if (authorization !== undefined) response.discard();
          const { status } = response;
          throw await access.refusal(
            asking,
            { status, told: toldStatus(status, at, what), rootStatus },
            sent,
            spending,
          );
        }
        if (authorization === undefined) return { ...response, discard: () => {} };
      }
      // Where a redirect led to another host that challenges us, that host is asked itself, without our credential.
      if (response.status === 401 && response.url.origin !== at.origin) {
        response.discard();
        const elsewhere = { at: new URL(response.url.origin), repository, credential: undefined };
        const challenge = response.header('www-authenticate');
        const anonymous = await authorizer.challengedElsewhere(elsewhere, challenge, spending);
        if (anonymous === undefined) throw failed(401, at, what);
        response = await ask(response.url, anonymous, at);
      }
      return answered(response, at, what);
    },
  };
}

function isRefused({ status }: DoorResponse): boolean {
  return status === 401 || status === 403;
}

function answered(response: DoorResponse, at: URL, what: string): DoorResponse {
  const { status } = response;
  if (!isRefused(response) && !isTemporary(status)) return response;
  response.discard();
  throw failed(status, at, what, response.late);
}
