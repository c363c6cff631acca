import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRepository, type TestRepository } from './testing/repository.ts';
import { fetchTrustedRoot, type TufOptions } from './tuf.ts';

const target = Buffer.from('{"the": "root"}');
let repository: TestRepository;
let dir: string;

beforeEach(async () => {
  repository = await startRepository(target);
  dir = await mkdtemp(join(tmpdir(), 'countersign-tuf-'));
  await writeFile(join(dir, 'root.json'), repository.firstRoot);
});
afterEach(async () => {
  await repository[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const fetchRoot = (options: Partial<TufOptions> = {}) =>
  fetchTrustedRoot({
    mirror: repository.url,
    rootFile: join(dir, 'root.json'),
    cache: join(dir, 'cache'),
    retries: 0,
    ...options,
  });

test('the target as it was signed, and the next one when it is published', async () => {
  expect(await fetchRoot()).toEqual(target);
  repository.publish(Buffer.from('{"the": "next"}'));
  expect((await fetchRoot({ mirror: `${repository.url}/` })).toString()).toBe('{"the": "next"}');
});

test('what was fetched before is not fetched again', async () => {
  await fetchRoot();
  repository.requests.length = 0;
  await fetchRoot();
  expect(repository.requests).toEqual(['/2.root.json', '/timestamp.json']);
});

test('keys that the repository has changed are followed', async () => {
  repository.rotate();
  repository.rotate();
  expect(await fetchRoot()).toEqual(target);
});

test.each([
  ['signed with another key', { foreign: true }, /signed/],
  ['expired', { expires: '2020-01-01T00:00:00Z' }, /expired/],
  ['other bytes than were signed', { served: Buffer.from('{"the": "riot"}') }, /hash/i],
  ['more bytes than were signed', { served: Buffer.alloc(100) }, /length/i],
  ['without the target', { name: 'other.json' }, /trusted_root\.json not found/],
])('%s: refused, saying why', async (_, changes, why) => {
  repository.publish(Buffer.from('{"the": "next"}'), changes);
  await expect(fetchRoot()).rejects.toThrow(why);
  await expect(fetchRoot()).rejects.toThrow(`no trust root from ${repository.url}: `);
});

test('a repository that goes back to an older version is refused', async () => {
  repository.publish(target);
  await fetchRoot();
  repository.publish(target, { version: 1 });
  await expect(fetchRoot()).rejects.toThrow(/version/);
});

test('a mirror that fails is told with its status', async () => {
  repository.status = 503;
  await expect(fetchRoot()).rejects.toThrow(/\(HTTP 503\)/);
  expect(repository.requests).toHaveLength(1);
  await expect(fetchRoot({ mirror: 'http://127.0.0.1:1' })).rejects.toThrow(/fetch failed|bad port/);
});

test('a mirror other than the public one needs a root, and https beyond this machine', async () => {
  await expect(fetchRoot({ rootFile: undefined })).rejects.toThrow('needs its root.json');
  await expect(fetchRoot({ mirror: 'http://tuf.example' })).rejects.toThrow('a mirror is an https URL');
  await expect(fetchRoot({ mirror: 'tuf.example' })).rejects.toThrow('a mirror is an https URL');
  expect(repository.requests).toEqual([]);
  expect(await readdir(dir)).toEqual(['root.json']);
});

test('a root that is given counts, and not what is kept of an earlier one', async () => {
  await fetchRoot();
  await using other = await startRepository(target);
  await writeFile(join(dir, 'other.json'), other.firstRoot);
  await expect(fetchRoot({ rootFile: join(dir, 'other.json') })).rejects.toThrow(/signed/);
  expect(await fetchRoot()).toEqual(target);
});

test('a file that is no root, or is not there, is told', async () => {
  await writeFile(join(dir, 'bad.json'), '{}');
  await expect(fetchRoot({ rootFile: join(dir, 'bad.json') })).rejects.toThrow(
    'bad.json is no root.json of a TUF repository',
  );
  await expect(fetchRoot({ rootFile: join(dir, 'gone.json') })).rejects.toThrow(/ENOENT.*gone\.json/);
});
