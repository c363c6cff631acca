import { newKey } from '../../local/signer/signer.ts';
import {
  type AttestedImage,
  about,
  admit,
  all,
  by,
  equals,
  openAttested as open,
  provenanceType,
  scanType,
  someOf,
  told,
} from './attested.ts';
import type { World } from './harness.ts';

// Conditions of one attestation that are about another one, by its name.

const scanner = newKey();

/** A scan without conditions of its own, and a provenance that says what a scan may have found. */
function scanThenProvenance(world: World): string {
  const most = { key: '{{ scan.critical }}', operator: 'LessThanOrEquals', value: '{{ allowed }}' };
  return about(world, {
    attestations: [
      { name: 'scan', type: scanType, attestors: by(scanner) },
      { name: 'provenance', type: provenanceType, attestors: by(world.team), conditions: [all(most)] },
    ],
  });
}

const scanned = (image: AttestedImage, critical: number) => image.attest({ critical }, { key: scanner });
const stated = (image: AttestedImage, predicate: object) => image.attest(predicate, { type: provenanceType });
const unmet = '403 (condition-failed): attestations[1] "provenance": ';

test('what comes before is known by its name, though nothing else asks what it says', async () => {
  await using it = await open();
  await scanned(it.image, 2);
  await stated(it.image, { allowed: 2 });
  it.policies(scanThenProvenance(it));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  it.registry.requests.length = 0;
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  expect(it.registry.count()).toBe(0);

  await using worse = await open();
  await scanned(worse.image, 3);
  await stated(worse.image, { allowed: 2 });
  worse.policies(scanThenProvenance(worse));
  expect(told(await admit(worse, worse.image.name))).toBe(
    `${unmet}the statement: {{ scan.critical }} is 3, wanted LessThanOrEquals 2`,
  );
});

test.each([
  [0, 3],
  [3, 0],
])('every statement of what comes before counts, whichever was attached first: %i, %i', async (first, then) => {
  await using it = await open();
  for (const number of [first, then]) await scanned(it.image, number);
  await stated(it.image, { allowed: 2 });
  it.policies(scanThenProvenance(it));
  for (const purpose of ['mutate', 'validate'] as const) {
    const name = purpose === 'mutate' ? it.image.name : it.image.pinned;
    expect(told(await admit(it, name, purpose))).toBe(
      `${unmet}the statement: {{ scan.critical }} is 3, wanted LessThanOrEquals 2`,
    );
  }
});

test('several statements of each: all of one with all of the other', async () => {
  await using it = await open();
  for (const number of [0, 1]) await scanned(it.image, number);
  for (const allowed of [1, 2]) await stated(it.image, { allowed });
  it.policies(scanThenProvenance(it));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  await scanned(it.image, 2);
  it.now += 3_600_000;
  expect(told(await admit(it, it.image.name))).toMatch(
    /provenance": statement [12] of 2: \{\{ scan\.critical \}\} is 2, wanted LessThanOrEquals 1$/,
  );
});

test('a name stands for every statement, of an attestor whose word does not count as well', async () => {
  const conditions = [all(equals('{{ ok }}', true))];
  const scan = (world: World, more: object = {}) => ({
    name: 'scan',
    type: scanType,
    attestors: someOf(1, world.team, world.stranger),
    conditions,
    ...more,
  });
  const rule = (world: World) =>
    about(world, {
      attestations: [
        scan(world),
        { name: 'provenance', type: provenanceType, conditions: [all(equals('{{ scan.critical }}', 0))] },
      ],
    });
  await using it = await open();
  await it.image.attest({ ok: false, critical: 0 }, { key: it.stranger });
  await it.image.attest({ ok: true, critical: 7 });
  await stated(it.image, {});
  it.policies(rule(it));
  expect(told(await admit(it, it.image.name))).toBe(`${unmet}the statement: {{ scan.critical }} is 7, wanted Equals 0`);

  await using better = await open();
  await better.image.attest({ ok: false, critical: 0 }, { key: better.stranger });
  await better.image.attest({ ok: true, critical: 0 });
  await stated(better.image, {});
  better.policies(rule(better));
  expect(told(await admit(better, better.image.name))).toBe('allowed');
  // And so does validate.deny.
  const deny = { conditions: { all: [{ key: '{{ scan.ok }}', operator: 'Equals', value: false }] } };
  better.policies(about(better, { attestations: [scan(better)], validate: { message: 'not ok', deny } }));
  expect(told(await admit(better, better.image.name))).toContain('403 (deny-condition): not ok');
});
