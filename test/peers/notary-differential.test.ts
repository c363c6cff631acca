import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './countersign.ts';
import { compareAll } from './notary/compare.ts';
import { attributeCorners } from './notary/corners-attributes.ts';
import { byteCorners } from './notary/corners-bytes.ts';
import { certificateCorners } from './notary/corners-certificates.ts';
import { policyCorners } from './notary/corners-policies.ts';
import { revocationCorners } from './notary/corners-revocation.ts';
import { timeCorners } from './notary/corners-times.ts';
import { drawn } from './notary/generate.ts';
import { mutated } from './notary/mutations.ts';
import { named } from './notary/names.ts';
import { reasons } from './notary/reasons.ts';
import { revocationsOf } from './notary/responders.ts';
import { makeWorld } from './notary/world.ts';

// Envelopes that notation-core-go signed, verified by notation-go and here: the same verdict and as many warnings, but for what is
// written in docs/differences.md.

let world: Awaited<ReturnType<typeof makeWorld>>;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(() => world?.stop());

test('envelopes drawn at random and corners: notation-go answers as we do, or it is written why not', async () => {
  const corners = [
    ...certificateCorners,
    ...attributeCorners,
    ...byteCorners,
    ...policyCorners,
    ...timeCorners,
    ...revocationCorners,
  ];
  const { equal, passes, explained, unexplained } = await compareAll(
    [...corners, ...drawn(20_261_128, 400), ...mutated(20_261_128, 1000), ...named(20_261_128, 400)],
    world,
    revocationsOf,
  );
  const differing = [...explained.values()].reduce((sum, each) => sum + each, 0);
  process.stdout.write(`${equal} equal, ${differing} differ by documented reason, ${unexplained.length} unexplained\n`);
  expect(unexplained).toEqual([]);
  expect(equal + differing).toBeGreaterThanOrEqual(2300);
  expect(passes).toBeGreaterThanOrEqual(450);
  // A reason for which there is no difference any more is none.
  expect([...explained.keys()].sort()).toEqual([...reasons].sort());
}, 300_000);

test('each reason is a heading of docs/differences.md', async () => {
  const text = await readFile(join(root, 'docs', 'differences.md'), 'utf8');
  const headings = new Set(text.split('\n').filter((line) => line.startsWith('### ')));
  expect(reasons.filter((reason) => !headings.has(`### ${reason}`))).toEqual([]);
});
