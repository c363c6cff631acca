import { inTime } from '../net/in-time.ts';
import type { Release } from '../net/room.ts';
import { createRoom, type Room } from '../net/room.ts';
import { Refusal } from '../reasons.ts';
import { reviewBytes } from './allowance.ts';
import type { Allowance } from './registry.ts';

const mebi = 1024 * 1024;

/** The room that something large takes, or waits for. */
export interface Stay {
  /** Rejects where there was no room in the review's time (Refusal `deadline`). */
  readonly entered: Promise<void>;
  readonly leave: Release;
}

/** Room for what is held at once, of all reviews. */
export interface Rooms {
  enter(bytes: number, allowance: Allowance): Stay;
}

/**
 * Of those that wait the one with the fewest bytes goes first. Hosts that nobody named but an image's author have a room of their
 * own: they may send as slowly as they like, and keep theirs for as long.
 */
export function createRooms(named: number, unnamed: number): Rooms {
  const [ours, theirs] = [createRoom(named, 'smallest'), createRoom(unnamed, 'smallest')];
  return {
    enter: (bytes, { named: isNamed = true, deadline }) => enter(isNamed ? ours : theirs, bytes, deadline),
  };
}

function enter(room: Room, bytes: number, deadline: Allowance['deadline']): Stay {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = room.take(Math.min(bytes, reviewBytes), resolve);
  const entered = inTime(
    promise,
    deadline,
    () => new Refusal('deadline', 'the time ended before there was room for what other reviews read'),
  );
  // Whoever waits for it hears of it; where the reading stopped before, nobody does.
  entered.catch(() => undefined);
  return { entered, leave };
}

/** Those of this process, 384 MiB in all: for the attachments of one image at a time until they are evidence, */
export const attachedRooms = createRooms(192 * mebi, 2 * reviewBytes);
/** and for one manifest, or page of a list, until it is parsed. Whoever has room here waits for none elsewhere. */
export const manifestRooms = createRooms(32 * mebi, 32 * mebi);
