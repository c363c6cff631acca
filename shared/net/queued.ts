/** The same spending, which tells `told` as well when one of its requests has to wait for its turn. */
export function whenQueued<S extends { queued?(): void }>(spending: S, told: () => void): S {
  return {
    ...spending,
    queued() {
      told();
      spending.queued?.();
    },
  };
}
