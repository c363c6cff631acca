import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import { maxSignature, refuseLargeSignatures } from '../envelope.ts';
import { maxBody, maxPromise, refuseMoreBytes } from '../log-bounds.ts';
import { Malformed } from '../malformed.ts';

/** Of each list: what a client writes is one or two. */
const maxListed = 32;
/** A tree of 2^64 leaves is as deep. */
const maxProof = 64;
const hashBytes = 32;
const maxCertificate = 16 * 1024;
const maxTimestamp = 64 * 1024;
const maxDigest = 64;
const maxCheckpoint = 16 * 1024;
/** A number of 64 bits has 20 digits. Sigstore's verifier makes numbers of these texts before it looks at any signature. */
const maxDigits = 20;
const decimal = /^[0-9]{1,20}$/;

/**
 * Asked before a bundle is parsed any further: what it carries to verify it by is decoded, made numbers of and walked, and has some
 * kilobytes. Throws Malformed.
 */
export function refuseTooMuch({ verificationMaterial, dsseEnvelope, messageSignature }: JsonObject): void {
  const material = objectOf(verificationMaterial);
  for (const entry of listOf(material['tlogEntries'], maxListed, 'the bundle', 'log entries'))
    refuseEntry(objectOf(entry));
  const { rfc3161Timestamps } = objectOf(material['timestampVerificationData']);
  for (const stamp of listOf(rfc3161Timestamps, maxListed, 'the bundle', 'time stamps')) {
    refuseMoreBytes(objectOf(stamp)['signedTimestamp'], maxTimestamp, 'a time stamp');
  }
  const { certificates } = objectOf(material['x509CertificateChain']);
  const chain = listOf(certificates, maxListed, 'the bundle', 'certificates');
  for (const certificate of [...chain, material['certificate']]) {
    refuseMoreBytes(objectOf(certificate)['rawBytes'], maxCertificate, 'a certificate');
  }
  refuseLargeSignatures(objectOf(dsseEnvelope));
  const message = objectOf(messageSignature);
  refuseMoreBytes(message['signature'], maxSignature, 'the signature');
  refuseMoreBytes(objectOf(message['messageDigest'])['digest'], maxDigest, 'the message digest');
}

function refuseEntry({ logIndex, integratedTime, canonicalizedBody, inclusionPromise, ...entry }: JsonObject): void {
  refuseNumber(logIndex, 'the log index');
  refuseNumber(integratedTime, 'the time');
  refuseMoreBytes(canonicalizedBody, maxBody, "a log entry's body");
  refuseMoreBytes(objectOf(inclusionPromise)['signedEntryTimestamp'], maxPromise, "a log entry's promise");
  refuseMoreBytes(objectOf(entry['logId'])['keyId'], hashBytes, "a log's ID");
  const proof = objectOf(entry['inclusionProof']);
  refuseNumber(proof['logIndex'], "the proof's log index");
  refuseNumber(proof['treeSize'], "the proof's tree size");
  refuseMoreBytes(proof['rootHash'], hashBytes, "a proof's root hash");
  for (const hash of listOf(proof['hashes'], maxProof, 'a proof', 'hashes')) {
    refuseMoreBytes(hash, hashBytes, "a proof's hash");
  }
  const { envelope } = objectOf(proof['checkpoint']);
  if (typeof envelope !== 'string') return;
  if (envelope.length > maxCheckpoint) throw new Malformed(`a log's checkpoint is over ${maxCheckpoint} characters`);
  const [, size = ''] = envelope.split('\n', 2);
  if (size.length > maxDigits) throw new Malformed(`the log size of a checkpoint has over ${maxDigits} digits`);
}

/** A 64-bit integer in ProtoJSON: a number, or decimal text. */
function refuseNumber(value: unknown, what: string): void {
  if (value === undefined || value === null || decimal.test(String(value))) return;
  throw new Malformed(`${what} of a log entry is no number of at most ${maxDigits} digits`);
}

function listOf(value: unknown, most: number, whose: string, what: string): readonly unknown[] {
  const list = arrayOf(value);
  if (list.length > most) throw new Malformed(`${whose} has over ${most} ${what}`);
  return list;
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
