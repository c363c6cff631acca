import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { folderWith } from '../test/e2e/processes.ts';
import { FileError } from './files.ts';
import { expanded } from './globs.ts';

let folder: Awaited<ReturnType<typeof folderWith>>;
beforeAll(async () => {
  folder = await folderWith({ 'a.yaml': '', 'b.json': '', 'notes.md': '', 'odd[1].yaml': '' });
  for (const name of ['deep/c.yml', 'deep/er/d.yaml', '.hidden/e.yaml']) {
    await mkdir(folder.file(name.split('/').slice(0, -1).join('/')), { recursive: true });
    await writeFile(folder.file(name), '');
  }
});
afterAll(() => folder[Symbol.asyncDispose]());

const from = async (...patterns: readonly string[]) =>
  (await expanded(patterns.map((pattern) => join(folder.path, pattern)))).map((name) => relative(folder.path, name));

test.each<[string, readonly string[]]>([
  ['*.yaml', ['a.yaml', 'odd[1].yaml']],
  ['[ab].*', ['a.yaml', 'b.json']],
  ['**/*.{yml,yaml}', ['a.yaml', 'deep/c.yml', 'deep/er/d.yaml', 'odd[1].yaml']],
  ['*', ['a.yaml', 'b.json', 'deep', 'odd[1].yaml']],
  ['d?ep/**', ['deep']],
])('%s', async (pattern, names) => {
  expect(await from(pattern)).toEqual(names);
});

test('a name that is there is meant as it is, and one that is none of a pattern is left to whoever reads it', async () => {
  expect(await from('odd[1].yaml', 'absent.yaml', 'a.yaml', '*.json')).toEqual([
    'odd[1].yaml',
    'absent.yaml',
    'a.yaml',
    'b.json',
  ]);
  expect(await expanded(['-'])).toEqual(['-']);
});

test('what is named twice is read once', async () => {
  expect(await from('a.yaml', '*.yaml')).toEqual(['a.yaml', 'odd[1].yaml']);
});

test.each(['*.toml', 'absent/*', 'notes.*'])('%s matches nothing: an error', async (pattern) => {
  await expect(from(pattern)).rejects.toThrow(FileError);
});
