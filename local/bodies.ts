import type { IncomingMessage } from 'node:http';
import { exceedsValues } from '../shared/net/json-bounds.ts';

/**
 * Bytes of one body. An API server takes a request of 3 MiB, writes each `<`, `>` and `&` in it as six bytes, and sends the old
 * object along, of which etcd keeps 1.5 MiB at most: 27 MiB.
 */
const largestBody = 32 * 1024 * 1024;
/** JSON values of one body. The most that two stored objects hold: a value takes two bytes in etcd. */
const mostValues = 1_600_000;
/** Bytes of all bodies that are being read. */
const mostAtOnce = 128 * 1024 * 1024;
/** Bytes of a body that waits for no other: reviews of some 10 KB are not behind those of some MB. */
const small = 256 * 1024;

/** What came of the text of a body, or the HTTP answer to a body that was not read. */
export type Used<T> = { readonly result: T } | { readonly status: 413; readonly problem: string };

export interface Bodies {
  /**
   * Reads a request's body when there is room for it, and hands its text to `use`, which has parsed it when the call stack is
   * empty. Never resolves where the caller goes away first, or is too slow.
   */
  read<T>(request: IncomingMessage, use: (text: string) => T): Promise<Used<T>>;
}

/** Whether a body is one of those that wait for room, or does not say how large it is. */
export function isLarge(request: IncomingMessage): boolean {
  return declaredBytes(request) > small;
}

function declaredBytes({ headers }: IncomingMessage): number {
  const chunked = headers['transfer-encoding'] !== undefined;
  return chunked ? largestBody : Number(headers['content-length'] ?? 0);
}

/**
 * Reads bodies within bounds: of one in bytes and JSON values, of all that are large in bytes. A large one whose room is taken
 * waits, and is not read meanwhile; who came first goes first.
 */
export function createBodies(): Bodies {
  let left = mostAtOnce;
  const waiting = new Set<{ readonly bytes: number; go(): void }>();

  function admitWaiting(): void {
    for (const next of waiting) {
      if (next.bytes > left) return;
      waiting.delete(next);
      left -= next.bytes;
      next.go();
    }
  }

  /** Takes room, and hands over how it is given back; that happens by itself where the caller goes away. */
  function reserve(bytes: number, request: IncomingMessage, go: (release: () => void) => void): void {
    let held = false;
    const release = () => {
      waiting.delete(place);
      if (held) left += bytes;
      held = false;
      admitWaiting();
    };
    const place = {
      bytes,
      go() {
        held = true;
        go(release);
      },
    };
    request.once('close', () => {
      if (!request.complete) release();
    });
    waiting.add(place);
    admitWaiting();
  }

  return {
    read: (request, use) =>
      new Promise((resolve) => {
        const bytes = declaredBytes(request);
        // Whoever goes away is told nothing.
        request.on('error', () => undefined);
        if (bytes > largestBody) return resolve(tooLarge);
        if (!isLarge(request)) return collect(request, (read) => resolve(read(use)));
        return reserve(bytes, request, (release) =>
          collect(request, (read) => {
            resolve(read(use));
            setImmediate(release);
          }),
        );
      }),
  };
}

const tooLarge = { status: 413, problem: `the body is over ${largestBody} bytes` } as const;
const tooMany = { status: 413, problem: `the body holds over ${mostValues} JSON values` } as const;

type Read = <T>(use: (text: string) => T) => Used<T>;

/** Collects the body, and hands over what has its text used. */
function collect(request: IncomingMessage, done: (read: Read) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= largestBody) return;
    request.pause();
    request.removeAllListeners('data');
    done(() => tooLarge);
  });
  request.on('end', () => {
    const [only] = chunks;
    const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    chunks.length = 0;
    done((use) => (exceedsValues(bytes, mostValues) ? tooMany : { result: use(bytes.toString('utf8')) }));
  });
}
