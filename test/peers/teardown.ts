import { rm } from 'node:fs/promises';

/** Once after all the tests of the peers: removes the home that setup.ts made. */
export default async function teardown(): Promise<void> {
  const home = process.env.COUNTERSIGN_PEERS_HOME;
  if (home !== undefined) await rm(home, { recursive: true, force: true });
}
