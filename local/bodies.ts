import type { IncomingMessage } from 'node:http';
import { monotonic } from '../shared/net/deadline.ts';
import { valuesIn } from '../shared/net/json-bounds.ts';
import { createRoom, type Release, type Room } from '../shared/net/room.ts';
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

/** Bytes up to which a body is not looked at: a review is 10 KB or so, and as many are answered at a time as there are connections. */
const common = 32 * 1024;
/**
 * JSON values of all larger bodies whose reviews have not been answered: a parsed one takes some 60 bytes until then, and whoever wrote it
 * may put that off by an image at a host that hangs.
 */
const mostHeld = 6_000_000;
/** Milliseconds for which one waits for that room: whoever asks has to be answered in time. */
const longestWait = 2000;

/** What came of the text of a body, or why it was not read, with the uid of the review that it is, where an API server wrote it. */
export type Used<T> =
  | { readonly result: T }
  | {
      readonly problem: string;
      readonly reason: 'object-malformed' | 'too-many-reviews';
      readonly uid?: string | undefined;
    };

export interface Bodies {
  /**
   * Reads a request's body when there is room for it, and hands its text to `use`, which has parsed it when the call stack is
   * empty. A review over the bounds is read off, so that it can be answered: a call that fails is admitted under failurePolicy
   * Ignore. What `use` promises is the answer: until then a larger body takes room. Never resolves where the caller goes away first, or is too
   * slow.
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
 * taken waits, and is not read meanwhile; who came first goes first. Of large ones, which take long to parse, one is used at a
 * time: between two of them the process does what else there is. `wait`: milliseconds for which one waits for the others' answers.
 */
export function createBodies(wait = longestWait): Bodies {
  const [large, little] = [createRoom(mostLarge, 'oldest'), createRoom(mostSmall, 'oldest')];
  const hold = holding(createRoom(mostHeld, 'smallest'), wait);
  const inTurn = oneByOne();
  return {
    read: (request, use) =>
      new Promise((resolve) => {
        const bytes = declaredBytes(request);
        // Whoever goes away is told nothing.
        request.on('error', () => undefined);
        if (bytes > largestBody) {
          collect(request, beginning, (body) => hold(body, use, resolve));
          return;
        }
        const release = (isLarge(request) ? large : little).take(bytes, () =>
          collect(request, bytes, (body) => {
            if (bytes > small) {
              // Its text is parsed when the call stack is empty, and its room is free when that is over.
              inTurn(() => {
                // Whoever sends many may leave at once: what nobody waits for any more keeps the others waiting no longer.
                if (request.socket?.destroyed) release();
                else {
                  hold(body, use, resolve);
                  setImmediate(release);
                }
              });
            } else {
              hold(body, use, resolve);
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

/**
 * Runs what it is given in order, and leaves as much time after each as it took, with all that follows at once, as parsing does once the
 * caller has been let in: a call that is to be answered in between needs more turns of the event loop than one, for its connection alone.
 */
function oneByOne(): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  const next = () => {
    const since = monotonic();
    waiting[0]?.();
    setImmediate(() => {
      waiting.shift();
      if (waiting.length > 0) setTimeout(next, monotonic() - since);
    });
  };
  return (work) => {
    if (waiting.push(work) === 1) setImmediate(next);
  };
}

const tooLarge = { problem: `the body is over ${largestBody} bytes`, reason: 'object-malformed' } as const;
const tooMany = { problem: `the body holds over ${mostValues} JSON values`, reason: 'object-malformed' } as const;

/** Bytes in which the uid of a review stands. */
const beginning = 1024;
/** As Go's encoder writes it, whatever the object holds; the command line and tests write the version first. */
const reviewWithUid =
  /^\{(?:"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io\/v1"|"apiVersion":"admission\.k8s\.io\/v1","kind":"AdmissionReview"),"request":\{"uid":"([0-9A-Za-z-]{1,128})"/;

function uidIn(bytes: Buffer): string | undefined {
  return reviewWithUid.exec(bytes.toString('latin1', 0, beginning))?.[1];
}

/** A body that has come. */
interface Collected {
  /** JSON values of a larger one; 0: it takes no room beside the others. */
  readonly values: number;
  readonly uid: () => string | undefined;
  /** Has its text used, or says why it is not. */
  read<T>(use: (text: string) => T): Used<T>;
}

const crowded = {
  problem: 'the objects of other reviews take up the room that there is: try again',
  reason: 'too-many-reviews',
} as const;

/** Has bodies used where there is room for what is parsed of them, until what `use` promised has come. */
function holding(
  room: Room,
  wait: number,
): <T>(body: Collected, use: (text: string) => T, resolve: (used: Used<T>) => void) => void {
  return (body, use, resolve) => {
    if (body.values === 0) return resolve(body.read(use));
    let leave: Release | undefined;
    const go = () => {
      clearTimeout(timer);
      const used = body.read(use);
      resolve(used);
      // Not before there is something to leave: where there is room at once, that is said after this.
      void Promise.resolve('result' in used ? used.result : undefined)
        .catch(() => undefined)
        .then(() => leave?.());
    };
    const timer = setTimeout(() => {
      leave?.();
      resolve({ ...crowded, uid: body.uid() });
    }, wait);
    leave = room.take(body.values, go);
  };
}

/** Collects a body of `most` bytes at most. */
function collect(request: IncomingMessage, most: number, done: (body: Collected) => void): void {
  let pieces = new Pieces();
  const add = (chunk: Buffer) => {
    if (pieces.size + chunk.length <= most) return pieces.add(chunk);
    const uid = uidIn(Buffer.concat([pieces.bytes().subarray(0, beginning), chunk.subarray(0, beginning)]));
    pieces = new Pieces();
    request.off('data', add).off('end', end);
    const answer = () => done(refused(tooLarge, uid));
    if (uid !== undefined) request.on('end', answer).resume();
    else {
      request.pause();
      answer();
    }
  };
  const end = () => {
    const bytes = pieces.bytes();
    pieces = new Pieces();
    const values = bytes.length <= common ? 0 : valuesIn(bytes, mostValues);
    if (values === undefined) done(refused(tooMany, uidIn(bytes)));
    else done({ values, uid: () => uidIn(bytes), read: (use) => ({ result: use(bytes.toString('utf8')) }) });
  };
  request.on('data', add).on('end', end);
}

function refused(why: typeof tooLarge | typeof tooMany, uid: string | undefined): Collected {
  return { values: 0, uid: () => uid, read: () => ({ ...why, uid }) };
}
