import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './countersign.ts';
import { certificateCorners } from './differential/certificate-corners.ts';
import { compareAll } from './differential/compare.ts';
import { imageCorners } from './differential/corners.ts';
import { exceptionCorners } from './differential/exception-corners.ts';
import { drawn } from './differential/generate.ts';
import { objectCorners } from './differential/object-corners.ts';
import { reasons } from './differential/reasons.ts';
import { makeWorld, type World } from './differential/world.ts';

// Whole policies on whole objects, about images that real cosign signed: Kyverno's command line and ours say the same, but for what is
// written in docs/differences.md.

let world: World;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(() => world?.stop());

test('policies drawn at random and corners: Kyverno answers as we do, or it is written why not', async () => {
  const { equal, explained, unexplained } = await compareAll(
    [...imageCorners, ...objectCorners, ...exceptionCorners, ...certificateCorners, ...drawn(20_261_128, 200)],
    world,
  );
  const differing = [...explained.values()].reduce((sum, each) => sum + each, 0);
  process.stdout.write(`${equal} equal, ${differing} differ by documented reason, ${unexplained.length} unexplained\n`);
  expect(unexplained).toEqual([]);
  expect(equal + differing).toBeGreaterThanOrEqual(200);
  // A reason for which there is no difference any more is none.
  expect([...explained.keys()].sort()).toEqual([...reasons].sort());
}, 300_000);

test('each reason is a heading of docs/differences.md', async () => {
  const text = await readFile(join(root, 'docs', 'differences.md'), 'utf8');
  const headings = new Set(text.split('\n').filter((line) => line.startsWith('### ')));
  expect(reasons.filter((reason) => !headings.has(`### ${reason}`))).toEqual([]);
});
