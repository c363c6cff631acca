import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { LogTrust } from '../../trust/log.ts';
import type { TransparencyLog } from '../../trust/root/trust-root.ts';
import type { Objection } from '../anchor-judge.ts';
import { sameBytes } from '../crypto.ts';
import type { Signature } from '../signature.ts';
import { type EntrySigner, foreignIn } from './body.ts';
import { inclusionIn } from './inclusion.ts';

export interface LogObjection extends Objection {
  readonly reason: 'log-entry-missing' | 'log-entry-mismatch';
}

/** What the logs vouch for, in milliseconds since 1970: when the signature was there. */
export interface Logged {
  readonly times: readonly number[];
}

/**
 * What the logs that are believed say about a signature, or why they say nothing of it. Entries of other logs are let be; of those there
 * must be one, and each has to be about this signature and be vouched for. Where no log is asked for, entries decide nothing: a forged
 * one could bring a time along.
 */
export function loggedIn(
  signature: Signature,
  trust: LogTrust | undefined,
  signer: EntrySigner,
): Logged | LogObjection {
  const times: number[] = [];
  if (trust === undefined) return { times };
  const { logEntries } = signature.material;
  if (logEntries.length === 0) {
    return { reason: 'log-entry-missing', message: 'carries no entry of the transparency log' };
  }
  const known = logEntries.flatMap((entry) =>
    trust.logs.filter((log) => isOf(entry, log)).map((log) => ({ entry, log })),
  );
  if (known.length === 0) {
    return mismatch(`carries no entry of ${trust.title} but of another`);
  }
  if (hasRepeated(known.map(({ entry }) => entry))) return mismatch('has the same log entry twice');
  for (const { entry, log } of known) {
    const wrong = foreign(entry, signature, signer);
    if (wrong !== undefined) return mismatch(`has a log entry that ${wrong}`);
    const inclusion = vouchedFor(entry, log);
    if (typeof inclusion === 'string') return mismatch(`has an entry of ${log.baseUrl}, and ${inclusion}`);
    if (inclusion.time !== undefined) times.push(inclusion.time);
  }
  return { times };
}

/** The log that wrote an entry, by the entry's own word. */
function isOf({ logId }: TransparencyLogEntry, { keyId }: TransparencyLog): boolean {
  return logId !== undefined && sameBytes(logId.keyId, keyId);
}

function hasRepeated(entries: readonly TransparencyLogEntry[]): boolean {
  return entries.some((entry, index) =>
    entries.slice(0, index).some((other) => sameBytes(entry.canonicalizedBody, other.canonicalizedBody)),
  );
}

function foreign(entry: TransparencyLogEntry, signature: Signature, signer: EntrySigner): string | undefined {
  try {
    return foreignIn(entry, signature, signer);
  } catch {
    return 'does not parse';
  }
}

function vouchedFor(entry: TransparencyLogEntry, log: TransparencyLog): ReturnType<typeof inclusionIn> {
  try {
    return inclusionIn(entry, log);
  } catch {
    return 'it does not parse';
  }
}

function mismatch(message: string): LogObjection {
  return { reason: 'log-entry-mismatch', message };
}
