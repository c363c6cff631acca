import type { SeenRequest } from './requests.ts';

/**
 * Counts sequential rounds of requests. While `measure` runs, every request is parked on arrival; when no other has
 * arrived for `quietMs`, all that are parked go on together: one round. A request that its client sends only after
 * another's answer is therefore in a later round, however fast the machine is, and requests sent side by side are in
 * one.
 */
export interface Rounds {
  /**
   * Runs `work` and returns what it returns, with the requests of each round. Throws when one is being measured
   * already.
   */
  measure<T>(work: () => Promise<T>): Promise<{ value: T; rounds: SeenRequest[][] }>;
  /** For servers: resolves when the request may go on. */
  enter(request: SeenRequest): Promise<void>;
}

export interface RoundsOptions {
  /** Milliseconds without an arrival that end a round; 15 by default. */
  quietMs?: number;
}

/**
 * One measure for all registries that it is given to. Quiet is three ticks in a row without an arrival, not one long
 * timer: a process that was stopped for a while (a busy machine) finds one tick overdue, and still gives the sockets
 * the other two to deliver.
 */
export function createRounds({ quietMs = 15 }: RoundsOptions = {}): Rounds {
  const ticks = 3;
  let finished: SeenRequest[][] | undefined;
  let parked: { request: SeenRequest; go: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function wait(remaining: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => (remaining > 1 ? wait(remaining - 1) : release()), quietMs / ticks);
  }

  function release(): void {
    clearTimeout(timer);
    const batch = parked;
    parked = [];
    if (batch.length === 0) return;
    finished?.push(batch.map(({ request }) => request));
    for (const { go } of batch) go();
  }

  return {
    async measure(work) {
      if (finished !== undefined) throw new Error('rounds are being measured already');
      const rounds: SeenRequest[][] = [];
      finished = rounds;
      try {
        return { value: await work(), rounds };
      } finally {
        // Nobody waits for these any more, but their sockets must not stay open.
        release();
        finished = undefined;
      }
    },
    enter(request) {
      if (finished === undefined) return Promise.resolve();
      return new Promise((go) => {
        parked.push({ request, go });
        wait(ticks);
      });
    },
  };
}
