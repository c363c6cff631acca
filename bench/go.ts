import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The folder of a Go program among the peers, which is built the first time. */
export function builtGo(name: string): string {
  const install = join(import.meta.dirname, '..', 'test', 'peers', 'install.sh');
  const { status, stdout } = spawnSync(install, [name], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} could not be built`);
  return stdout.trimEnd();
}
