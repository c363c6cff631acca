import { decodeBase64 } from './base64.ts';

test.each(['AAAA', 'AAA=', 'AA==', 'AAAAAA==', 'ab+/'])('%s is base64', (text) => {
  expect(decodeBase64(text, 'it').toString('base64')).toBe(text);
});

test('16 MiB of it are', () => {
  const text = 'QUJD'.repeat(4 * 1024 * 1024);
  expect(decodeBase64(text, 'it').length).toBe(12 * 1024 * 1024);
  expect(() => decodeBase64(`${text}*AAA`, 'it')).toThrow('it is not base64');
});

test.each([
  '',
  'A',
  'AA',
  'AAA',
  'AAAAA',
  'AB==',
  'AAB=',
  'A===',
  '====',
  'AA==AAAA',
  'AA\n=',
  'AA*A',
  '__-_',
  'AAA\n',
  7,
  null,
])('%j is none', (text) => {
  expect(() => decodeBase64(text, 'it')).toThrow('it is not base64');
});
