/**
 * Work in slices, each of a few milliseconds at most: between two of them whoever runs it may look at the time and let others run
 * (`net/slices.ts`). What it comes to depends on nothing but its input.
 */
export type Slices<T> = Generator<undefined, T, undefined>;

/** All of the work at once. */
export function atOnce<T>(slices: Slices<T>): T {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}
