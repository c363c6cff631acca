import { brokenJson } from './broken-json.ts';

test.each<[string, string, number, string]>([
  ['a comma too many in a list', '{\n "a": [1,\n ]}', 3, '"]" cannot stand after ","'],
  ['a comma too many in an object', '{\n "a": 1,\n}', 3, '"}" cannot stand after ","'],
  ['a comma that is missing', '{\n "a": 1\n "b": 2}', 3, '"\\"b\\"" cannot stand after "1"'],
  ['a comment', '// ours\n{}', 1, '"//" cannot stand where it begins'],
  ['a comment within', '{\n "a": 1, # ours\n "b": 2}', 2, '"#" cannot stand after ","'],
  ['a byte order mark', '\ufeff{}', 1, '"\\ufeff{}" cannot stand where it begins'],
  ['single quotes', "{\n 'a': 1}", 2, `"'a':" cannot stand after "{"`],
  ['no quotes', '{\n\n a: 1}', 3, '"a:" cannot stand after "{"'],
  ['YAML', 'version: "1.0"', 1, '"version:" cannot stand where it begins'],
  ['two documents', '{}\n{}', 2, '"{" cannot stand after "}"'],
  ['no end', '{\n "a": [\n', 3, 'it ends too early'],
  ['nothing', '', 1, 'it ends too early'],
  ['a number that is none', '{"a": 1.2.3}', 1, 'a value in it is none'],
])('%s', (_, text, line, message) => {
  expect(brokenJson(text)).toEqual({ line, message: expect.stringContaining(message) });
});

test('JSON is not', () => {
  expect(brokenJson('{"a": [1, -2.5e3, "\\"\\\\", true, {"b": null}, []]}\n')).toBeUndefined();
});

test('a large text that ends too early is looked through in no time', () => {
  const text = `[${'"a",'.repeat(200_000)}`;
  expect(brokenJson(text)).toMatchObject({ line: 1 });
  expect(brokenJson(`["${'a'.repeat(1_000_000)}`)).toMatchObject({ line: 1 });
  expect(brokenJson(`["${'\\'.repeat(1_000_000)}`)).toMatchObject({ line: 1 });
});
