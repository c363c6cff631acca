import type { IncomingMessage } from 'node:http';
import { exceedsValues } from '../shared/net/json-bounds.ts';
import { createRoom } from '../shared/net/room.ts';
import { Pieces } from './pieces.ts';

/**
 * Bytes of one body. An API server takes a request of 3 MiB, writes each `<`, `>` and `&` in it as six bytes, and sends the old
 * object along, of which etcd keeps 1.5 MiB at most: 27 MiB.
 */
const largestBody = 32 * 1024 * 1024;
/**
 * JSON values of one body. Two stored objects hold fewer: a value takes two bytes in etcd, be it an empty text or an empty object, and
 * of what is nested three take four at least.
 */
const mostValues = 2_400_000;
/** Bytes of a small body: reviews of some 10 KB are not behind those of some MB. */
const small = 256 * 1024;
/** Bytes of all large bodies that are being read, and of all small ones. */
const mostLarge = 128 * 1024 * 1024;
const mostSmall = 64 * 1024 * 1024;

/** What came of the text of a body, or the HTTP answer to a body that was not read. */
export type Used<T> = { readonly result: T } | { readonly status: 413; readonly problem: string };

export interface Bodies {
  /**
   * Reads a request's body when there is room for it, and hands its text to `use`, which has parsed it when the call stack is
   * empty. Never resolves where the caller goes away first, or is too slow.
   */
  read<T>(request: IncomingMessage, use: (text: string) => T): Promise<Used<T>>;
}

/** Whether a body is over 256 KiB, or does not say how large it is. */
export function isLarge(request: IncomingMessage): boolean {
  return declaredBytes(request) > small;
}

function declaredBytes({ headers }: IncomingMessage): number {
  const chunked = headers['transfer-encoding'] !== undefined;
  return chunked ? largestBody : Number(headers['content-length'] ?? 0);
}

/**
 * Reads bodies within bounds: of one in bytes and JSON values, of all large ones and of all small ones in bytes. One whose room is
 * taken waits, and is not read meanwhile; who came first goes first. Of large ones, which take long to parse, one is used in a turn of
 * the event loop: between two of them the process does what else there is.
 */
export function createBodies(): Bodies {
  const [large, little] = [createRoom(mostLarge, 'oldest'), createRoom(mostSmall, 'oldest')];
  const inTurn = oneATurn();
  return {
    read: (request, use) =>
      new Promise((resolve) => {
        const bytes = declaredBytes(request);
        // Whoever goes away is told nothing.
        request.on('error', () => undefined);
        if (bytes > largestBody) {
          resolve(tooLarge);
          return;
        }
        const release = (isLarge(request) ? large : little).take(bytes, () =>
          collect(request, bytes, (read) => {
            if (bytes > small) {
              // Its text is parsed when the call stack is empty, and its room is free when that is over.
              inTurn(() => {
                resolve(read(use));
                setImmediate(release);
              });
            } else {
              resolve(read(use));
              release();
            }
          }),
        );
        // A small body can be there whole before it is read.
        request.on('close', () => {
          if (!request.readableEnded) release();
        });
      }),
  };
}

/** Runs what it is given in order, one in each turn of the event loop. */
function oneATurn(): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  const next = () => {
    waiting[0]?.();
    waiting.shift();
    if (waiting.length > 0) setImmediate(next);
  };
  return (work) => {
    if (waiting.push(work) === 1) setImmediate(next);
  };
}

const tooLarge = { status: 413, problem: `the body is over ${largestBody} bytes` } as const;
const tooMany = { status: 413, problem: `the body holds over ${mostValues} JSON values` } as const;

type Read = <T>(use: (text: string) => T) => Used<T>;

/** Collects a body of `declared` bytes at most, and hands over what has its text used. */
function collect(request: IncomingMessage, declared: number, done: (read: Read) => void): void {
  let pieces = new Pieces();
  request.on('data', (chunk: Buffer) => {
    if (pieces.size + chunk.length <= declared) return pieces.add(chunk);
    request.pause();
    request.removeAllListeners('data');
    done(() => tooLarge);
  });
  request.on('end', () => {
    const bytes = pieces.bytes();
    pieces = new Pieces();
    done((use) => (exceedsValues(bytes, mostValues) ? tooMany : { result: use(bytes.toString('utf8')) }));
  });
}
