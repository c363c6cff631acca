import { durationOfSeconds, durationSeconds, formatDuration, inDuration, parseDuration } from './duration.ts';

// What Go 1.26 answers.
test.each<[string, bigint, string]>([
  ['0', 0n, '0s'],
  ['-0', 0n, '0s'],
  ['0h', 0n, '0s'],
  ['168h', 604_800_000_000_000n, '168h0m0s'],
  ['1h2m3.5s', 3_723_500_000_000n, '1h2m3.5s'],
  ['3.5s2m1h', 3_723_500_000_000n, '1h2m3.5s'],
  ['+90m', 5_400_000_000_000n, '1h30m0s'],
  ['-1.5h', -5_400_000_000_000n, '-1h30m0s'],
  ['.5m', 30_000_000_000n, '30s'],
  ['1.m', 60_000_000_000n, '1m0s'],
  ['1.5ms', 1_500_000n, '1.5ms'],
  ['1us', 1000n, '1µs'],
  ['1µs', 1000n, '1µs'],
  ['1μs', 1000n, '1µs'],
  ['999ns', 999n, '999ns'],
  ['1.9ns', 1n, '1ns'],
  ['0.3333333333333333333h', 1_200_000_000_000n, '20m0s'],
  ['0.100000000000000000000h', 360_000_000_000n, '6m0s'],
  [`0.${'0'.repeat(400)}1h`, 0n, '0s'],
  [`${'0'.repeat(400)}1h`, 3_600_000_000_000n, '1h0m0s'],
  ['9223372036854775807ns', 9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
  ['-9223372036854775808ns', -9_223_372_036_854_775_808n, '-2562047h47m16.854775808s'],
])('%j is %d ns, written %j', (text, nanoseconds, written) => {
  expect(parseDuration(text)).toBe(nanoseconds);
  expect(formatDuration(nanoseconds)).toBe(written);
});

test.each([
  '',
  '-',
  '+',
  '1',
  '-1',
  '.s',
  '1d',
  '1 h',
  ' 1h',
  '1h ',
  '1H',
  '1h2',
  '1..5h',
  '--1h',
  '1h-2m',
  '9223372036854775808ns',
  '2562048h',
  '99999999999999999999h',
  '9223372036854775808ns9223372036854775808ns',
])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('seconds, and back', () => {
  expect(durationSeconds(1_500_000_001n)).toBe(1.500000001);
  expect(durationSeconds(-1_500_000_000n)).toBe(-1.5);
  expect(durationOfSeconds(1.5)).toBe(1_500_000_000n);
  expect(durationOfSeconds(-0.0000000019)).toBe(-1n);
});

test('what does not fit 64 bits is no duration', () => {
  expect(inDuration(2n ** 63n - 1n)).toBe(true);
  expect(inDuration(2n ** 63n)).toBe(false);
  expect(inDuration(-(2n ** 63n))).toBe(true);
  for (const seconds of [1e10, -1e10, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(durationOfSeconds(seconds)).toBeUndefined();
  }
});
