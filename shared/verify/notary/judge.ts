import type { NotaryAnchor } from '../../trust/notary/anchor.ts';
import type { AnchorJudge } from '../anchor-judge.ts';

/** A signature counts that meets what the trust policy for the image's repository asks. */
export const notaryJudge: AnchorJudge<NotaryAnchor> = {
  identity: () => undefined,
  examine: () => ({ pass: false, reason: 'signature-mismatch', message: 'not built', progress: 0 }),
  denial: (_anchor, { message }) => message,
};
