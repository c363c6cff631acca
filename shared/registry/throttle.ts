import { LRUCache } from 'lru-cache';
import { apart } from '../net/apart.ts';
import { type Deadline, type Elapsed, startDeadline } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import { Refusal } from '../reasons.ts';
import type { Credential } from './credentials.ts';

/** Hosts that asked to slow down, as many as are remembered. */
const maxHosts = 500;
const second = 1000;
/** A host that went on without saying how long is left alone for this; none for longer than that. Milliseconds. */
const shortest = second;
const longest = 60 * second;
/** How long others wait for the request that finds out, once it may have been sent. Then another one does. */
const scoutTime = second;
/** A host that is to be left alone for longer than this (milliseconds) is not waited for. */
export const maxWait = 30 * second;

/** Who is asked, for whom and as whom: quotas are counted by credential, and each registry answers for itself alone. */
export interface AskedHost {
  readonly url: URL;
  /** The registry that is asked, or that named the token server which is. */
  readonly registry: URL;
  readonly credential: Credential | undefined;
  /** What messages call the host. */
  readonly name: string;
}

export interface Throttles {
  /** One request's dealings with its host, through all of its tries. `named`: the rules or the settings name the host; they do if absent. */
  caller(host: AskedHost, deadline: Deadline, named?: boolean): Caller;
}

export interface Caller {
  /**
   * Before each try: waits where the host is to be left alone and the deadline has room for that, or where another request
   * is about to find out. Refusals: `registry-throttled`, at once where it has not, or where others have tried in vain.
   */
  ready(): Promise<void>;
  /** Right before the request goes out: why it must not. It is not an end: `ready` is to be asked again. */
  heldBack(): Refusal | undefined;
  /**
   * Right before the request goes on to another host, or not: why that one must not be asked. It is left alone where it asked this
   * registry to slow down, or, behind a host that nobody named but an author, where it asked anyone without a credential: that is an
   * end, as `heldBack` is where the host is named.
   */
  heldBackAt(url: URL): Refusal | undefined;
  /** The answer that asks to slow down, for `asked` milliseconds if it says so, came from `url`: the host's own, or where it redirects to. */
  slowedAt(url: URL, asked: number | undefined): void;
  /**
   * Whether what `url` answers is the host's own word. What a named host redirects to speaks for itself; behind a host that nobody named but an
   * author it speaks for that one too, which may have as many names for it as it likes.
   */
  isItself(url: URL): boolean;
  /** The host asked to slow down, and this request tries again in `wait` milliseconds: until then nobody else asks it. */
  slowed(wait: number): Promise<void>;
  /**
   * The host asked to slow down, for `asked` milliseconds if it said so, and this request tries no more: because it has
   * tried often enough (`final`), or because its own time does not allow it.
   */
  gaveUp(asked: number | undefined, final: boolean): void;
  /** The host answered, or failed, in another way. */
  answered(): void;
  /** Nothing more comes of this request. */
  end(): void;
}

/** `open`: the host may be asked. `throttled`: it went on. `left`: whoever was to find out had no time for it. */
type Sighting = 'open' | 'throttled' | 'left';

interface Throttled {
  until: number;
  /** A request has tried as often as it may: nobody waits for `until`, which would only be more of the same. */
  hopeless: boolean;
  /** The request that asks again when the time has come; all others wait for what it finds. */
  scout: Scout | undefined;
}

type Scout = PromiseWithResolvers<Sighting>;

/** Another host, or another's word about this one, that a request waits for; `who` it is in messages. */
interface Behind {
  readonly host: Throttled;
  readonly who: string;
}

/** Milliseconds; rejects when the signal aborts. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/**
 * Remembers which hosts asked to slow down (429, or 503 with Retry-After), so that a host is left alone for what it says by
 * every request of this instance, and one request at a time finds out whether it has recovered. Nobody is refused for
 * longer than the host asked, a minute at most.
 *
 * What is said to those whose rules do not name a host is remembered for such alone, since an author chose what was asked of whom; what is
 * said to those who name it counts for both.
 */
