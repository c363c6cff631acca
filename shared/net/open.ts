import type { buildConnector } from 'undici';

/** A connector, and how many of its connections are open or being made. */
export interface Counted {
  readonly connect: buildConnector.connector;
  open(): number;
}

export function countOpen(connect: buildConnector.connector): Counted {
  let open = 0;
  return {
    connect(options, callback) {
      open++;
      connect(options, (...made) => {
        // A connector that fails hands over an error alone.
        if (made[0] === null) made[1].once('close', () => open--);
        else open--;
        callback(...made);
      });
    },
    open: () => open,
  };
}
