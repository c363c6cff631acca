import { randomBytes } from 'node:crypto';
import { callTable } from './call.ts';
import { freshGeneration, type Random } from './generation.ts';
import type { Ledger } from './ledger.ts';
import { LedgerSession } from './session.ts';
import { createStore, type StoreOptions } from './store.ts';

export interface LedgerOptions extends StoreOptions {
  readonly random?: Random;
}

/** Milliseconds that a renewal may take. */
const renewMs = 5000;

/** @throws RangeError for MAC keys or settings out of their range. */
export function createLedger(options: LedgerOptions): Ledger {
  const store = createStore(options);
  const { table, clock, random = randomBytes } = options;
  return {
    begin: (deadline) => new LedgerSession(store, deadline),
    async renew(repository, digest) {
      const item = freshGeneration({ repository, digest }, clock, random);
      await callTable(
        () => renewMs,
        ({ signal }) => table.write([item], { signal }),
      );
    },
  };
}
