import { printable, printableLines, quoted } from './printable.ts';

test.each<[string, string, string]>([
  ['a newline', 'web\nallowed', 'web\\nallowed'],
  ['a carriage return', 'web\r', 'web\\r'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['ESC', '\u001b[2J', '\\u001b[2J'],
  ['DEL', 'a\u007f', 'a\\u007f'],
  ['the C1 form of ESC [', '\u009b2J', '\\u009b2J'],
  ['NEL', 'a\u0085b', 'a\\u0085b'],
  ['a bidirectional override', 'a\u202eb', 'a\\u202eb'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['a paragraph separator', 'a\u2029b', 'a\\u2029b'],
  ['a zero width space', 'a\u200bb', 'a\\u200bb'],
  ['a byte order mark', '\ufeffa', '\\ufeffa'],
  ['a tag of the higher planes', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ['a lone surrogate', 'a\ud800', 'a\\ud800'],
  ['a letter that is drawn as a blank', 'ok:\u3164allowed', 'ok:\\u3164allowed'],
  ['a selector of variants', 'a\ufe0f', 'a\\ufe0f'],
])('%s is shown and does nothing', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(printable(shown)).toBe(shown);
  expect(JSON.parse(`"${shown}"`)).toBe(text);
});

test.each(['ghcr.io/acme/app:v1@sha256:00', 'Größe, 名前, 🚀', 'a\\nb', '"quoted" \'twice\' {}'])(
  '%j stays as it is',
  (text) => {
    expect(printable(text)).toBe(text);
  },
);

test('line breaks of ours stay, what stands between them is escaped', () => {
  expect(printableLines('a\u001b\nb\r\nc')).toBe('a\\u001b\nb\\r\nc');
});

test('a text in a sentence is quoted as JSON, and cut', () => {
  expect(quoted('a"\u009b', 10)).toBe('"a\\"\\u009b"');
  expect(quoted('abcdef', 3)).toBe('"abc"…');
  expect(quoted('abc', 3)).toBe('"abc"');
});

test('what nobody could read is cut before it is escaped, and what is read stays', () => {
  expect(printable('\u007f'.repeat(3_000_000))).toBe(`${'\\u007f'.repeat(8192)}…`);
  expect(printable('\u007f'.repeat(8192))).toBe('\\u007f'.repeat(8192));
  expect(printable('a\u007fb', 2)).toBe('a\\u007f…');
  expect(printableLines(`${'a'.repeat(9000)}\nb`)).toBe(`${'a'.repeat(8192)}…\nb`);
});
