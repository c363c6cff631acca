import type { Json } from '../expression/value.ts';
import type { Testimony } from '../ledger/verification.ts';

/** A statement that verify let through: what it says, and who stands behind it. */
export interface Stated {
  readonly predicate: Json;
  readonly by: readonly Testimony[];
}
