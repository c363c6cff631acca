/** What is attached is written by whoever attached it: whatever it makes a parser throw, it does not verify. */
export function attempt<T>(work: () => T): T | { readonly error: unknown } {
  try {
    return work();
  } catch (error) {
    return { error };
  }
}
