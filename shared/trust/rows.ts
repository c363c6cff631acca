/** Every kind of anchor, a row each, under the attestor that it is built of. `verify/rows.ts` has the same rows. */
export { keyAnchors as keys } from './key/anchor.ts';
