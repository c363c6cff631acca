import { createHash } from 'node:crypto';
import { asRecorded, carriedBytes, carriedRoot } from './carried.ts';
import { ageInDays, ageWarning, defaultOldDays, rootsOnce, unreadWarnings } from './found.ts';
import { carriedRecord } from './record.ts';

const dayMs = 24 * 3_600_000;

test('what is carried is what is recorded', () => {
  expect(createHash('sha256').update(carriedBytes()).digest('hex')).toBe(carriedRecord.sha256);
});

test('another one is refused, saying what to do', () => {
  const changed = Buffer.concat([carriedBytes(), Buffer.from(' ')]);
  expect(() => asRecorded(changed)).toThrow(/is recorded: look at what has changed.*shared\/trust-roots\/record\.ts/);
});

test('all of it is read: authorities, logs of both kinds, a time-stamp authority', async () => {
  const found = await carriedRoot();
  expect(unreadWarnings(found)).toEqual([]);
  expect(found.root).toMatchObject({ hash: carriedRecord.sha256 });
  expect(found.root.authorities).toHaveLength(2);
  expect(found.root.certificateLogs).toHaveLength(2);
  expect(found.root.timestampAuthorities).toHaveLength(1);
  expect(found.root.transparencyLogs.map(({ baseUrl }) => baseUrl)).toEqual([
    'https://rekor.sigstore.dev',
    'https://log2025-1.rekor.sigstore.dev',
  ]);
});

test('its age is counted from the day that is recorded, and told after 90 days', async () => {
  const found = await carriedRoot();
  const day = Date.parse(carriedRecord.date);
  expect(found.date).toBe(day);
  expect(ageInDays(found, day + 90.5 * dayMs)).toBe(90);
  // A clock that stands before the day says nothing of age.
  expect(ageInDays(found, day - dayMs)).toBe(0);
  expect(ageWarning(found, day + 90 * dayMs, defaultOldDays)).toBeUndefined();
  expect(ageWarning(found, day + 91 * dayMs, defaultOldDays)).toMatch(/^the carried trust root is 91 days old/);
  expect(ageWarning({ ...found, date: undefined }, day + 1000 * dayMs, 90)).toBeUndefined();
});

test('a root is loaded when it is asked for, once, and again after a failure', async () => {
  const { root } = await carriedRoot();
  let loads = 0;
  const roots = rootsOnce(async () => {
    loads += 1;
    if (loads === 1) throw new Error('not now');
    return root;
  });
  expect(loads).toBe(0);
  await expect(roots()).rejects.toThrow('not now');
  expect(await Promise.all([roots(), roots()])).toEqual([root, root]);
  expect(roots()).toBe(root);
  expect(loads).toBe(2);
});
