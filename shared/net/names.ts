import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { LRUCache } from 'lru-cache';

type Callback = Parameters<LookupFunction>[2];
type Address = string | LookupAddress[];
type LookupResult = [error: NodeJS.ErrnoException | null, address: Address, family?: number | undefined];

const maxNames = 1000;

/**
 * Resolves names so that those whose name servers never answer stand in the way of few others. The system resolves two or
 * so at a time, for as long as it likes, and the rest wait in line: so a name is asked for once, whoever waits for it, and
 * one that takes longer than `patience` milliseconds is called at the addresses that it had before. They are compared with
 * the address rules as fresh ones are, and TLS says whether the host still answers there.
 */
export function createNames(lookup: LookupFunction, patience = 500): LookupFunction {
  const before = new LRUCache<string, LookupResult>({ max: maxNames });
  const inFlight = new Map<string, Set<Callback>>();

  return (name, options, callback) => {
    const { family, hints, all } = options;
    const key = JSON.stringify([name, family, hints, all]);
    const waiting = inFlight.get(key) ?? new Set();
    const timer = before.has(key) ? setTimeout(giveBefore, patience) : undefined;

    function giveBefore(): void {
      const known = before.get(key);
      if (known !== undefined && waiting.delete(done)) callback(...known);
    }

    function done(...answer: LookupResult): void {
      clearTimeout(timer);
      callback(...answer);
    }

    waiting.add(done);
    if (inFlight.has(key)) return;
    inFlight.set(key, waiting);
    lookup(name, options, (...answer) => {
      inFlight.delete(key);
      if (answer[0] === null) before.set(key, answer);
      for (const give of waiting) give(...answer);
    });
  };
}
