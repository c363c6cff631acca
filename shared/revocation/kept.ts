import type { LRUCache } from 'lru-cache';
import { Flights } from '../ledger/flights.ts';
import type { Clock } from '../net/deadline.ts';
import type { Spending } from '../net/spending.ts';

/** What was said, each for as long as it may be relied on (`until`, milliseconds since 1970). Who asks meanwhile waits for one answer. */
export class Kept<T extends { readonly until: number }> {
  readonly #clock: Clock;
  readonly #said: LRUCache<string, T>;
  readonly #flights = new Flights();

  /** @param said where it is kept, within bounds. */
  constructor(clock: Clock, said: LRUCache<string, T>) {
    this.#clock = clock;
    this.#said = said;
  }

  /** What is kept under a name, or what `ask` comes to. Rejects as that does, and where the allowance ends first (Refusal `deadline`). */
  async get(name: string, allowance: Spending, ask: (aboard: Spending) => Promise<T>): Promise<T> {
    const known = this.#said.get(name);
    if (known !== undefined && this.#clock() < known.until) return known;
    const work = async (aboard: Spending) => {
      const said = await ask(aboard);
      this.#said.set(name, said);
      return said;
    };
    return this.#flights.share(name, allowance, work, () => true);
  }
}
