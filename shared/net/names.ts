import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type Elapsed, monotonic } from './deadline.ts';

type Callback = Parameters<LookupFunction>[2];
type Address = string | LookupAddress[];
type LookupResult = [error: NodeJS.ErrnoException | null, address: Address, family?: number | undefined];

export interface NamesSettings {
  /** Milliseconds after which a name is called at the addresses that it had before; 500 by default. */
  readonly patience?: number;
  /** Names that are looked up at a time; any number by default. The others wait in a line. */
  readonly atOnce?: number;
  /** Milliseconds after which whoever asked has given up: a name for which all have is not looked up when its turn comes. */
  readonly longest?: number;
  readonly elapsed?: Elapsed;
}

/** A name that somebody waits for. */
interface Wanted {
  readonly name: string;
  readonly options: LookupOptions;
  readonly waiting: Set<Callback>;
  /** When it was asked for last. */
  askedAt: number;
}

const maxNames = 1000;
/** Addresses of a name, of each family: who has a name says how many, thousands in one answer, and calling goes through all of them. */
const maxAddresses = 16;

/**
 * Resolves names so that those whose name servers never answer stand in the way of few others. The system resolves two or
 * so at a time, for as long as it likes, and the rest wait in line: so a name is asked for once, whoever waits for it, and
 * one that takes longer than `patience` milliseconds is called at the addresses that it had before. They are compared with
 * the address rules as fresh ones are, and TLS says whether the host still answers there.
 *
 * The system's line is left by nobody, be the review long over that asked. With `atOnce` it has no more than that of these names, and
 * the line is here: names of hosts that only an image's author has named leave the system's to those that are named.
 */
export function createNames(lookup: LookupFunction, settings: NamesSettings = {}): LookupFunction {
  const { patience = 500, atOnce = Number.POSITIVE_INFINITY, longest = Number.POSITIVE_INFINITY } = settings;
  const { elapsed = monotonic } = settings;
  const before = new LRUCache<string, LookupResult>({ max: maxNames });
  const wanted = new Map<string, Wanted>();
  /** Those of them that wait for their turn, by key. */
  const line = new Set<string>();
  let underWay = 0;

  function end(key: string, answer: LookupResult): void {
    const waiting = wanted.get(key)?.waiting ?? [];
    wanted.delete(key);
    for (const give of waiting) give(...answer);
  }

  function goOn(): void {
    for (const key of line) {
      if (underWay >= atOnce) return;
      line.delete(key);
      const next = wanted.get(key);
      if (next === undefined) continue;
      if (elapsed() - next.askedAt > longest) end(key, [givenUp(next.name), []]);
      else lookUp(key, next);
    }
  }

  function lookUp(key: string, { name, options }: Wanted): void {
    underWay++;
    lookup(name, options, (error, addresses, family) => {
      underWay--;
      // With an error there are none, whatever the type says.
      const answer: LookupResult = [error, error === null ? firstOf(addresses) : [], family];
      if (error === null) before.set(key, answer);
      end(key, answer);
      goOn();
    });
  }

  return (name, options, callback) => {
    const { family, hints, all } = options;
    const key = JSON.stringify([name, family, hints, all]);
    const known = before.get(key);
    const asked = wanted.get(key) ?? { name, options, waiting: new Set(), askedAt: 0 };
    const timer = known === undefined ? undefined : setTimeout(giveBefore, patience, known);

    function giveBefore(address: LookupResult): void {
      if (asked.waiting.delete(done)) callback(...address);
    }

    function done(...answer: LookupResult): void {
      clearTimeout(timer);
      callback(...answer);
    }

    asked.waiting.add(done);
    asked.askedAt = elapsed();
    if (wanted.has(key)) return;
    wanted.set(key, asked);
    line.add(key);
    goOn();
  };
}

/** Some of each family: not every machine reaches both. */
function firstOf(addresses: Address): Address {
  if (typeof addresses === 'string') return addresses;
  const counts = new Map<number, number>();
  return addresses.filter(({ family }) => {
    const count = (counts.get(family) ?? 0) + 1;
    counts.set(family, count);
    return count <= maxAddresses;
  });
}

function givenUp(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`nobody waits for ${name} any more`), { code: 'ETIMEDOUT' });
}
