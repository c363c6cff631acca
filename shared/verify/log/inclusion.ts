import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { TransparencyLog } from '../../trust/root/trust-root.ts';
import { inWindow } from '../../trust/root/window.ts';
import { sameBytes } from '../crypto.ts';
import { isSignedByLog } from './log-signature.ts';
import { rootHash } from './merkle.ts';
import { readCheckpoint } from './note.ts';

/** How a log vouches for an entry. */
export interface Inclusion {
  /**
   * When the log says that it took the entry, in milliseconds since 1970; `undefined` where it signed no time: a proof covers the entry,
   * and not the time that is written beside it.
   */
  readonly time: number | undefined;
}

/**
 * What the log says about an entry: a promise (SET), a proof of inclusion, or both, and all that is there has to hold. Or why it
 * does not.
 */
export function inclusionIn(entry: TransparencyLogEntry, log: TransparencyLog): Inclusion | string {
  const { inclusionPromise: promise, inclusionProof: proof } = entry;
  if (promise === undefined && proof === undefined) return 'the log neither promises nor proves that it has it';
  if (promise !== undefined && !isPromised(entry, promise.signedEntryTimestamp, log)) {
    return "the log's promise does not verify";
  }
  if (proof !== undefined) {
    const checkpoint = readCheckpoint(proof.checkpoint?.envelope ?? '', log);
    if (checkpoint === undefined) return "the log's checkpoint does not verify";
    const root = rootHash(entry.canonicalizedBody, BigInt(proof.logIndex), checkpoint.size, proof.hashes);
    if (root === undefined || !sameBytes(root, checkpoint.rootHash)) return 'the proof of inclusion does not verify';
  }
  return { time: promise === undefined ? undefined : timeOf(entry) };
}

/** A promise is over this JSON, members in order (RFC 8785); none of the texts in it needs an escape. */
function isPromised(entry: TransparencyLogEntry, signature: Uint8Array, log: TransparencyLog): boolean {
  if (!inWindow(log.validFor, timeOf(entry))) return false;
  const promised = JSON.stringify({
    body: entry.canonicalizedBody.toString('base64'),
    integratedTime: Number(entry.integratedTime),
    logID: Buffer.from(log.keyId).toString('hex'),
    logIndex: Number(entry.logIndex),
  });
  return isSignedByLog(Buffer.from(promised, 'utf8'), signature, log);
}

function timeOf({ integratedTime }: TransparencyLogEntry): number {
  return Number(integratedTime) * 1000;
}
