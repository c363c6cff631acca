import type { Run } from '../run.ts';

const mostKept = 16;

/** What a run has made of texts, the last few of them: a filter asks with the same text for each element. */
export class Kept<T> {
  readonly #made = new WeakMap<Run, Map<string, T>>();

  /** What was made of the text; `make` pays, and is called where it is not kept. */
  of(text: string, run: Run, make: () => T): T {
    const known = this.#made.get(run) ?? new Map<string, T>();
    this.#made.set(run, known);
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = make();
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= mostKept) known.delete(oldest);
    known.set(text, made);
    return made;
  }
}
