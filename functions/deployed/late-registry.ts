import type { Registry } from '../../shared/registry/registry.ts';

/**
 * A registry that is there when it is first asked: the HTTP client is the heaviest part of the bundle, and a review that the
 * ledger answers needs none. A load that fails is tried again by whoever asks next.
 */
export function lateRegistry(load: () => Promise<Registry>): Registry & { load(): Promise<Registry> } {
  let loading: Promise<Registry> | undefined;

  function loaded(): Promise<Registry> {
    if (loading === undefined) {
      loading = load();
      loading.catch(() => {
        loading = undefined;
      });
    }
    return loading;
  }

  return {
    load: loaded,
    resolve: async (...asked) => (await loaded()).resolve(...asked),
    image: async (...asked) => (await loaded()).image(...asked),
    attached: async (...asked) => (await loaded()).attached(...asked),
  };
}
