import type { Registry } from '../../../shared/registry/registry.ts';
import { lazy } from '../lazy.ts';
import type { FunctionRegistryOptions } from './registry.ts';

export interface LazyRegistry {
  readonly registry: Registry;
  /** Loads what only an image that the ledger does not know needs. */
  load(): Promise<unknown>;
}

/** Registries, with the HTTP client left out until one is asked: it is the heaviest part, and a review from the ledger needs none. */
export function lazyRegistry(options: FunctionRegistryOptions): LazyRegistry {
  const load = lazy(async () => {
    const { functionRegistry } = await import('./registry.ts');
    return functionRegistry(options);
  });
  return {
    registry: {
      resolve: async (...asked) => (await load()).resolve(...asked),
      image: async (...asked) => (await load()).image(...asked),
      listed: async (...asked) => (await load()).listed(...asked),
      config: async (...asked) => (await load()).config(...asked),
      attached: async (...asked) => (await load()).attached(...asked),
      attested: async (...asked) => (await load()).attested(...asked),
    },
    load,
  };
}
