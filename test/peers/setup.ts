import { spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Once before all the tests of the peers: builds what is missing, its progress on stderr, and makes the home in which the peers run.
 */
export default async function setup(): Promise<void> {
  if ((process.env.COUNTERSIGN_PEERS_BIN ?? '') === '') {
    const { status, stdout } = spawnSync(join(import.meta.dirname, 'install.sh'), {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    const bin = stdout.trimEnd().split('\n').at(-1);
    if (status !== 0 || bin === undefined || bin === '') throw new Error('test/peers/install.sh failed');
    process.env.COUNTERSIGN_PEERS_BIN = bin;
  }
  process.env.COUNTERSIGN_PEERS_HOME = await mkdtemp(join(tmpdir(), 'countersign-peers-home-'));
}
