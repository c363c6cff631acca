import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineHash } from './engine-hash.ts';

// Verifications of one build must not be believed by another that could decide otherwise.

const root = join(import.meta.dirname, '..');
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'countersign-engine-'));
  await cp(join(root, 'shared'), join(copy, 'shared'), { recursive: true });
  await cp(join(root, 'package-lock.json'), join(copy, 'package-lock.json'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

async function edit(name: string, change: (text: string) => string): Promise<void> {
  const file = join(copy, name);
  const text = await readFile(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
}

test('the same sources give the same hash, wherever they lie', async () => {
  const hash = await engineHash(copy);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await engineHash(copy)).toBe(hash);
  await cp(copy, `${copy}-elsewhere`, { recursive: true });
  expect(await engineHash(`${copy}-elsewhere`)).toBe(hash);
  await rm(`${copy}-elsewhere`, { recursive: true });
});

test.each<[string, () => Promise<void>]>([
  ['a changed source', () => edit('shared/verify/verify.ts', (text) => `${text}\n`)],
  ['a new source', () => writeFile(join(copy, 'shared/verify/more.ts'), '')],
  ['a source under another name', () => cp(join(copy, 'shared/reasons.ts'), join(copy, 'shared/reason.ts'))],
  ['a bumped dependency', () => edit('package-lock.json', bumped)],
])('%s changes it', async (_, change) => {
  const before = await engineHash(copy);
  await change();
  expect(await engineHash(copy)).not.toBe(before);
});

test.each<[string, () => Promise<void>]>([
  ['what only carries bytes', () => edit('shared/aws/clients.ts', (text) => `${text}\n`)],
  ['a test', () => edit('shared/verify/verify.test.ts', (text) => `${text}\n`)],
  ['what helps tests', () => edit('shared/policy/testing/policies.ts', (text) => `${text}\n`)],
])('%s does not change it', async (_, change) => {
  const before = await engineHash(copy);
  await change();
  expect(await engineHash(copy)).toBe(before);
});

/** The next patch release of a dependency that verifies. */
function bumped(lockfile: string): string {
  return lockfile.replace(
    /("node_modules\/@sigstore\/verify": \{\s+"version": "\d+\.\d+\.)(\d+)/,
    (_, before, patch) => `${before}${Number(patch) + 1}`,
  );
}
