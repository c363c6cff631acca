import { createHash } from 'node:crypto';
import { namesOfLog } from '../../trust/log.ts';
import type { TransparencyLog } from '../../trust/root/trust-root.ts';
import { isSignedByLog } from './log-signature.ts';

/** A tree as its log signed it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly size: bigint;
  readonly rootHash: Buffer;
}

const largest = 16 * 1024;
/** A log signs once, or once with each of its keys; each signature costs a check. */
const mostOwn = 4;
const signatureLine = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/;

/**
 * The tree that a signed note (C2SP signed-note) says this log has. A note may have several signatures: one of the log's own is needed,
 * by its key, and under its name where the key's ID holds it; those of witnesses say nothing here. `undefined`: it is no note, or the log
 * did not sign it.
 */
export function readCheckpoint(note: string, log: TransparencyLog): Checkpoint | undefined {
  if (note.length > largest) return undefined;
  const end = note.indexOf('\n\n');
  if (end < 0) return undefined;
  const text = note.slice(0, end + 1);
  const signed = Buffer.from(text, 'utf8');
  const own = note
    .slice(end + 2)
    .split('\n')
    .flatMap((line) => signatureBy(log, line))
    .slice(0, mostOwn);
  const names = own.filter(({ signature }) => isSignedByLog(signed, signature, log)).map(({ name }) => name);
  return names.length === 0 ? undefined : parse(text, names);
}

/** A line's signature, if it says that it is this log's. */
function signatureBy(log: TransparencyLog, line: string): { readonly name: string; readonly signature: Uint8Array }[] {
  const [, name, encoded = ''] = signatureLine.exec(line) ?? [];
  if (name === undefined) return [];
  // Four bytes tell which key it is by: the first ones of the log's ID. They are asked first: they cost nothing.
  const bytes = Buffer.from(encoded, 'base64');
  const isOwn = bytes.length > 4 && bytes.subarray(0, 4).equals(log.keyId.subarray(0, 4));
  return isOwn && isNameOf(name, log) ? [{ name, signature: bytes.subarray(4) }] : [];
}

/**
 * A log signs under a name that its address gives it. One whose ID is the hash of its key alone (Rekor v1) may
 * sign under any name: left to itself it takes that of the Pod that it runs in, and it has one key for all.
 */
function isNameOf(name: string, log: TransparencyLog): boolean {
  return isNameless(log) || namesOfLog(log.baseUrl).includes(name);
}

function isNameless({ keyId, publicKey }: TransparencyLog): boolean {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(spki).digest().equals(keyId);
}

/**
 * Origin, size and root hash, a line each; further lines are extensions. The origin is the name that the log signs under, in Rekor v1 with
 * the tree's number: what a log signs about the tree of another is not about its own.
 */
function parse(text: string, names: readonly string[]): Checkpoint | undefined {
  const [origin = '', size = '', hash = ''] = text.split('\n');
  const rootHash = Buffer.from(hash, 'base64');
  if (!names.includes(origin.replace(/ - \d+$/, '')) || !/^(?:0|[1-9]\d{0,18})$/.test(size)) return undefined;
  if (rootHash.length !== 32 || rootHash.toString('base64') !== hash) return undefined;
  return { size: BigInt(size), rootHash };
}
