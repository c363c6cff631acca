import { Flights } from '../ledger/flights.ts';
import type { Door } from '../net/door.ts';
import type { Spending } from '../net/spending.ts';
import type { Authorization } from './authorization.ts';
import { failed } from './failed.ts';
import { type Hooks, isTemporary, type Retrying, withRetries } from './retry.ts';

/** What a registry answers about itself, and not about a repository. */
export interface RootAnswer {
  /** 200: whoever asked is let in. */
  readonly status: number;
  /** WWW-Authenticate. */
  readonly challenge: string | undefined;
}

export interface ApiRoot {
  /** Asks a registry for `/v2/` (distribution-spec, "Determining Support"); those who ask at a time share the answer. Throws Refusal. */
  ask(at: URL, authorization: Authorization | undefined, spending: Spending): Promise<RootAnswer>;
}

export function createApiRoot(door: Door, retrying: Retrying): ApiRoot {
  const flights = new Flights();

  async function request(at: URL, authorization: Authorization | undefined, spending: Spending): Promise<RootAnswer> {
    const headers = authorization === undefined ? {} : { authorization: authorization.header };
    const what = `/v2/ of ${at.host}`;
    const url = new URL('/v2/', at);
    const host = { url, registry: at, credential: authorization?.as, name: at.host };
    const send = (hooks: Hooks) => door.request(url, { spending, what, headers, ...hooks });
    const response = await withRetries(send, host, spending, retrying);
    response.discard();
    if (isTemporary(response.status)) throw failed(response.status, at, what, response.late);
    // Another host's answer says nothing about this registry.
    if (response.url.origin !== at.origin) return { status: 0, challenge: undefined };
    return { status: response.status, challenge: response.header('www-authenticate') };
  }

  return {
    ask: (at, authorization, spending) =>
      flights.share(
        `${at.origin} ${authorization?.header ?? ''}`,
        spending,
        (aboard) => request(at, authorization, aboard),
        () => true,
      ),
  };
}
