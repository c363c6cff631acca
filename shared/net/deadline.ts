/** Milliseconds by the wall clock, as Date.now gives them. Injected everywhere, so that tests set the time. */
export type Clock = () => number;

/** When an answer is due. `signal` aborts work that would come too late; `remaining` is in milliseconds, never negative. */
export interface Deadline {
  readonly signal: AbortSignal;
  remaining(): number;
}
