import { LRUCache } from 'lru-cache';
import { type Deadline, type Elapsed, type RunningDeadline, startDeadline } from '../net/deadline.ts';
import type { DoorResponse } from '../net/door.ts';
import { codeOf } from '../net/failure.ts';
import { inTime } from '../net/in-time.ts';
import type { Metrics } from '../net/metrics.ts';
import { Refusal } from '../reasons.ts';
import type { AskedHost } from './throttle.ts';

/** Named hosts of which silence is remembered. */
const maxHosts = 500;
/** Requests without an answer, one after the other, after which a host is suspected to hang. */
const suspicious = 3;
/** A request that ended sooner has found out nothing: a caller chooses how little time there is. Milliseconds, as all below. */
const leastSilence = 1000;
/** How long a host has for the first byte about itself. A review with less time than this does not find out. */
export const probeTime = 2000;
/** A probe that ends later than so long after its time has not been watched: an instance stands still between two calls. */
const unwatched = 500;
/** How often, of the times that a silent host is asked about itself, a request goes along: a host may have no answer to that alone. */
const goesAlong = 3;
/** How long nobody waits for a host that is silent to everybody. */
export const openTime = 10_000;

/** Asks a host about itself. Resolves with any answer, and throws what the door throws; `sent` is called right before it goes out. */
export type Probe = (origin: URL, deadline: Deadline, sent: () => void) => Promise<void>;

export interface Breakers {
  /** One request's dealings with its host. `named`: the rules or the settings name the host; they do if absent. */
  watch(host: AskedHost, deadline: Deadline, named?: boolean): Watch;
}

export interface Watch {
  /** Before each try. Refusals: `registry-unreachable`, where nobody is to wait for the host; `deadline`. */
  ready(): Promise<void>;
  /** Right before the request goes out, and again before each redirect that is followed. */
  sending(): void;
  /** An answer has begun: what is returned is to be used in its place. */
  answered(response: DoorResponse): DoorResponse;
  /** The try came to nothing. */
  failed(thrown: unknown): void;
}

export interface BreakerSettings {
  readonly elapsed: Elapsed;
  readonly probe: Probe;
  readonly metrics: Metrics;
  /** Starts a probe's time. */
  readonly start?: (milliseconds: number) => RunningDeadline;
}

/** `heard`: it answers. `silent`: it does not. `unknown`: it could not be asked. */
type Finding = 'heard' | 'silent' | 'unknown';

interface Quiet {
  /** Requests that have waited in vain since it was last heard. */
  silent: number;
  /** Answers of it that are being read: as long as there are any it is not silent. */
  reading: number;
  /** Until when nobody waits for it; `undefined`: the breaker is closed. */
  until: number | undefined;
  /** How often in a row it had no answer about itself. */
  found: number;
  /** Whoever comes meanwhile waits for what it finds. */
  probing: Promise<Finding> | undefined;
}

/** What an unnamed host's requests are watched by: its failures deny whoever chose it, and nobody else is to be spared. */
const unwatchedHost: Watch = {
  ready: async () => undefined,
  sending: () => undefined,
  answered: (response) => response,
  failed: () => undefined,
};

/**
 * Remembers which named hosts are silent, so that not every review of this instance waits for one that hangs. Three requests in a row
 * that ended without the beginning of an answer make a host suspect, whoever's they were. That is no proof: an author may have it asked
 * for what takes it long, in a repository of theirs. So the next review has it asked about itself (`/v2/`, which nobody but the
 * host can slow down), and only if that has no answer either is the breaker open: for ten seconds whoever would ask the host is refused at once, as
 * unavailable, and then one such question finds out for all; each third time a request goes along. The beginning of any answer closes it.
 *
 * The throttles' memory is another: it is of one credential, waits for a time that the host named, and finds out by the next request as it is.
 */
