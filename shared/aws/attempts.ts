import { setTimeout as wait } from 'node:timers/promises';

export interface Attempting {
  /** When it aborts nothing more is tried. */
  readonly signal: AbortSignal;
  /** Whether what an attempt threw may be answered by another attempt. */
  readonly mayRepeat: (thrown: unknown) => boolean;
  readonly random: () => number;
}

const maxAttempts = 4;
/** Milliseconds: the most that is waited before the second attempt; twice that before the third, and so on. */
const baseMs = 20;

/**
 * Runs `attempt` until it says `true`: four times at most, with 0 to 20, 40 and 80 ms in between, which is about a fifth of the time
 * that a read has. Resolves with whether it was done; throws what the last attempt threw.
 */
export async function untilDone(attempt: () => Promise<boolean>, options: Attempting): Promise<boolean> {
  const { signal, mayRepeat, random } = options;
  for (let tried = 1; ; tried += 1) {
    const last = tried === maxAttempts;
    try {
      if (await attempt()) return true;
      if (last || !(await pause(tried, signal, random))) return false;
    } catch (thrown) {
      if (last || !mayRepeat(thrown) || !(await pause(tried, signal, random))) throw thrown;
    }
  }
}

/** Resolves with `false` where the time ended. */
async function pause(tried: number, signal: AbortSignal, random: () => number): Promise<boolean> {
  try {
    await wait(random() * baseMs * 2 ** (tried - 1), undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
