/** Gives room back; a second call does nothing. */
export type Release = () => void;

/** Room for bytes in this process's memory. */
export interface Room {
  /**
   * Takes room for so many bytes, and calls `go` when there is: at once, or later. More than anyone may take counts as that much.
   * What is handed back gives the room back, or ends the wait for it.
   */
  take(bytes: number, go: () => void): Release;
}

interface Waiter {
  readonly bytes: number;
  go(): void;
}

/**
 * `first`: who gets the room that is free. The oldest may take all of it. The smallest takes half of what is free at most: there is
 * always some for one that is smaller, however many large ones there are.
 */
export function createRoom(size: number, first: 'oldest' | 'smallest'): Room {
  const most = first === 'oldest' ? 1 : 0.5;
  let left = size;
  const waiting = new Set<Waiter>();

  function next(): Waiter | undefined {
    let chosen: Waiter | undefined;
    for (const waiter of waiting) {
      if (chosen === undefined || waiter.bytes < chosen.bytes) chosen = waiter;
      if (first === 'oldest') break;
    }
    return chosen;
  }

  function admitWaiting(): void {
    for (let waiter = next(); waiter !== undefined && waiter.bytes <= most * left; waiter = next()) {
      waiting.delete(waiter);
      left -= waiter.bytes;
      waiter.go();
    }
  }

  return {
    take(asked, go) {
      const bytes = Math.min(asked, most * size);
      let held = false;
      const waiter = {
        bytes,
        go() {
          held = true;
          go();
        },
      };
      if (waiting.size === 0 && bytes <= most * left) {
        left -= bytes;
        waiter.go();
      } else {
        waiting.add(waiter);
        admitWaiting();
      }
      return () => {
        if (held) left += bytes;
        else waiting.delete(waiter);
        held = false;
        if (waiting.size > 0) admitWaiting();
      };
    },
  };
}
