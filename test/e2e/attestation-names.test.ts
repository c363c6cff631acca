import { newKey } from '../../local/signer/signer.ts';
import {
  type AttestedImage,
  admit,
  by,
  openAttested as open,
  provenanceType,
  scanType,
  told,
  wantingAll,
} from './attested.ts';

// Conditions of one attestation that are about another one, by its name.

const scanner = newKey();

/** A scan without conditions of its own, and a provenance that is good if the scan is. */
function scanThenProvenance({ world }: AttestedImage): string {
  return wantingAll(world, [
    { name: 'scan', type: scanType, attestors: by(scanner) },
    {
      name: 'provenance',
      type: provenanceType,
      attestors: by(world.team),
      conditions: [{ all: [{ key: '{{ scan.critical }}', operator: 'LessThanOrEquals', value: '{{ allowed }}' }] }],
    },
  ]);
}

const scanned = (it: AttestedImage, number: number) => it.attest({ critical: number }, { key: scanner });
const stated = (it: AttestedImage, predicate: object) => it.attest(predicate, { type: provenanceType });
const unmet = '(condition-failed): attestations[1] "provenance": ';

test('what comes before is known by its name, though nothing else asks what it says', async () => {
  await using it = await open();
  await scanned(it, 2);
  await stated(it, { allowed: 2 });
  it.world.policies(scanThenProvenance(it));
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  it.world.registry.requests.length = 0;
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  expect(it.world.registry.count()).toBe(0);

  await using worse = await open();
  await scanned(worse, 3);
  await stated(worse, { allowed: 2 });
  worse.world.policies(scanThenProvenance(worse));
  expect(told(await admit(worse.world, worse.image))).toBe(
    `${unmet}the statement: {{ scan.critical }} is 3, wanted LessThanOrEquals 2`,
  );
});

test.each([
  [0, 3],
  [3, 0],
])('every statement of what comes before counts, whichever was attached first: %i, %i', async (first, then) => {
  await using it = await open();
  for (const number of [first, then]) await scanned(it, number);
  await stated(it, { allowed: 2 });
  it.world.policies(scanThenProvenance(it));
  for (const purpose of ['mutate', 'validate'] as const) {
    const name = purpose === 'mutate' ? it.image : `${it.image}@${it.digest}`;
    expect(told(await admit(it.world, name, purpose))).toBe(
      `${unmet}the statement: {{ scan.critical }} is 3, wanted LessThanOrEquals 2`,
    );
  }
});

test('several statements of each: all of one with all of the other', async () => {
  await using it = await open();
  for (const number of [0, 1]) await scanned(it, number);
  for (const allowed of [1, 2]) await stated(it, { allowed });
  it.world.policies(scanThenProvenance(it));
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  await scanned(it, 2);
  it.world.now += 3_600_000;
  expect(told(await admit(it.world, it.image))).toMatch(
    /^\(condition-failed\): attestations\[1\] "provenance": statement [12] of 2: \{\{ scan\.critical \}\} is 2, wanted LessThanOrEquals 1$/,
  );
});
