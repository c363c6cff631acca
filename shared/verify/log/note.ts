import type { TransparencyLog } from '../../trust/root/trust-root.ts';
import { isSignedByLog } from './log-signature.ts';

/** A tree as its log signed it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly size: bigint;
  readonly rootHash: Buffer;
}

const largest = 16 * 1024;
const signatureLine = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/;

/**
 * The tree that a signed note (C2SP signed-note) says this log has. A note may have several signatures: one of the log's own is needed,
 * under its name; those of witnesses say nothing here. `undefined`: it is no note, or the log did not sign it.
 */
export function readCheckpoint(note: string, log: TransparencyLog): Checkpoint | undefined {
  if (note.length > largest) return undefined;
  const end = note.indexOf('\n\n');
  if (end < 0) return undefined;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  const signed = Buffer.from(text, 'utf8');
  return lines.some((line) => isSignature(line, signed, log)) ? parse(text) : undefined;
}

function isSignature(line: string, text: Uint8Array, log: TransparencyLog): boolean {
  const [, name, encoded = ''] = signatureLine.exec(line) ?? [];
  if (name === undefined || !isNameOf(name, log)) return false;
  // Four bytes tell which key it is by: the first ones of the log's ID.
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length <= 4 || !bytes.subarray(0, 4).equals(log.keyId.subarray(0, 4))) return false;
  return isSignedByLog(text, bytes.subarray(4), log);
}

/** A log signs under the host that it is reached at, or under its whole address. */
function isNameOf(name: string, { baseUrl }: TransparencyLog): boolean {
  const bare = baseUrl.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return name === bare || name === URL.parse(baseUrl)?.hostname;
}

/** Origin, size and root hash, a line each; further lines are extensions. */
function parse(text: string): Checkpoint | undefined {
  const [origin = '', size = '', hash = ''] = text.split('\n');
  const rootHash = Buffer.from(hash, 'base64');
  if (origin === '' || !/^(?:0|[1-9]\d{0,18})$/.test(size)) return undefined;
  if (rootHash.length !== 32 || rootHash.toString('base64') !== hash) return undefined;
  return { size: BigInt(size), rootHash };
}
