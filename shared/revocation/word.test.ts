import { type Entry, inWords, revokedBy } from './word.ts';

const hold = 6;
const lifted = 8;
const entry = (reason: number | undefined, since = 10, invalidSince?: number): Entry => ({
  reason,
  since,
  invalidSince,
});

test.each<[string, readonly Entry[], number | undefined, boolean]>([
  ['nothing is said', [], undefined, false],
  ['without a reason', [entry(undefined)], undefined, true],
  ['for any reason that is not lifted', [entry(1)], undefined, true],
  ['a hold', [entry(hold)], undefined, true],
  ['a hold that was lifted later', [entry(hold, 10), entry(lifted, 20)], undefined, false],
  ['at the same time, as it is said', [entry(hold, 10), entry(lifted, 10)], undefined, false],
  ['a hold that was lifted, and is on again', [entry(lifted, 20), entry(hold, 30)], undefined, true],
  ['a hold that was on again before it was lifted', [entry(lifted, 30), entry(hold, 20)], undefined, false],
  ['a revocation is not lifted', [entry(1, 10), entry(lifted, 20)], undefined, true],
  ['it was good when it signed', [entry(1, 10, 50)], 49, false],
  ['it was not, just then', [entry(1, 10, 50)], 50, true],
  ['nobody says when it signed', [entry(1, 10, 50)], undefined, true],
  ['nobody says since when it was not good', [entry(1, 10)], 5, true],
  ['another entry says so of before', [entry(1, 10, 50), entry(4, 10)], 49, true],
])('%s', (_, entries, signedAt, revoked) => {
  expect(revokedBy(entries, signedAt) !== undefined).toBe(revoked);
});

test('in words', () => {
  expect(inWords(entry(1, 0))).toBe('since 1970-01-01T00:00:00.000Z (keyCompromise)');
  expect(inWords(entry(undefined, 0))).toBe('since 1970-01-01T00:00:00.000Z');
  expect(inWords(entry(99, 0))).toBe('since 1970-01-01T00:00:00.000Z');
});
