import type { KeyAnchor } from '../../trust/key/anchor.ts';
import type { AnchorJudge, Objection } from '../anchor-judge.ts';
import { stampsOf } from '../certificates/times.ts';
import { type ClaimObjection, claimObjection } from '../claims.ts';
import { type LogObjection, loggedIn, untimely } from '../log/log.ts';
import type { Signature } from '../signature.ts';
import { triedText } from '../tried.ts';

type KeyObjection =
  | ClaimObjection
  | LogObjection
  | (Objection & { readonly reason: 'signature-mismatch' | 'timestamp-mismatch' });

/** The conditions in their order. */
const progress: Readonly<Record<KeyObjection['reason'], number>> = {
  'signature-mismatch': 0,
  'other-image': 1,
  'annotation-mismatch': 2,
  'log-entry-missing': 3,
  'log-entry-mismatch': 4,
  'timestamp-mismatch': 5,
};

/** A signature counts that the key made, about this image, with the annotations, and in the log where one is asked for. */
export const keyJudge: AnchorJudge<KeyAnchor> = {
  identity: identityOf,
  examine(signature, anchor) {
    const objection = objectionTo(signature, anchor);
    if (objection !== undefined) return { pass: false, ...objection, progress: progress[objection.reason] };
    const identity = identityOf(anchor);
    return { pass: true, identity, marks: [identity], message: `a signature verifies with ${nameOf(anchor)}` };
  },
  denial(anchor, { reason, message }, tried) {
    return reason === 'signature-mismatch'
      ? `no signature verifies with ${nameOf(anchor)} (${triedText(tried)})`
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
  const claim = claimObjection(signature, anchor.annotations);
  if (claim !== undefined) return claim;
  const logged = loggedIn(signature, anchor.log, { publicKey: anchor.key });
  if ('reason' in logged) return logged;
  const { problem, times } = stampsOf(signature, anchor.timestampAuthorities);
  if (problem !== undefined && times.length === 0) {
    return { reason: 'timestamp-mismatch', message: `has a time stamp, and ${problem}` };
  }
  return untimely(logged, times);
}
