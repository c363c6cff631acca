import { absent, freshGeneration, renewedBy, renewGeneration } from './generation.ts';
import { memoryTable } from './memory-table.ts';
import { admit, app, ask, createWorld, deadline, digestA, signatures, start } from './testing/world.ts';

const hex = digestA.slice('sha256:'.length);

describe('what a push renews', () => {
  test.each([`sha256-${hex}`, `sha256-${hex}.sig`, `sha256-${hex}.att`, `sha256-${hex}.sbom`, `sha256-${hex}-x`])(
    '%s: the digest that it names',
    (tag) => expect(renewedBy(tag, signatures)).toEqual({ repository: signatures, digest: digestA }),
  );

  test.each([
    'v1',
    'latest',
    `sha256-${hex.slice(1)}`,
    `sha256-${hex.toUpperCase()}.sig`,
    `sha512-${hex}`,
    `a-sha256-${hex}.sig`,
    `sha256_${hex}`,
    '',
    undefined,
  ])('%s: the repository', (tag) => expect(renewedBy(tag, signatures)).toEqual({ repository: signatures }));

  test('a signature tag forgets the digest that it names, and another tag the whole repository (SIG_AS_TAG)', async () => {
    for (const tag of [`sha256-${hex}.sig`, 'v2']) {
      const world = createWorld();
      const ledger = world.ledger();
      await admit(ledger);
      expect(await ask(ledger)).toBeDefined();
      const options = { clock: world.clock, signal: deadline().signal };
      await renewGeneration(world.table, renewedBy(tag, signatures), options);
      expect(await ask(ledger)).toBeUndefined();
    }
  });
});

test('a generation is another value each time, also at the same instant, and never the one that stands for none', () => {
  const values = Array.from({ length: 1000 }, () => freshGeneration({ repository: app }, () => start).body);
  expect(new Set(values).size).toBe(1000);
  expect(values).not.toContain(absent);
});

test('announcing needs no MAC key, and rejects where the table does', async () => {
  const clock = () => start;
  const table = memoryTable({ clock, maxSize: 10 });
  const options = { clock, signal: deadline().signal, random: (size: number) => Buffer.alloc(size, 1) };
  await renewGeneration(table, { repository: app, digest: digestA }, options);
  const [found] = await table.read([{ pk: `gen#registry.example/team/app@${digestA}`, sk: 'gen' }], {
    ...options,
    consistent: true,
  });
  expect(found).toEqual({
    pk: `gen#registry.example/team/app@${digestA}`,
    sk: 'gen',
    body: Buffer.alloc(16, 1).toString('base64url'),
    deleteAt: start / 1000 + 7 * 24 * 3600,
  });
  const down = { ...table, write: () => Promise.reject(new Error('down')) };
  await expect(renewGeneration(down, { repository: app }, options)).rejects.toThrow('down');
});
