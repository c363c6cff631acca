import type { LeafAnchor } from '../trust/anchors.ts';
import type { AnchorJudge } from './anchor-judge.ts';
import { keyJudge } from './key/judge.ts';

/** For every kind of anchor its judge, or this does not compile. */
const judges: { readonly [K in LeafAnchor['kind']]: AnchorJudge<Extract<LeafAnchor, { readonly kind: K }>> } = {
  key: keyJudge,
};

/** The judge of this anchor: for this anchor alone. */
export function judgeOf(anchor: LeafAnchor): AnchorJudge<LeafAnchor> {
  return judges[anchor.kind];
}
