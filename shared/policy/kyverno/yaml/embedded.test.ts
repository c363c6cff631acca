import { readEmbedded } from './embedded.ts';

const bounds = { maxBytes: 1000, maxDepth: 8, maxNodes: 100 };

test('the documents of a text as JSON has them, but for large integers', () => {
  expect(readEmbedded('a: on\n---\n- 9007199254740993\n---\n', bounds)).toEqual({
    values: [{ a: true }, [9007199254740993n]],
  });
  expect(readEmbedded('', bounds)).toEqual({ values: [] });
});

test.each([
  ['a: [', 'line 1: not readable as YAML'],
  ['a: 1\na: 2', "line 2: 'a' is in this mapping twice"],
  ['a'.repeat(1001), 'larger than 1000 bytes'],
  ['- '.repeat(20), 'nested deeper than 8 levels'],
  [`[${'1,'.repeat(200)}]`, 'more than 100 values'],
  ['a: {{ x }}', 'YAML that holds templates is none yet'],
])('%.20j is not read, and why', (text, problem) => {
  expect(readEmbedded(text, bounds)).toEqual({ problem: expect.stringContaining(problem) });
});
