import type { LeafAnchor } from '../trust/anchors.ts';
import type { AnchorJudge } from './anchor-judge.ts';
import * as rows from './rows.ts';

/** An anchor without a row does not compile. */
const judges: { readonly [K in LeafAnchor['kind']]: AnchorJudge<Extract<LeafAnchor, { readonly kind: K }>> } = rows;

/** The judge of this anchor: for this anchor alone. */
export function judgeOf(anchor: LeafAnchor): AnchorJudge<LeafAnchor> {
  return judges[anchor.kind];
}
