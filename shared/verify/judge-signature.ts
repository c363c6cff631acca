import { type TrustMaterial, VerificationError, Verifier } from '@sigstore/verify';
import type { Claim } from '../evidence/evidence.ts';
import type { Digest } from '../image/digest.ts';
import type { NoCode } from '../reasons.ts';
import type { KeyAnchor, LogAnchor } from '../trust/check.ts';
import { sameBytes } from './crypto.ts';
import { isEntryOf } from './log-entry.ts';
import type { Signature } from './signature.ts';

export interface Problem {
  readonly code: NoCode;
  readonly message: string;
}

/** What a signature can lack, in the order of the conditions. */
export interface SignatureProblem extends Problem {
  readonly code:
    | 'signature-mismatch'
    | 'other-image'
    | 'annotation-mismatch'
    | 'log-entry-missing'
    | 'log-entry-mismatch';
}

/**
 * Why this signature does not satisfy this anchor; `undefined` when it does. One signature has to meet every condition:
 * made by the key, about this image, with the annotations, and in the log where one is asked for.
 */
export function problemWith(signature: Signature, anchor: KeyAnchor, image: Digest): SignatureProblem | undefined {
  if (!signature.isBy(anchor)) return { code: 'signature-mismatch', message: 'it does not verify' };
  return (
    claimProblem(signature.claims, anchor, image) ?? logProblem(signature, anchor) ?? verifierProblem(signature, anchor)
  );
}

function claimProblem(
  claims: readonly Claim[],
  { annotations }: KeyAnchor,
  image: Digest,
): SignatureProblem | undefined {
  const ours = claims.filter((claim) => claim.digest === image);
  if (ours.length === 0) {
    const [other] = claims;
    return { code: 'other-image', message: `is for ${other?.digest ?? 'another digest'}, not for this image` };
  }
  const lacking = ours.map((claim) => lackingAnnotation(claim, annotations));
  if (lacking.includes(undefined)) return undefined;
  const wanted = lacking[0] ?? '';
  return { code: 'annotation-mismatch', message: `lacks the annotation ${wanted}=${annotations[wanted] ?? ''}` };
}

/** The name of the first wanted annotation that the claim has not, or has with another value. */
function lackingAnnotation(claim: Claim, wanted: KeyAnchor['annotations']): string | undefined {
  return Object.entries(wanted).find(
    ([name, value]) => !Object.hasOwn(claim.annotations, name) || claim.annotations[name] !== value,
  )?.[0];
}

function logProblem({ evidence }: Signature, { log, key }: KeyAnchor): SignatureProblem | undefined {
  if (log === undefined) return undefined;
  const { logEntries } = evidence;
  if (logEntries.length === 0)
    return { code: 'log-entry-missing', message: 'carries no entry of the transparency log' };
  const entries = entriesOf(log, logEntries);
  if (entries.length === 0) {
    return { code: 'log-entry-mismatch', message: `carries no entry of the log ${log.baseUrl} but of another` };
  }
  const aboutUs = attempt(() => entries.every((entry) => isEntryOf(entry, key)));
  return aboutUs === true
    ? undefined
    : { code: 'log-entry-mismatch', message: 'has a log entry that names another key' };
}

function entriesOf(log: LogAnchor, entries: Signature['evidence']['logEntries']) {
  return entries.filter((entry) => entry.logId !== undefined && sameBytes(entry.logId.keyId, log.keyId));
}

/**
 * The signature once more and the log entries, by Sigstore's own verifier: promise and proof as far as they are there, at
 * least one, and that the entries are about these bytes. Where the log is ignored it is given no entries, so that a forged
 * one decides nothing; it is given no time stamps ever, since keys have no validity to compare with.
 */
function verifierProblem(signature: Signature, anchor: KeyAnchor): SignatureProblem | undefined {
  const { log } = anchor;
  const tlogEntries = log === undefined ? [] : entriesOf(log, signature.evidence.logEntries);
  const verifier = new Verifier(trustMaterial(anchor), {
    tlogThreshold: log === undefined ? 0 : 1,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
  const failure = attempt(() => {
    verifier.verify({
      signature: signature.content(anchor),
      key: { $case: 'public-key', hint: '' },
      tlogEntries: tlogEntries as Parameters<Verifier['verify']>[0]['tlogEntries'],
      timestamps: [],
    });
    return undefined;
  });
  if (failure === undefined) return undefined;
  if (log === undefined) return { code: 'signature-mismatch', message: 'it does not verify' };
  const what = failure.error instanceof VerificationError ? failure.error.code : 'malformed';
  return {
    code: 'log-entry-mismatch',
    message: `has a log entry that does not verify or is about other bytes (${what})`,
  };
}

function trustMaterial({ key, log }: KeyAnchor): TrustMaterial {
  const always = { start: new Date(0), end: new Date(8.64e15) };
  const tlogs =
    log === undefined
      ? []
      : [{ logID: Buffer.from(log.keyId), baseURL: log.baseUrl, publicKey: log.publicKey, validFor: always }];
  return {
    certificateAuthorities: [],
    timestampAuthorities: [],
    ctlogs: [],
    tlogs,
    publicKey: () => ({ publicKey: key, validFor: () => true }),
  };
}

/** Entries are written by whoever attached them: whatever they make a parser throw, the entry does not verify. */
function attempt<T>(work: () => T): T | { readonly error: unknown } {
  try {
    return work();
  } catch (error) {
    return { error };
  }
}
