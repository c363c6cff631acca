import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** MB that a review may hold of what it has done, until it is answered: whoever wrote its object may put that off by a host that hangs. */
const most = 1.5;

interface Held {
  readonly each: number;
  readonly asked: number;
}

async function heldOf(what: 'attached' | 'manifests'): Promise<Held> {
  const child = join(import.meta.dirname, 'held-child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, what]);
  return JSON.parse(stdout) as Held;
}

test('what was attached to an image is not held when it has been verified: 8 MB a review', async () => {
  const { each, asked } = await heldOf('attached');
  expect(asked).toBeGreaterThan(5 * 8);
  expect(each).toBeLessThan(most);
}, 60_000);

test('a manifest of 4 MiB is not held when it has been read, while the other images are resolved', async () => {
  const { each, asked } = await heldOf('manifests');
  expect(asked).toBeGreaterThanOrEqual(5);
  expect(each).toBeLessThan(most);
}, 60_000);
