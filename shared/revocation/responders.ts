import { LRUCache } from 'lru-cache';
import { type Elapsed, startDeadline } from '../net/deadline.ts';
import type { Door, DoorRequest } from '../net/door.ts';
import type { Spending } from '../net/spending.ts';
import { messageOf, Refusal } from '../reasons.ts';
import { NoWord } from './word.ts';

export interface RespondersOptions {
  /** Which asks any host over plain HTTP, at addresses that its rules allow. */
  readonly door: Door;
  readonly elapsed: Elapsed;
}

export interface Wanted extends Pick<DoorRequest, 'method' | 'headers' | 'body' | 'large'> {
  readonly maxBytes: number;
  /** Milliseconds until all of it is here. */
  readonly timeoutMs: number;
  /** `the status of a certificate`. */
  readonly what: string;
}

/** Those who are asked whether certificates were revoked: by URLs that a CA has written into what it issued. */
export interface Responders {
  /**
   * The body of an answer with status 200. Throws NoWord where none comes, and Refusal, `deadline` or `review-too-large`, where the
   * allowance ends.
   */
  ask(url: string, wanted: Wanted, allowance: Spending): Promise<Uint8Array>;
}

/** Requests to responders for one review: of 64 images, each with a chain of its own of four certificates. */
const mostOfReview = 256;
/** Milliseconds for which a host that did not answer is not asked again: each review would wait for it anew. */
const restMs = 10_000;
const maxHosts = 1000;

export function createResponders({ door, elapsed }: RespondersOptions): Responders {
  const resting = new LRUCache<string, { readonly until: number; readonly why: string }>({ max: maxHosts });
  const sent = new WeakMap<object, number>();

  /** Throws Refusal. */
  function count({ review }: Spending): void {
    const before = sent.get(review) ?? 0;
    if (before === mostOfReview) {
      throw new Refusal(
        'review-too-large',
        `the signatures of one review need over ${mostOfReview} answers of responders`,
      );
    }
    sent.set(review, before + 1);
  }

  async function ask(url: URL, wanted: Wanted, allowance: Spending): Promise<Uint8Array> {
    const { maxBytes, timeoutMs, what, ...request } = wanted;
    const since = elapsed();
    const left = allowance.deadline.remaining();
    // Where the review has less time than that, it is the review's time that ends.
    const own = left > timeoutMs ? startDeadline(timeoutMs, elapsed) : undefined;
    const spending = { ...allowance, deadline: own ?? allowance.deadline };
    try {
      const response = await door.request(url, { ...request, spending, what, follows: false });
      if (response.status !== 200) {
        response.discard();
        throw new NoWord(`it answers with status ${response.status}`);
      }
      return await response.read(maxBytes);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      if (thrown.reason === 'review-too-large') throw thrown;
      const late = thrown.reason === 'deadline';
      const why = late ? `it did not answer in ${timeoutMs} ms` : thrown.message;
      const isDown = late ? elapsed() - since >= timeoutMs / 2 : thrown.reason === 'registry-unreachable';
      if (isDown) resting.set(url.host, { until: elapsed() + restMs, why });
      throw late && allowance.deadline.remaining() === 0 ? thrown : new NoWord(why);
    } finally {
      own?.stop();
    }
  }

  return {
    async ask(text, wanted, allowance) {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined) throw new NoWord('it is no URL');
      // What is asked is public, and what comes is signed; with TLS, certificates would be needed to learn of certificates.
      if (url.protocol !== 'http:') throw new NoWord('it is not asked over plain HTTP, and no other way is used');
      url.hash = '';
      const rest = resting.get(url.host);
      if (rest !== undefined && elapsed() < rest.until) throw new NoWord(`${rest.why}, and is not asked again for now`);
      count(allowance);
      return ask(url, wanted, allowance);
    },
  };
}

/** Why there is no word, of what was thrown over a responder's answer. Throws on what is the allowance's. */
export function whyNot(thrown: unknown): string {
  if (thrown instanceof Refusal) throw thrown;
  return thrown instanceof NoWord ? thrown.message : `it is not understood: ${messageOf(thrown)}`;
}
