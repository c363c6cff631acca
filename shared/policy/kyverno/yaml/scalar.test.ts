import { plainKey, resolvePlain } from './scalar.ts';
import { plainKeys, plainScalars } from './testing/scalars.ts';

test('the table is long enough, and no text is in it twice', () => {
  expect(plainScalars.length).toBeGreaterThanOrEqual(100);
  expect(new Set(plainScalars.map(([text]) => text)).size).toBe(plainScalars.length);
});

test.each(plainScalars)('%j without quotes is %p', (text, meaning) => {
  expect(resolvePlain(text)).toBe(meaning);
});

test.each(plainKeys)('%j as a key is %j', (text, name) => {
  expect(plainKey(text)).toBe(name);
});

test.each(['', '~', 'null', '.inf', '.nan', '1e6', '1234567.5', '0.00001', '1.2345678', '0.0', '18446744073709551615'])(
  '%j is no key: Kubernetes refuses it, or prints it as nobody expects',
  (text) => {
    expect(plainKey(text)).toBeUndefined();
  },
);

test('a megabyte of digits takes no time to speak of', () => {
  const digits = '1'.repeat(1024 * 1024);
  for (const text of [
    digits,
    `0x${digits}`,
    `0b${digits}`,
    `0${digits}`,
    `1.${digits}`,
    `${digits}x`,
    '_'.repeat(digits.length),
  ]) {
    const started = performance.now();
    resolvePlain(text);
    expect(performance.now() - started).toBeLessThan(1000);
  }
});