export function createThrottles(elapsed: Elapsed, sleep: Sleep): Throttles {
  const remembered = apart(() => new LRUCache<string, Throttled>({ max: maxHosts }));

  return {
    caller({ url, registry, credential, name }, deadline, named = true) {
      const hosts = remembered({ named });
      const ofNamed = remembered({ named: true });
      const key = keyOf(url, registry.origin, credential);
      let mine: Scout | undefined;
      /** Until when this request has waited: a timer may end a moment before the clock says so. */
      let waitedUntil = 0;
      let sentAt = 0;
      /** The host to which this one redirects, and which is to be left alone. */
      let behind: Behind | undefined;

      function known(): Throttled {
        const host = hosts.get(key) ?? { until: 0, hopeless: false, scout: undefined };
        hosts.set(key, host);
        return host;
      }

      function becomeScout(host: Throttled): void {
        mine = Promise.withResolvers<Sighting>();
        host.scout = mine;
        host.hopeless = false;
      }

      /** Tells those who wait what was found, if this request was to find out. */
      function report(sighting: Sighting): void {
        const host = hosts.get(key);
        if (mine === undefined) return;
        const current = host?.scout === mine;
        if (host !== undefined && current) host.scout = undefined;
        // Good news of a scout that took long is news all the same, unless the host has asked to slow down since it was sent.
        if (host !== undefined && sighting === 'open' && (current || host.until <= sentAt)) {
          hosts.delete(key);
          host.scout?.resolve('open');
        }
        mine.resolve(sighting);
        mine = undefined;
      }

      /** Whether the host may be asked now. The first one after a throttle is the one that finds out. */
      function permitted(): boolean {
        const host = hosts.get(key);
        if (host === undefined || (mine !== undefined && host.scout === mine)) return true;
        if (host.scout !== undefined || host.until > Math.max(elapsed(), waitedUntil)) return false;
        becomeScout(host);
        return true;
      }

      function refusal(left: number, late = false, who = name): Refusal {
        const seconds = Math.max(1, Math.ceil(left / second));
        return new Refusal(
          'registry-throttled',
          `${who} asks to slow down: it is left alone for another ${seconds} s`,
          { late },
        );
      }

      /** What the scout found. `slow`: it asks for something that takes long, or waits for its turn, and the host may be well by now. */
      async function heardFrom({ promise }: Scout, milliseconds: number): Promise<Sighting | 'slow'> {
        const patience = startDeadline(milliseconds, elapsed);
        const slow = new Refusal('deadline', 'the request that was to find out takes long');
        try {
          return await inTime(
            inTime(promise, patience, () => slow),
            deadline,
            () => late(name),
          );
        } catch (thrown) {
          if (thrown !== slow) throw thrown;
          return 'slow';
        } finally {
          patience.stop();
        }
      }

      /** What the host has asked of those who name it, where this request's rules do not. */
      function askedOfNamed(): Behind | undefined {
        const host = named ? undefined : ofNamed.get(key);
        return host !== undefined && host.until > Math.max(elapsed(), waitedUntil) ? { host, who: name } : undefined;
      }

      async function readyBehind(): Promise<void> {
        const before = behind ?? askedOfNamed();
        behind = undefined;
        if (before === undefined) return;
        const { who, host } = before;
        const { until } = host;
        const left = until - elapsed();
        const late = left >= deadline.remaining();
        if (late || left > maxWait) throw refusal(left, late && left <= maxWait, who);
        await pause(sleep, left, name, deadline);
        waitedUntil = until;
      }

      return {
        heldBack() {
          const before = askedOfNamed();
          if (before !== undefined) return refusal(before.host.until - elapsed());
          if (!permitted()) return refusal((hosts.get(key)?.until ?? 0) - elapsed());
          sentAt = Math.max(elapsed(), waitedUntil);
          return undefined;
        },

        heldBackAt(at) {
          if (at.origin === url.origin) return undefined;
          // A credential goes along to no other host.
          const whose = named ? [registry.origin] : [registry.origin, at.origin, unnamed];
          const known = whose.flatMap((who) => {
            const of = keyOf(at, who, undefined);
            return [hosts.get(of), ofNamed.get(of)];
          });
          for (const host of known) {
            const left = (host?.until ?? 0) - Math.max(elapsed(), waitedUntil);
            if (host === undefined || left <= 0) continue;
            behind = { host, who: `a host that ${name} redirects to` };
            return refusal(left, false, behind.who);
          }
          return undefined;
        },

        slowedAt(at, asked) {
          if (asked === undefined || at.origin === url.origin) return;
          // Not put down as the other host's word to all: whoever redirects chooses what it is asked for.
          const who = keyOf(at, named ? registry.origin : unnamed, undefined);
          const until = elapsed() + Math.min(asked, longest);
          hosts.set(who, { until, hopeless: false, scout: undefined });
        },

        isItself: (at) => !named || at.origin === url.origin,

        async ready() {
          await readyBehind();
          while (!permitted()) {
            const host = hosts.get(key);
            if (host === undefined) return;
            const left = host.until - elapsed();
            if (host.hopeless || left > maxWait) throw refusal(left);
            if (left >= deadline.remaining()) throw refusal(left, true);
            if (host.scout === undefined) {
              becomeScout(host);
              const { until } = host;
              await pause(sleep, left, name, deadline);
              waitedUntil = until;
              return;
            }
            const { scout } = host;
            const sighting = await heardFrom(scout, Math.max(0, left) + scoutTime);
            if (sighting === 'throttled') throw refusal(host.until - elapsed());
            if (sighting === 'slow' && host.scout === scout) host.scout = undefined;
          }
        },

        async slowed(wait) {
          const host = known();
          if (host.scout !== undefined && host.scout !== mine) return;
          // It was under way while another tried in vain.
          if (host.hopeless && host.until > elapsed()) throw refusal(host.until - elapsed());
          host.until = elapsed() + wait;
          if (mine === undefined) becomeScout(host);
          const { until } = host;
          await pause(sleep, wait, name, deadline);
          waitedUntil = until;
        },

        gaveUp(asked, final) {
          if (asked !== undefined || final) {
            const host = known();
            const wait = Math.min(Math.max(asked ?? 0, shortest), longest);
            host.until = Math.max(host.until, elapsed() + wait);
            if (final && host.scout === mine) host.hopeless = true;
          }
          report(final ? 'throttled' : 'left');
        },

        answered: () => report('open'),
        end: () => report('left'),
      };
    },
  };
}

/** Stands for all registries that nobody named but an author: one of them has as many names as it likes. */
const unnamed = 'unnamed';

function keyOf({ origin }: URL, registry: string, credential: Credential | undefined): string {
  return JSON.stringify([origin, registry, credential]);
}

/** Waits before a host is asked again. Throws Refusal `deadline`. */
export async function pause(sleep: Sleep, milliseconds: number, name: string, { signal }: Deadline): Promise<void> {
  try {
    await sleep(milliseconds, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw late(name);
  }
}

function late(name: string): Refusal {
  return new Refusal('deadline', `the time ended before ${name} could be asked again`);
}
