import { ask, refusal } from './testing/ask.ts';

// What Kyverno 1.19.1 answers.
test.each([
  ['base64_encode', 'Hello, world!', 'SGVsbG8sIHdvcmxkIQ=='],
  ['base64_encode', 'é😀', 'w6nwn5iA'],
  ['base64_encode', '', ''],
  ['base64_decode', 'SGVsbG8sIHdvcmxkIQ==', 'Hello, world!'],
  ['base64_decode', 'SGVsbG8s\r\nIHdvcmxkIQ\n==\n', 'Hello, world!'],
  ['base64_decode', 'w6nwn5iA', 'é😀'],
  ['base64_decode', 'YR==', 'a'],
  ['base64_decode', '', ''],
  ['sha256', 'alertmanager-config', '5ba76504d66c2e8bd25c0e3c293407cb176d217b429c220572b5245ae0523fb9'],
  ['sha256', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['md5', 'abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['md5', 'é', '66ddcd97cfdeabb2f6fb8a999b4bc76f'],
])('%s(%j) is %j', (name, text, expected) => {
  expect(ask(name, [text])).toBe(expected);
});

test.each(['a', 'YQ', 'YQ=', 'YQ===', 'Y=Q=', 'YQ==YQ==', '====', 'Y Q==', 'YQ-_', 'é'])('%j is no base64', (text) => {
  expect(refusal('base64_decode', [text])).toContain('takes base64 of the standard alphabet');
});

test('bytes that are no text are an error: Kyverno writes them as other characters', () => {
  expect(refusal('base64_decode', ['/w=='])).toBe('base64_decode() comes to bytes that are no text');
});

test('megabytes are refused before anything is made of them', () => {
  const untold = { now: 0, spend() {} };
  const large = 'YWFh'.repeat(4 * 1024 * 1024);
  expect(refusal('base64_decode', [large], untold)).toContain('over 1048576 characters');
  expect(refusal('base64_encode', [large], untold)).toContain('over 1048576 characters');
});
