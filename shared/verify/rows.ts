/** For every kind of anchor its judge, a row each, under the anchor's kind. */
export { certificateJudge as certificate } from './certificate/judge.ts';
export { identityJudge as identity } from './identity/judge.ts';
export { keyJudge as key } from './key/judge.ts';
export { notaryJudge as notary } from './notary/lazy.ts';
