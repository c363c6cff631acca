import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileExpression, createRun, functionTable } from '../shared/expression/engine.ts';
import { fieldOf, type JsonObject } from '../shared/expression/value.ts';
import { loadRegExps } from '../shared/regexp.ts';

// docs/functions.md names every function, and each example comes to what stands beside it.

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'functions.md'), 'utf8');
const document: JsonObject = JSON.parse(/```json\n([^`]*)```/.exec(page)?.[1] ?? '');
const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.split(' | ').length === 4);

beforeAll(loadRegExps);

test('it has every function, and no other', () => {
  const named = rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`(\w+)\(/g)].map(([, name]) => name));
  expect(named.sort()).toEqual([...functionTable.keys(), 'map', 'max_by', 'min_by', 'sort_by'].sort());
});

const examples = rows.flatMap((row) => {
  const [, , example = '', result = ''] = row.split(' | ').map((cell) => cell.replace(/ ?\|$/, ''));
  return example === '–' ? [] : [[example.slice(1, -1), result.slice(1, -1)]];
});

test.each(examples)('%s comes to %s', (example = '', result = '') => {
  const scope = { get: (name: string) => fieldOf(document, name), names: () => Object.keys(document) };
  const value = compileExpression(example, functionTable).evaluate(
    scope,
    createRun(Date.parse('2026-11-28T12:00:00Z')),
  );
  expect(value).toEqual(JSON.parse(result));
});