export function createBreakers({ elapsed, probe, metrics, start }: BreakerSettings): Breakers {
  const hosts = new LRUCache<string, Quiet>({ max: maxHosts });
  const startProbe = start ?? ((milliseconds: number) => startDeadline(milliseconds, elapsed));

  return {
    watch({ url, registry, name }, deadline, named = true) {
      if (!named) return unwatchedHost;
      const key = url.origin;
      /** Requests of this try that have gone out, redirects included, and when the first did. */
      let sent = 0;
      let sentAt = 0;

      function told(state: 'open' | 'closed'): void {
        metrics.count('registry-breaker', { state, registry: registry.hostname });
      }

      function heard(): void {
        const host = hosts.get(key);
        if (host === undefined) return;
        if (host.until !== undefined) told('closed');
        host.silent = 0;
        host.until = undefined;
        host.found = 0;
        if (host.reading === 0) hosts.delete(key);
      }

      function known(): Quiet {
        const host = hosts.get(key) ?? { silent: 0, reading: 0, until: undefined, found: 0, probing: undefined };
        hosts.set(key, host);
        return host;
      }

      function refusal(left: number): Refusal {
        const seconds = Math.max(1, Math.ceil(left / 1000));
        return new Refusal(
          'registry-unreachable',
          `${name} answers nobody: the last requests to it ended without a word, and it is asked again in ${seconds} s`,
        );
      }

      async function findOut(host: Quiet): Promise<Finding> {
        const time = startProbe(probeTime);
        let since: number | undefined;
        try {
          await probe(new URL(key), time, () => {
            since = elapsed();
          });
        } catch (thrown) {
          if (since === undefined) return 'unknown';
          if (isSilence(thrown)) {
            // It may have waited for its turn while requests of one author held them all: the rest of its time was the host's.
            const had = elapsed() - since;
            if (host.reading > 0 || had < leastSilence || had > probeTime + unwatched) return 'unknown';
            if (host.silent < suspicious) return 'heard';
            if (host.until === undefined) told('open');
            host.until = elapsed() + openTime;
            host.found++;
            return 'silent';
          }
        } finally {
          time.stop();
          host.probing = undefined;
        }
        heard();
        return 'heard';
      }

      return {
        async ready() {
          const host = hosts.get(key);
          if (host === undefined || host.silent < suspicious) return;
          const left = (host.until ?? 0) - elapsed();
          if (left > 0) throw refusal(left);
          if (deadline.remaining() < probeTime) return;
          if (host.probing === undefined) {
            host.probing = findOut(host);
            if (host.found > 0 && host.found % goesAlong === 0) return;
          }
          const late = () => new Refusal('deadline', `the time ended before ${name} could be asked`);
          if ((await inTime(host.probing, deadline, late)) === 'silent') throw refusal(openTime);
        },

        sending() {
          sent++;
          if (sent === 1) sentAt = elapsed();
          // It has answered where it redirects.
          else heard();
        },

        answered(response) {
          sent = 0;
          heard();
          if (response.url.origin !== key) return response;
          const host = known();
          host.reading++;
          let over = false;
          const end = () => {
            if (over) return;
            over = true;
            host.reading--;
            if (host.reading === 0 && host.silent === 0 && hosts.get(key) === host) hosts.delete(key);
          };
          return {
            ...response,
            read: (...asked) => response.read(...asked).finally(end),
            discard() {
              end();
              response.discard();
            },
          };
        },

        failed(thrown) {
          const hops = sent;
          sent = 0;
          if (hops === 0) return;
          if (!isSilence(thrown)) return heard();
          const host = known();
          // What it redirects to is silent on its own account.
          if (hops === 1 && host.reading === 0 && elapsed() - sentAt >= leastSilence) host.silent++;
        },
      };
    },
  };
}

/** The time ended, or the time for a connection did. */
function isSilence(thrown: unknown): boolean {
  if (!(thrown instanceof Refusal)) return false;
  const code = codeOf(thrown.cause);
  return thrown.reason === 'deadline' || code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT';
}
