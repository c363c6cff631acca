import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countersign, folderWith, root, run } from './processes.ts';

// How the command starts: on which Node, and with which compiled code.

type Folder = Awaited<ReturnType<typeof folderWith>>;

const loader = join(root, 'bin', 'compiled.js');
const bundleThatSays = (word: string) => `exports.main = () => { process.stdout.write(${JSON.stringify(word)}); };`;

/** Runs the bundle of `folder` as the packed command does. */
function runBundle(folder: Folder, env: Readonly<Record<string, string>> = {}) {
  const script = `const { loadCompiled } = require(${JSON.stringify(loader)});
    const cli = loadCompiled(${JSON.stringify(folder.file('cli.cjs'))}, 'verify');
    cli.exports.main();
    cli.keep();`;
  return run(process.execPath, ['-e', script], { env: { XDG_CACHE_HOME: folder.file('cache'), ...env } });
}

const kept = (folder: Folder) => readdir(folder.file('cache/countersign/compiled'));

test('compiled code is kept in a folder of the user’s own, once', async () => {
  await using folder = await folderWith({ 'cli.cjs': bundleThatSays('one') });
  expect(await runBundle(folder)).toEqual({ status: 0, stdout: 'one', stderr: '' });
  const [file = ''] = await kept(folder);
  expect(file).toMatch(/^verify-[0-9a-f]{64}-v[\d.]+-\w+$/);
  const path = folder.file(`cache/countersign/compiled/${file}`);
  expect((await stat(folder.file('cache/countersign/compiled'))).mode & 0o777).toBe(0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const { mtimeMs } = await stat(path);
  expect(await runBundle(folder)).toEqual({ status: 0, stdout: 'one', stderr: '' });
  expect((await stat(path)).mtimeMs).toBe(mtimeMs);
});

test('another bundle, of the same length, is run as it is written, and takes the place of what was kept', async () => {
  await using folder = await folderWith({ 'cli.cjs': bundleThatSays('one') });
  await runBundle(folder);
  const [before] = await kept(folder);
  await writeFile(folder.file('cli.cjs'), bundleThatSays('two'));
  expect(await runBundle(folder)).toMatchObject({ status: 0, stdout: 'two' });
  const after = await kept(folder);
  expect(after).toHaveLength(1);
  expect(after).not.toContain(before);
});

test('code that is damaged is not run, and made anew', async () => {
  await using folder = await folderWith({ 'cli.cjs': bundleThatSays('one') });
  await runBundle(folder);
  const [file = ''] = await kept(folder);
  const path = folder.file(`cache/countersign/compiled/${file}`);
  await writeFile(path, 'no code');
  expect(await runBundle(folder)).toEqual({ status: 0, stdout: 'one', stderr: '' });
  expect((await stat(path)).size).toBeGreaterThan(100);
});

test('a folder that others may write to is not used; nor is one that cannot be made', async () => {
  await using folder = await folderWith({ 'cli.cjs': bundleThatSays('one'), file: '' });
  const open = folder.file('cache/countersign/compiled');
  await mkdir(open, { recursive: true });
  await chmod(open, 0o777);
  expect(await runBundle(folder)).toEqual({ status: 0, stdout: 'one', stderr: '' });
  expect(await kept(folder)).toEqual([]);
  const nowhere = { XDG_CACHE_HOME: folder.file('file') };
  expect(await runBundle(folder, nowhere)).toEqual({ status: 0, stdout: 'one', stderr: '' });
});

test('a Node that is new enough starts no other process', async () => {
  const alone = `const refuse = () => { throw new Error('another process'); };
    for (const name of ['spawn', 'spawnSync', 'fork', 'exec']) require('node:child_process')[name] = refuse;`;
  await using folder = await folderWith({ 'alone.cjs': alone });
  const env = { NODE_OPTIONS: `--require ${folder.file('alone.cjs')}` };
  expect(await run(process.execPath, [countersign, '--help'], { env })).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('countersign verify'),
  });
});

test('one that is too old, and no other at hand: it says which is needed', async () => {
  await using folder = await folderWith({
    'old.cjs': "Object.defineProperty(process.versions, 'node', { value: '22.1.0' });",
  });
  const env = { NODE_OPTIONS: `--require ${folder.file('old.cjs')}` };
  // The Node of these tests is the pinned one itself: there is no other.
  expect(await run(process.execPath, [countersign, '--help'], { env })).toEqual({
    status: 2,
    stdout: '',
    stderr: "countersign needs Node 24.15 or newer and found 22.1.0: run 'npm ci' to get it\n",
  });
});
