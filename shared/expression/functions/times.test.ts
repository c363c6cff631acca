import { jest } from '@jest/globals';
import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { ask, refusal } from './testing/ask.ts';

const now = Date.UTC(2024, 1, 29, 12, 30, 15, 999);
const at = () => createRun(now);

// What Kyverno 1.19.1 answers.
test.each<[string, readonly Json[], Json]>([
  ['time_since', ['', '2021-01-02T15:04:05-07:00', '2021-01-10T03:14:05-07:00'], '180h10m0s'],
  ['time_since', ['', '2021-01-10T00:00:00Z', '2021-01-02T00:00:00.5Z'], '-191h59m59.5s'],
  ['time_since', ['2006-01-02', '2021-01-02', '2021-01-03'], '24h0m0s'],
  ['time_since', ['', '0001-01-01T00:00:00Z', '9999-01-01T00:00:00Z'], '2562047h47m16.854775807s'],
  ['time_since', ['', '9999-01-01T00:00:00Z', '0001-01-01T00:00:00Z'], '-2562047h47m16.854775808s'],
  ['time_add', ['2021-01-02T15:04:05-07:00', '3h'], '2021-01-02T18:04:05-07:00'],
  ['time_add', ['2024-02-28T23:30:00Z', '30m'], '2024-02-29T00:00:00Z'],
  ['time_add', ['9999-12-31T23:59:59Z', '1s'], '10000-01-01T00:00:00Z'],
  ['time_add', ['2024-01-01T00:00:00Z', '-1ns'], '2023-12-31T23:59:59Z'],
  ['time_parse', ['Mon Jan _2 15:04:05 MST 2006', 'Thu Feb 29 15:04:05 GMT+3 2024'], '2024-02-29T18:04:05+03:00'],
  ['time_parse', ['Mon Jan 02 15:04:05 -0700 2006', 'Fri Jun 22 17:45:00 +0100 2018'], '2018-06-22T17:45:00+01:00'],
  ['time_parse', ['02 Jan 06 15:04 MST', '02 Jan 69 15:04 PST'], '1969-01-02T15:04:00Z'],
  ['time_parse', ['3:04PM', '12:00AM'], '0000-01-01T00:00:00Z'],
  ['time_parse', ['2006-002', '2024-060'], '2024-02-29T00:00:00Z'],
  ['time_parse', ['2006-01-02 15:04:05.000', '2024-01-01 00:00:00.123'], '2024-01-01T00:00:00Z'],
  ['time_parse', ['1', '1700000000'], '2023-11-14T22:13:20Z'],
  ['time_parse', ['-7', '-1'], '1969-12-31T23:59:59Z'],
  ['time_to_cron', ['2022-04-11T03:14:05-07:00'], '14 3 11 4 1'],
  ['time_to_cron', ['2024-02-29T23:59:59Z'], '59 23 29 2 4'],
  ['time_utc', ['2021-01-02T18:04:05-07:00'], '2021-01-03T01:04:05Z'],
  ['time_utc', ['2021-01-02T18:04:05Z'], '2021-01-02T18:04:05Z'],
  ['time_diff', ['2021-01-02T15:04:05-07:00', '2021-01-10T03:14:05-07:00'], '180h10m0s'],
  ['time_before', ['2021-01-01T00:00:00Z', '2021-01-01T00:00:00.1Z'], true],
  ['time_before', ['2021-01-01T00:00:00Z', '2021-01-01T01:00:00+01:00'], false],
  ['time_after', ['2021-01-01T00:00:00Z', '2020-12-31T23:59:59Z'], true],
  ['time_after', ['2021-01-01T00:00:00Z', '2021-01-01T00:00:00Z'], false],
  ['time_between', ['2021-01-02T00:00:00Z', '2021-01-01T00:00:00Z', '2021-01-03T00:00:00Z'], true],
  ['time_between', ['2021-01-01T00:00:00Z', '2021-01-01T00:00:00Z', '2021-01-03T00:00:00Z'], false],
  ['time_truncate', ['2021-01-02T17:04:05Z', '1h'], '2021-01-02T17:00:00Z'],
  ['time_truncate', ['2021-01-02T17:04:05+05:30', '24h'], '2021-01-02T05:30:00+05:30'],
  ['time_truncate', ['2024-02-29T12:00:00Z', '168h'], '2024-02-26T00:00:00Z'],
  ['time_truncate', ['0000-06-01T13:00:00Z', '7h'], '0000-06-01T12:00:00Z'],
  ['time_truncate', ['2021-01-02T17:04:05Z', '0'], '2021-01-02T17:04:05Z'],
  ['time_truncate', ['2021-01-02T17:04:05Z', '-1h'], '2021-01-02T17:04:05Z'],
])('%s%j is %j', (name, given, expected) => {
  expect(ask(name, given)).toEqual(expected);
});

test('now is when the expression is asked', () => {
  expect(ask('time_now', [], at())).toBe('2024-02-29T12:30:15Z');
  expect(ask('time_now_utc', [], at())).toBe('2024-02-29T12:30:15Z');
  expect(ask('time_since', ['', '2024-02-29T11:30:15Z', ''], at())).toBe('1h0m0.999s');
  expect(ask('time_since', ['2006', '2024', ''], at())).toBe('1428h30m15.999s');
});

test.each([
  ['time_utc', ['2021-01-02'], 'is no time of the layout'],
  ['time_utc', ['2021-02-29T00:00:00Z'], 'is no time of the layout'],
  ['time_utc', ['2'.repeat(513)], 'is no time of the layout'],
  ['time_utc', [1], 'takes a string'],
  ['time_since', ['2006', '', ''], 'is no time of the layout "2006"'],
  ['time_since', ['', '2021-01-02T00:00:00Z', 'now'], '"now" is no time of the layout'],
  ['time_add', ['2021-01-02T00:00:00Z', '1d'], 'takes a duration'],
  ['time_add', ['2021-01-02T00:00:00Z', ''], 'takes a duration'],
  ['time_truncate', ['2021-01-02T00:00:00Z', '1'], 'takes a duration'],
  ['time_parse', ['1', '1.5'], 'a whole number of 64 bits'],
  ['time_parse', ['1', '9223372036854775808'], 'a whole number of 64 bits'],
  ['time_parse', ['1', '9223372036854775807'], 'in no year of a calendar'],
  ['time_parse', ['', '2021'], 'is no time of the layout ""'],
  ['time_now', ['x'], '0 arguments'],
])('%s%j is an error', (name, given, problem) => {
  expect(refusal(name, given, at())).toContain(problem);
});

test('what is too long for a whole number is not looked through for one', () => {
  const looking = jest.spyOn(RegExp.prototype, 'exec');
  const zeros = '0'.repeat(511);
  expect(ask('time_parse', [`${zeros}1`, `${zeros}1`])).toBe('1970-01-01T00:00:01Z');
  expect(refusal('time_parse', ['1', `${zeros}01`])).toContain('a whole number of 64 bits');
  expect(refusal('time_parse', [`${zeros}01`, '1'])).toContain('512 characters at most, not 513');
  const lengths = looking.mock.calls.map(([text]) => text.length);
  looking.mockRestore();
  expect(Math.max(...lengths)).toBe(512);
});
