import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Door, DoorResponse } from '../door.ts';

/**
 * An instrument for tests: a door that lets requests out in rounds. A round is whatever is asked before any answer of the
 * round has been read; the next begins when all of its answers have been read or discarded and nobody asks for more. So
 * `rounds()` is the longest chain of requests that wait for one another, without any clock.
 */
export function lockstep(door: Door): { readonly door: Door; rounds(): number; reset(): void } {
  let rounds = 0;
  let open = 0;
  let running = false;
  let waiting: (() => void)[] = [];

  /** Promise chains run dry within a turn of the event loop; a few more are allowed for work that hops through them. */
  async function quiet(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }

  async function run(): Promise<void> {
    running = true;
    for (;;) {
      await quiet();
      if (open > 0) continue;
      if (waiting.length === 0) break;
      const round = waiting;
      waiting = [];
      rounds++;
      open += round.length;
      for (const start of round) start();
    }
    running = false;
  }

  function turn(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (!running) run();
    });
  }

  function watched(response: DoorResponse): DoorResponse {
    return {
      ...response,
      read: (...of) => response.read(...of).finally(() => open--),
      discard() {
        response.discard();
        open--;
      },
    };
  }

  return {
    door: {
      origin: (host, spending) => door.origin(host, spending),
      async request(url, request) {
        await turn();
        try {
          return watched(await door.request(url, request));
        } catch (thrown) {
          open--;
          throw thrown;
        }
      },
      close: () => door.close(),
    },
    rounds: () => rounds,
    reset() {
      rounds = 0;
    },
  };
}
