import { inTime } from '../net/in-time.ts';
import type { Release } from '../net/room.ts';
import { createRoom, type Room } from '../net/room.ts';
import { Refusal } from '../reasons.ts';
import { reviewBytes } from './allowance.ts';
import type { Allowance } from './registry.ts';

const mebi = 1024 * 1024;

/** The room that the large attachments of one image take, or wait for. */
export interface Stay {
  /** Rejects where there was no room in the review's time (Refusal `deadline`). */
  readonly entered: Promise<void>;
  readonly leave: Release;
}

/** Room for the attachments that are held at once, of all reviews. */
export interface AttachedRooms {
  enter(bytes: number, allowance: Allowance): Stay;
}

/**
 * Of those that wait the image with the fewest bytes goes first. Hosts that nobody named but an image's author have a room of their
 * own: they may send as slowly as they like, and keep theirs for as long.
 */
export function createAttachedRooms(named: number = 192 * mebi, unnamed: number = 2 * reviewBytes): AttachedRooms {
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

/** Those of this process: 320 MiB in all. */
export const processRooms = createAttachedRooms();
