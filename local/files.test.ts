import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FileError, filesBelow, readBounded, readStream } from './files.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-files-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), name);
  }
}

test('the files below a folder are sorted, links are followed, and what begins with a dot is passed over', async () => {
  await put('b.yaml', 'a/c.yaml', '..data/d.yaml', '.git/e.yaml', '.f.yaml');
  await symlink(join(root, '..data', 'd.yaml'), join(root, 'd.yaml'));
  expect(await filesBelow(root)).toEqual(['a/c.yaml', 'b.yaml', 'd.yaml'].map((name) => join(root, name)));
  expect(await filesBelow(join(root, 'b.yaml'))).toBeUndefined();
});

test('folders with a dot are entered by name, wherever they are, and nothing else of their kind', async () => {
  await put('a/.suites/b.yaml', 'a/.suites/.suites/.c.yaml', '.suites/deep/d.yaml', '.git/e.yaml', 'f/.suites');
  const found = ['.suites/deep/d.yaml', 'a/.suites/b.yaml'].map((name) => join(root, name));
  expect(await filesBelow(root, ['.suites'])).toEqual(found);
  expect(await filesBelow(root)).toEqual([]);
});

test('links that go round in circles end', async () => {
  await put('a.yaml');
  await symlink(root, join(root, 'again'));
  await expect(filesBelow(root)).rejects.toThrow(FileError);
  await expect(filesBelow(root)).rejects.toThrow('nested over 16 folders deep');
});

test('a file and a stream are read up to their bound, and not beyond it', async () => {
  await put('a.yaml');
  const file = join(root, 'a.yaml');
  expect(await readBounded(file, 6)).toBe('a.yaml');
  await expect(readBounded(file, 5)).rejects.toThrow(`${file} is larger than 5 bytes`);
  let given = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        given += 1;
        yield Buffer.alloc(1000);
      }
    })(),
  );
  await expect(readStream(endless, 'standard input', 5000)).rejects.toThrow('standard input is larger than 5000 bytes');
  expect(given).toBeLessThan(100);
  expect(await readStream(Readable.from([Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]), 'x', 2)).toBe(
    'é',
  );
});

test('what is not UTF-8 is refused with its name and line, a byte order mark is kept', async () => {
  const file = join(root, 'a.yaml');
  const lone = Buffer.concat([Buffer.from('é\n名前\n'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('\n')]);
  await writeFile(file, lone);
  const problem = 'is not UTF-8: save it as UTF-8 (the first byte that is none is in line 3)';
  await expect(readBounded(file, 100)).rejects.toMatchObject({
    name: 'FileError',
    file,
    message: `${file} ${problem}`,
  });
  await expect(readStream(Readable.from([lone]), 'standard input', 100)).rejects.toThrow(`standard input ${problem}`);
  await writeFile(file, '\ufeffé\n\ufffd');
  expect(await readBounded(file, 100)).toBe('\ufeffé\n\ufffd');
});

test.each([
  ['absent', 'absent.yaml'],
  ['a folder', ''],
])('what is %s cannot be read, and is named', async (_, name) => {
  const file = join(root, name);
  await expect(readBounded(file, 1_000_000)).rejects.toMatchObject({
    name: 'FileError',
    file,
    message: expect.stringContaining(`cannot read ${file}`),
  });
});
