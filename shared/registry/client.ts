import type { Repository } from '../image/repository.ts';
import type { Door, DoorResponse, Spending } from '../net/door.ts';
import { Refusal } from '../reasons.ts';
import { type Asking, type Authorizer, createAuthorizer } from './authorization.ts';
import type { CredentialSource } from './credentials.ts';
import { apiHost } from './endpoint.ts';
import { type Retrying, withRetries } from './retry.ts';
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
}

export interface Client {
  /** Scheme, host and port of a repository's registry. */
  base(repository: Repository, spending: Spending): Promise<URL>;
  /**
   * Asks a repository's registry for a path, query included, authorized and tried again as needed. Returns what is no
   * failure of the registry's service: 200, and statuses that the asker understands. Refusals: registry-unauthorized
   * (401, 403), registry-throttled (429), registry-error (408, 5xx apart from 501), and the door's.
   */
  get(repository: Repository, path: string, request: Get): Promise<DoorResponse>;
}

export function createClient({ door, credentials, retrying, realms }: ClientSettings): Client {
  const authorizer: Authorizer = createAuthorizer(createTokens(door, retrying), realms);

  async function base(repository: Repository, spending: Spending): Promise<URL> {
    return new URL(await door.origin(apiHost(repository.registry), spending));
  }

  return {
    base,

    async get(repository, path, request) {
      const { spending, what } = request;
      const at = await base(repository, spending);
      const asking: Asking = { at, repository, credential: await credentials.find(repository) };

      const ask = (url: URL, authorization: string | undefined, namedBy?: URL) => {
        const headers = { accept: request.accept, ...(authorization === undefined ? {} : { authorization }) };
        const once = { spending, what, headers, ...(namedBy === undefined ? {} : { namedBy }) };
        const whose =
          namedBy === undefined
            ? { credential: asking.credential, name: at.host }
            : { credential: undefined, name: `a host that ${at.host} redirects to` };
        const host = { url, registry: at, ...whose };
        return withRetries((permit) => door.request(url, { ...once, permit }), host, spending.deadline, retrying);
      };

      const url = new URL(path, at);
      const sent = await authorizer.standing(asking, spending);
      let response = await ask(url, sent);
      // A challenge is answered once, and no further.
      if (response.status === 401 && response.url.origin === at.origin) {
        response.discard();
        const again = await authorizer.challenged(asking, response.header('www-authenticate'), sent, spending);
        if (again === undefined) throw failed(401, at, request);
        response = await ask(url, again);
      }
      // Where a redirect led to another host that challenges us, that host is asked itself, without our credential.
      if (response.status === 401 && response.url.origin !== at.origin) {
        response.discard();
        const elsewhere = { at: new URL(response.url.origin), repository, credential: undefined };
        const challenge = response.header('www-authenticate');
        const anonymous = await authorizer.challenged(elsewhere, challenge, undefined, spending);
        if (anonymous === undefined) throw failed(401, at, request);
        response = await ask(response.url, anonymous, at);
      }
      return answered(response, at, request);
    },
  };
}

function answered(response: DoorResponse, at: URL, request: Get): DoorResponse {
  const { status } = response;
  if (status !== 401 && status !== 403 && status !== 408 && status !== 429 && (status < 500 || status === 501)) {
    return response;
  }
  response.discard();
  throw failed(status, at, request);
}

/** A status that says nothing about the image: the registry's service failed. */
export function failed(status: number, at: URL, { what }: Get): Refusal {
  const told = `${at.host} answered ${status} to the request for ${what}`;
  if (status === 401 || status === 403) return new Refusal('registry-unauthorized', told);
  return new Refusal(status === 429 ? 'registry-throttled' : 'registry-error', told);
}
