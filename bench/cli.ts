import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../local/registry/server.ts';
import { signedByPolicy } from '../local/sample-policy.ts';
import { storeDestination } from '../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../local/signer/signer.ts';
import { spread } from './spread.ts';

const root = join(import.meta.dirname, '..');
const rounds = 21;

/**
 * One verification of a signed image by the packed command line, as a process of its own, beside `node -e 0`: both take turns in
 * one run, and the ratio of each pair is what counts. The registry is on loopback, in this process.
 */
export async function cli(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const key = newKey();
  await sign(destination, { repository: 'demo/signed', digest: await makeImage(destination, 'demo/signed', '1'), key });
  const policy = join(folder, 'policy.yaml');
  await writeFile(policy, signedByPolicy(`${registry.host}/demo/*`, key.publicKeyPem));

  const built = spawnSync(process.execPath, ['scripts/build.ts', 'cli'], { cwd: root, stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the command line could not be packed');
  for (const name of ['bin', 'dist/cli.cjs', 'dist/trusted_root.json', 'package.json']) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  const verify = ['verify', '--policy', policy, '--image', `${registry.host}/demo/signed:1`];
  const packed = () => milliseconds([join(folder, 'bin', 'countersign'), ...verify], folder);
  const bare = () => milliseconds(['-e', '0'], folder);

  const first = await packed();
  const pairs: { packed: number; bare: number }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair = { packed: await packed(), bare: await bare() };
    if (round > 0) pairs.push(pair);
  }
  const [low, middle, high] = spread(pairs.map((pair) => pair.packed / pair.bare));
  const show = (values: number[]) => {
    const [least, half, most] = spread(values);
    return `${half.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)})`;
  };
  console.log(`cli: ${rounds} pairs of one verification, packed, beside node -e 0; median (range)`);
  console.log(
    `packed ${show(pairs.map((pair) => pair.packed))}; the first time, without compiled code, ${first.toFixed(0)} ms`,
  );
  console.log(`node -e 0 ${show(pairs.map((pair) => pair.bare))}`);
  console.log(`ratio ${middle.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`);
  await rm(folder, { recursive: true });
}

/** How long a Node process with these words takes, from its start to its end. Throws where it does not end with status 0. */
function milliseconds(words: readonly string[], folder: string): Promise<number> {
  const env = { ...process.env, XDG_CACHE_HOME: folder, DOCKER_CONFIG: folder };
  const start = performance.now();
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'], env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0) resolve(performance.now() - start);
      else reject(new Error(`${words[0]} ended with ${status}`));
    });
  });
}
