import type { Run } from '../run.ts';
import type { Json } from '../value.ts';

/** `[start:stop:step]`, as Python's: what is left out is the end that the direction begins or ends with; below 0 is from the end. */
interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  /** Never 0. */
  readonly step: number;
}

/** Of what is no list it is null. */
export function slice(list: readonly Json[] | undefined, { start, stop, step }: Slice, run: Run): Json {
  if (list === undefined) return null;
  const [lowest, highest] = step > 0 ? [0, list.length] : [-1, list.length - 1];
  const within = (bound: number) => Math.min(Math.max(bound < 0 ? bound + list.length : bound, lowest), highest);
  const from = start === null ? (step > 0 ? lowest : highest) : within(start);
  const to = stop === null ? (step > 0 ? highest : lowest) : within(stop);
  const taken: Json[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) taken.push(list[at] ?? null);
  run.spend(1 + taken.length);
  return taken;
}
