import type { KeyObject } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { LogAnchor } from '../trust/log.ts';
import type { Objection } from './anchor-judge.ts';
import { attempt } from './attempt.ts';
import { sameBytes } from './crypto.ts';
import { isEntryOf } from './log-entry.ts';
import type { Signature } from './signature.ts';

export interface LogObjection extends Objection {
  readonly reason: 'log-entry-missing' | 'log-entry-mismatch';
}

/**
 * Why no entry of this log is about a signature by this key, as far as the entries say so themselves: whether the log wrote
 * them is Sigstore's verifier's to find out. `undefined` where they are, or where no log is asked for.
 */
export function logObjection(
  { material: { logEntries } }: Signature,
  log: LogAnchor | undefined,
  signer: KeyObject,
): LogObjection | undefined {
  if (log === undefined) return undefined;
  if (logEntries.length === 0)
    return { reason: 'log-entry-missing', message: 'carries no entry of the transparency log' };
  const entries = entriesOf(log, logEntries);
  if (entries.length === 0) {
    return { reason: 'log-entry-mismatch', message: `carries no entry of the log ${log.baseUrl} but of another` };
  }
  const aboutUs = attempt(() => entries.every((entry) => isEntryOf(entry, signer)));
  return aboutUs === true
    ? undefined
    : { reason: 'log-entry-mismatch', message: 'has a log entry that names another key' };
}

/** The entries that this log wrote, by their own word. */
export function entriesOf(log: LogAnchor, entries: readonly TransparencyLogEntry[]): TransparencyLogEntry[] {
  return entries.filter((entry) => entry.logId !== undefined && sameBytes(entry.logId.keyId, log.keyId));
}
