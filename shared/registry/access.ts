import { LRUCache } from 'lru-cache';
import { apart } from '../net/apart.ts';
import type { Clock } from '../net/deadline.ts';
import type { Spending } from '../net/spending.ts';
import { Refusal } from '../reasons.ts';
import type { ApiRoot, RootAnswer } from './api-root.ts';
import type { Asking, Authorization, Authorizer } from './authorization.ts';
import { notReadable, unauthorized, unknownIfLetIn } from './not-readable.ts';

/** What a registry answered for a repository. */
export interface Answered {
  readonly status: number;
  /** The same in words. */
  readonly told: string;
  /** WWW-Authenticate. */
  readonly challenge: string | undefined;
}

/** What to do about an answer. */
export interface Next {
  /** To ask again with; `undefined`: asking again is of no use. */
  readonly authorization: Authorization | undefined;
  /** What `/v2/` answered to a stranger, where it was asked on the way. */
  readonly rootStatus?: number;
}

export interface Access {
  /**
   * What an answer calls for, that came to a request with the authorization `sent`. `refused`: what was sent and refused last,
   * now or before. Throws Refusal.
   */
  next(
    asking: Asking,
    answered: Answered,
    sent: Authorization | undefined,
    refused: Authorization | undefined,
    spending: Spending,
  ): Promise<Next>;
  /** What a 401 or 403 is that nothing more can be done about, `told` in words. */
  refusal(
    asking: Asking,
    answered: { readonly status: number; readonly told: string; readonly rootStatus?: number | undefined },
    sent: Authorization | undefined,
    spending: Spending,
  ): Promise<Refusal>;
}

/** How long (milliseconds) a 404 is believed, after `/v2/` has asked a stranger for no login. */
const openFor = 5 * 60_000;

/** How a registry's answers about logging in are read: what it asks for, and what it means when it refuses. */
export function createAccess(authorizer: Authorizer, root: ApiRoot, clock: Clock): Access {
  /** Origins that ask for no login at `/v2/` either, and until when that is remembered. */
  const open = apart(() => new LRUCache<string, number>({ max: 2000 }));

  /** Asks for `/v2/` about an answer. Where that fails after a 401 or 403, it is unknown what that was, unless we are let in. */
  async function askRoot(
    asking: Asking,
    { status, told }: Pick<Answered, 'status' | 'told'>,
    sent: Authorization | undefined,
    spending: Spending,
  ): Promise<RootAnswer> {
    try {
      return await root.ask(asking.at, sent, spending);
    } catch (thrown) {
      if (status === 404 || !(thrown instanceof Refusal)) throw thrown;
      throw unknownIfLetIn(thrown, notReadable(asking, sent?.as, told));
    }
  }

  /**
   * Some registries challenge at `/v2/` alone, and answer 404, 403, or 401 without a challenge for a repository that they do not
   * show to strangers. `/v2/` is asked about a 404 only where a credential could change it.
   */
  async function hidden(asking: Asking, answered: Answered, spending: Spending): Promise<Next> {
    const { status } = answered;
    const { at, credential } = asking;
    const believed = credential === undefined || clock() < (open(spending).get(at.origin) ?? 0);
    if (status === 404 && believed) return { authorization: undefined };
    const { status: rootStatus, challenge } = await askRoot(asking, answered, undefined, spending);
    const authorization =
      rootStatus === 401 ? await authorizer.challengedAtRoot(asking, challenge, spending) : undefined;
    if (authorization !== undefined) return { authorization };
    open(spending).set(at.origin, clock() + openFor);
    return { authorization, rootStatus };
  }

  return {
    async next(asking, answered, sent, refused, spending) {
      const { status, challenge } = answered;
      if (status === 401) {
        const authorization = await authorizer.challenged(asking, challenge, refused, spending);
        if (authorization !== undefined) return { authorization };
      }
      if (sent === undefined) return hidden(asking, answered, spending);
      return { authorization: status === 403 ? await authorizer.renewed(asking, sent, spending) : undefined };
    },

    /**
     * A registry that lets us in and closes this repository does what its owner chose: `image-not-readable`, denied, since nodes may
     * have another credential and pull it. A registry that refuses everyone, or the credential, has failed us:
     * `registry-unauthorized`, unavailable.
     *
     * Let in is who was given a token, who was sent away (403) with a credential that the registry's own service has just issued,
     * and else who is let in at `/v2/` with what was sent, be it nothing. That is asked now: what is remembered makes no denial.
     */
    async refusal(asking, { status, told, rootStatus }, sent, spending) {
      const used = sent?.as;
      const given = sent?.header.startsWith('Bearer ') && used?.kind !== 'registry-token';
      const letIn = async () => {
        if (used?.issued) return status === 403;
        if (rootStatus !== undefined) return rootStatus === 200;
        return (await askRoot(asking, { status, told }, sent, spending)).status === 200;
      };
      const closed = notReadable(asking, used, told);
      if (given || (await letIn())) return closed;
      return unknownIfLetIn(unauthorized(asking, used, told), closed);
    },
  };
}
