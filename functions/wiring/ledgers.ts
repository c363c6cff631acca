import { randomBytes } from 'node:crypto';
import type { Refreshing } from '../../shared/aws/refreshing.ts';
import { createLedger, type LedgerOptions } from '../../shared/ledger/create.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Table } from '../../shared/ledger/table.ts';
import type { Deadline } from '../../shared/net/deadline.ts';

export interface Ledgers {
  /** The ledger under the MAC keys in force; without keys, one in which every lookup is a miss. Never rejects. */
  current(deadline: Deadline): Promise<Ledger>;
}

/** Milliseconds that a review waits for the keys, and never more than a quarter of its time: the registry can be asked without. */
const keysMs = 1500;

/**
 * A ledger holds its MAC keys from the start, and keys change: one is made whenever they have, and what the last one remembered
 * goes with it. Without keys nothing in the table can be believed, so it is not asked at all, and nothing is written.
 */
export function createLedgers(
  options: Omit<LedgerOptions, 'macKeys'> & { readonly macKeys: Refreshing<readonly Uint8Array[]> },
): Ledgers {
  const { macKeys, ...common } = options;
  const without = createLedger({ ...common, table: noTable, macKeys: [randomBytes(32)] });
  let last: { readonly keys: readonly Uint8Array[]; readonly ledger: Ledger } | undefined;

  function under(keys: readonly Uint8Array[]): Ledger {
    if (last === undefined || !sameKeys(last.keys, keys)) {
      last = { keys, ledger: createLedger({ ...common, macKeys: keys }) };
    }
    return last.ledger;
  }

  return {
    async current(deadline) {
      try {
        return under(await macKeys(AbortSignal.timeout(Math.min(keysMs, Math.ceil(deadline.remaining() / 4)))));
      } catch {
        common.metrics.count('ledger-without-keys');
        return without;
      }
    },
  };
}

/** What every call of a table that cannot be used comes to; the ledger counts it as a read that failed. */
const noTable: Table = {
  read: () => Promise.reject(new Error('there is no MAC key')),
  write: () => Promise.reject(new Error('there is no MAC key')),
};

function sameKeys(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some === others || (some.length === others.length && some.every((key, at) => equal(key, others[at])));
}

function equal(key: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.compare(key, other) === 0;
}
