import { type TrustMaterial, VerificationError, Verifier } from '@sigstore/verify';
import type { KeyAnchor } from '../../trust/key/anchor.ts';
import type { AnchorJudge, Objection } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import { type ClaimObjection, claimObjection } from '../claims.ts';
import { entriesOf, type LogObjection, logObjection } from '../log.ts';
import type { Signature } from '../signature.ts';

type KeyObjection = ClaimObjection | LogObjection | (Objection & { readonly reason: 'signature-mismatch' });

/** The conditions in their order. */
const progress: Readonly<Record<KeyObjection['reason'], number>> = {
  'signature-mismatch': 0,
  'other-image': 1,
  'annotation-mismatch': 2,
  'log-entry-missing': 3,
  'log-entry-mismatch': 4,
};

/** A signature counts that the key made, about this image, with the annotations, and in the log where one is asked for. */
export const keyJudge: AnchorJudge<KeyAnchor> = {
  identity: identityOf,
  examine(signature, anchor) {
    const objection = objectionTo(signature, anchor);
    if (objection !== undefined) return { pass: false, ...objection, progress: progress[objection.reason] };
    return { pass: true, identity: identityOf(anchor), message: `a signature verifies with ${nameOf(anchor)}` };
  },
  denial(anchor, { reason, message }, tried) {
    return reason === 'signature-mismatch'
      ? `no signature verifies with ${nameOf(anchor)} (${tried} ${tried === 1 ? 'signature' : 'signatures'} tried)`
      : `a good signature by ${nameOf(anchor)} ${message}`;
  },
};

function identityOf({ spki }: KeyAnchor): string {
  return `sha256:${spki}`;
}

/** A key is told by 16 digits of its hash. */
function nameOf({ spki }: KeyAnchor): string {
  return `key sha256:${spki.slice(0, 16)}`;
}

function objectionTo(signature: Signature, anchor: KeyAnchor): KeyObjection | undefined {
  if (!signature.isBy(anchor)) return { reason: 'signature-mismatch', message: 'it does not verify' };
  return (
    claimObjection(signature, anchor.annotations) ??
    logObjection(signature, anchor.log, anchor.key) ??
    verifierObjection(signature, anchor)
  );
}

/**
 * The signature once more and the log entries, by Sigstore's own verifier: promise and proof as far as they are there, at
 * least one, and that the entries are about these bytes. Where the log is ignored it is given no entries, so that a forged
 * one decides nothing; it is given no time stamps ever, since keys have no validity to compare with.
 */
function verifierObjection(signature: Signature, anchor: KeyAnchor): KeyObjection | undefined {
  const { log } = anchor;
  const tlogEntries = log === undefined ? [] : entriesOf(log, signature.material.logEntries);
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
  if (log === undefined) return { reason: 'signature-mismatch', message: 'it does not verify' };
  const what = failure.error instanceof VerificationError ? failure.error.code : 'malformed';
  return {
    reason: 'log-entry-mismatch',
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
