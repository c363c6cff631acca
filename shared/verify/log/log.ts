import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { LogTrust } from '../../trust/log.ts';
import type { TransparencyLog, Window } from '../../trust/root/trust-root.ts';
import { inWindow } from '../../trust/root/window.ts';
import type { Objection } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import { sameBytes } from '../crypto.ts';
import type { Signature } from '../signature.ts';
import { type EntrySigner, foreignIn } from './body.ts';
import { type Inclusion, inclusionIn } from './inclusion.ts';

export interface LogObjection extends Objection {
  readonly reason: 'log-entry-missing' | 'log-entry-mismatch';
}

/** What the logs vouch for. */
export interface Logged {
  /** When the signature was there, in milliseconds since 1970. */
  readonly times: readonly number[];
  /** Of each entry that tells no time: when the keys that vouch for it are trusted, one of which has to be whenever it was made. */
  readonly windows: readonly (readonly Window[])[];
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
  const windows: (readonly Window[])[] = [];
  if (trust === undefined) return { times, windows };
  const { logEntries } = signature.material;
  if (logEntries.length === 0) {
    return { reason: 'log-entry-missing', message: 'carries no entry of the transparency log' };
  }
  const known = logEntries
    .map((entry) => ({ entry, logs: trust.logs.filter((log) => isOf(entry, log)) }))
    .filter(({ logs }) => logs.length > 0);
  if (known.length === 0) {
    return mismatch(`carries no entry of ${trust.title} but of another`);
  }
  if (hasRepeated(known.map(({ entry }) => entry))) return mismatch('has the same log entry twice');
  for (const { entry, logs } of known) {
    const wrong = attempt(() => foreignIn(entry, signature, signer));
    if (wrong !== undefined)
      return mismatch(`has a log entry that ${typeof wrong === 'string' ? wrong : 'does not parse'}`);
    const inclusion = vouchedFor(entry, logs);
    if (typeof inclusion === 'string') return mismatch(`has an entry of ${logs[0]?.baseUrl}, and ${inclusion}`);
    if (inclusion.time === undefined) windows.push(inclusion.windows);
    else times.push(inclusion.time);
  }
  return { times, windows };
}

/** Why entries that tell no time do not count for a signature that was made at these times: a log whose key is retired can be anyone. */
export function untimely({ windows }: Logged, times: readonly number[]): LogObjection | undefined {
  const timely = windows.every((ones) => ones.some((one) => times.every((time) => inWindow(one, time))));
  return timely ? undefined : mismatch('has an entry of a log whose key is not trusted at the time of the signature');
}

/** Until when entries that tell no time count, of what is judged as of `now`, in milliseconds since 1970. */
export function trustedUntil({ windows }: Logged, now: number): number {
  const ends = windows.map((ones) => Math.max(...ones.filter((one) => inWindow(one, now)).map(({ end }) => end)));
  return Math.min(Number.POSITIVE_INFINITY, ...ends);
}

/** The log that wrote an entry, by the entry's own word. */
function isOf({ logId }: TransparencyLogEntry, { keyId }: TransparencyLog): boolean {
  return logId !== undefined && sameBytes(logId.keyId, keyId);
}

function hasRepeated(entries: readonly TransparencyLogEntry[]): boolean {
  return entries.some((entry, index) => entries.slice(0, index).some((other) => isSame(entry, other)));
}

/** Two logs may have the same body. */
function isSame(one: TransparencyLogEntry, other: TransparencyLogEntry): boolean {
  return (
    sameBytes(one.canonicalizedBody, other.canonicalizedBody) &&
    one.logId !== undefined &&
    other.logId !== undefined &&
    sameBytes(one.logId.keyId, other.logId.keyId)
  );
}

interface Vouched extends Inclusion {
  /** Of every one of the logs that vouches. */
  readonly windows: readonly Window[];
}

/** A trust root may list a log's key several times, as trusted at several times: one of them has to vouch for the entry. */
function vouchedFor(entry: TransparencyLogEntry, logs: readonly TransparencyLog[]): Vouched | string {
  const windows: Window[] = [];
  let time: number | undefined;
  let problem = 'it is of no log';
  for (const log of logs) {
    const inclusion = attempt(() => inclusionIn(entry, log));
    if (typeof inclusion === 'string') problem = inclusion;
    else if ('error' in inclusion) problem = 'it does not parse';
    else {
      time = inclusion.time;
      windows.push(log.validFor);
    }
  }
  return windows.length > 0 ? { time, windows } : problem;
}

function mismatch(message: string): LogObjection {
  return { reason: 'log-entry-mismatch', message };
}
