import type { Leaf } from '../trust/anchors.ts';
import type { AnchorJudge } from './anchor-judge.ts';
import { keyJudge } from './key/judge.ts';

/** For every kind of anchor its judge, or this does not compile. */
const judges: { readonly [K in Leaf['kind']]: AnchorJudge<Extract<Leaf, { readonly kind: K }>> } = {
  key: keyJudge,
};

/** The judge of this anchor: for this anchor alone. */
export function judgeOf(anchor: Leaf): AnchorJudge<Leaf> {
  return judges[anchor.kind];
}
