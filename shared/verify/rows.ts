/** For every kind of anchor its judge, a row each, under the anchor's kind. */
export { keyJudge as key } from './key/judge.ts';
