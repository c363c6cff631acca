import { evidenceKinds } from '../../evidence/kinds.ts';
import { createDoor, type DoorSettings } from '../../net/door.ts';
import { lockstep } from '../../net/testing/lockstep.ts';
import { startServer, type TestServer } from '../../net/testing/server.ts';
import { createRegistry, type RegistrySettings } from '../create.ts';
import { noCredentials } from '../credentials.ts';
import type { Registry } from '../registry.ts';
import { createStore, type Store } from './store.ts';

export interface Setup {
  readonly store: Store;
  readonly server: TestServer;
  readonly registry: Registry;
  /** The repository `org/app` on the server. */
  readonly repository: { readonly registry: string; readonly path: string };
  /** Sequential rounds of requests so far; see lockstep. */
  readonly rounds: () => number;
  readonly resetRounds: () => void;
  /** Waits that retries asked for, in milliseconds; they take no time, and move the clock. */
  readonly waits: number[];
  /** The clock that the registry reads. */
  readonly time: { now: number };
  close(): Promise<void>;
}

/** A registry client, and a server on loopback that it talks to. */
export async function setUp(
  settings: Partial<RegistrySettings> = {},
  door: Partial<DoorSettings> = {},
): Promise<Setup> {
  const store = createStore();
  const server = await startServer(store.listener);
  const stepped = lockstep(createDoor({ addresses: 'any', ...door }));
  const waits: number[] = [];
  const time = { now: Date.UTC(2026, 0, 1) };
  const registry = createRegistry({
    door: stepped.door,
    credentials: noCredentials,
    clock: () => time.now,
    elapsed: () => time.now,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      time.now += milliseconds;
    },
    random: () => 0.5,
    kinds: evidenceKinds,
    ...settings,
  });
  return {
    store,
    server,
    registry,
    repository: { registry: server.host, path: 'org/app' },
    rounds: stepped.rounds,
    resetRounds: stepped.reset,
    waits,
    time,
    async close() {
      await stepped.door.close();
      await server.close();
    },
  };
}
