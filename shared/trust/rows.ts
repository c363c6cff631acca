/** Every kind of anchor, a row each, under the attestor that it is built of. `verify/rows.ts` has the same rows. */
export { certificateAnchors as certificates } from './certificate/anchor.ts';
export { identityAnchors as keyless } from './identity/anchor.ts';
export { keyAnchors as keys } from './key/anchor.ts';
export { notaryAnchors as notary } from './notary/anchor.ts';
