import type { Window } from './trust-root.ts';

/** `time`: milliseconds since 1970. Both ends belong to the window. */
export function inWindow({ start, end }: Window, time: number): boolean {
  return start <= time && time <= end;
}
