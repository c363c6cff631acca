import { setImmediate as nextTurn } from 'node:timers/promises';
import { Refusal } from '../reasons.ts';
import type { Deadline, Elapsed } from './deadline.ts';

/** Milliseconds for which work keeps the event loop before others have their turn. */
const slice = 10;

/**
 * Runs work that computes and does not wait, so that it holds up nobody: what else the process does runs between two slices, and when
 * the deadline is over the work ends (Refusal `deadline`). `what` is what is computed, in the words of messages.
 */
export async function inSlices<T>(
  slices: Iterator<undefined, T, undefined>,
  { deadline, elapsed, what }: { readonly deadline: Deadline; readonly elapsed: Elapsed; readonly what: string },
): Promise<T> {
  let since = elapsed();
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    if (elapsed() - since < slice) continue;
    await nextTurn();
    if (deadline.remaining() === 0) throw new Refusal('deadline', `the time ended while ${what}`);
    since = elapsed();
  }
}
