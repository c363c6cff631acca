import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'threats.md'), 'utf8');
const rows = page
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, id = '']) => /^[A-Z]\d+$/.test(id))
  .map(([, id = '', flaw = '', answer = '', files = '']) => ({
    id,
    flaw,
    answer,
    files: files
      .replaceAll('`', '')
      .split(', ')
      .filter((file) => file !== ''),
  }));
const tested = rows.flatMap(({ id, files }) => files.map((file) => ({ id, file })));

test('the page has every identifier once, each with a flaw and an answer', () => {
  expect(rows.length).toBe(54);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { id, flaw, answer } of rows) expect([id, flaw === '' || answer === '']).toEqual([id, false]);
});

test.each(tested)('$id is in the name of a test of $file', async ({ id, file }) => {
  const text = await readFile(join(import.meta.dirname, file), 'utf8');
  const names = [...text.matchAll(/^describe(?:\.each\(\w+\))?\(\s*'([^']*)'/gm)].map(([, name = '']) => name);
  expect(names.filter((name) => new RegExp(`\\b${id}\\b`).test(name))).not.toEqual([]);
});

test.each(rows.filter(({ files }) => files.length === 0))('$id, which has no test, says why', ({ answer }) => {
  expect(answer).toMatch(/^not (?:built|covered by signatures): /);
});
