import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { cleanEnvironment, tool } from './tools.ts';
import { send } from './wire.ts';

export interface RunningRegistry {
  /** `localhost:PORT`, plain HTTP: the name that cosign, crane and the CLI all allow without TLS. */
  host: string;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

const startTimeout = 20_000;

/**
 * The distribution registry with its files under `dir`: no referrers API, so clients fall back to the tag `sha256-<hex>`. The
 * system picks the port, and the registry's log names it.
 */
export async function startDistribution(dir: string): Promise<RunningRegistry> {
  const root = join(dir, 'registry');
  await mkdir(root, { recursive: true });
  const config = join(dir, 'config.yml');
  // JSON is YAML, and quotes any path.
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'info', formatter: 'text', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: root },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: '127.0.0.1:0', secret: 'one process, one secret' },
    }),
  );
  const child = spawn(await tool('distribution'), ['serve', config], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return started(child, child.stderr, /listening on 127\.0\.0\.1:(\d+)/);
}

/** The registry in memory of go-containerregistry, with the referrers API. */
export async function startGgcr(): Promise<RunningRegistry> {
  const child = spawn(await tool('ggcr-registry'), ['0'], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return started(child, child.stdout, /^127\.0\.0\.1:(\d+)$/);
}

/** Where the two ways of storage differ, tests run on both: what `start` is given is a folder of its own. */
export const bothRegistries: [name: string, start: (dir: string) => Promise<RunningRegistry>][] = [
  ['distribution', startDistribution],
  ['go-containerregistry', () => startGgcr()],
];

/** Waits for the line that names the port, then for the registry's answer. Ends the process when either does not come. */
async function started(child: ChildProcess, output: Readable, line: RegExp): Promise<RunningRegistry> {
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  try {
    const host = `localhost:${await port(output, line)}`;
    const { status } = await send('GET', `http://${host}/v2/`);
    if (status !== 200) throw new Error(`GET /v2/ of ${child.spawnfile}: ${status}`);
    return { host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads on after the line was found, so that a full pipe never stops the registry. */
function port(output: Readable, line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    const failed = (why: string) => reject(new Error(`the registry ${why}:\n${seen.join('\n')}`));
    const timer = setTimeout(failed, startTimeout, 'did not start in time');
    const lines = createInterface(output);
    lines.on('line', (text) => {
      if (seen.length < 100) seen.push(text);
      const found = line.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    lines.once('close', () => {
      clearTimeout(timer);
      failed('ended before it listened');
    });
  });
}
