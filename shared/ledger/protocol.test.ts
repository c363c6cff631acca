import { spending } from '../net/testing/spending.ts';
import { ownCredentials } from '../plan/credentials.ts';
import { memoryTable } from './memory-table.ts';
import type { Item, Table } from './table.ts';
import {
  admit,
  app,
  ask,
  begun,
  check,
  createWorld,
  deadline,
  digestA,
  digestB,
  signatures,
  start,
  tableWith,
} from './testing/world.ts';

describe('what is remembered', () => {
  test('a second admission has the digest and the verification from the ledger, in another instance too', async () => {
    const world = createWorld();
    expect(await admit(world.ledger())).toEqual({ pointer: undefined, verification: undefined });
    const { pointer, verification } = await admit(world.ledger());
    expect(pointer).toBe(digestA);
    expect(verification).toMatchObject({ digest: digestA, evidence: ['e1'], signers: [{ identity: 'ab12' }] });
  });

  test('other digest, other check, other build: nothing is known', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    await admit(ledger);
    expect(await ask(ledger)).toBeDefined();
    expect(await ask(ledger, digestB)).toBeUndefined();
    expect(await ask(ledger, digestA, { ...check, hash: 'other' })).toBeUndefined();
    expect(await ask(world.ledger({}, { engine: 'next build' }))).toBeUndefined();
  });

  test('a repository that the check reads, and was not guarded when it was stored, makes it a miss', async () => {
    const ledger = createWorld().ledger();
    const narrow = { ...check, repositories: [app] };
    await admit(ledger, { query: narrow });
    expect(await ask(ledger, digestA, narrow)).toBeDefined();
    expect(await ask(ledger, digestA, check)).toBeUndefined();
  });

  test("the image's own repository guards it, whether the check names it or not", async () => {
    const ledger = createWorld().ledger();
    const elsewhere = { ...check, repositories: [signatures] };
    await admit(ledger, { query: elsewhere });
    expect(await ask(ledger, digestA, elsewhere)).toBeDefined();
    await ledger.renew(app);
    expect(await ask(ledger, digestA, elsewhere)).toBeUndefined();
  });
});

describe('a change that was announced is never overlooked', () => {
  test('a repository that is asked for something before all else is guarded by its generation as of then', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    const want = { repository: app, tag: 'v1', credentials: ownCredentials, checks: [] };
    const admitting = async (between: () => Promise<void>) => {
      const session = ledger.begin(deadline());
      await session.guard([app, app]);
      await between();
      await session.point([want]);
      session.recordPointer(app, 'v1', ownCredentials, digestA);
      await session.flush();
      const next = ledger.begin(deadline());
      await next.point([want]);
      return next.pointer(app, 'v1', ownCredentials);
    };
    expect(await admitting(() => ledger.renew(app))).toBeUndefined();
    world.reads.length = 0;
    expect(await admitting(async () => undefined)).toBe(digestA);
    // The generation is read once a review.
    expect(world.reads.map(({ keys }) => keys.map(({ sk }) => sk))).toEqual([['gen'], ['pointer'], ['gen', 'pointer']]);
    world.reads.length = 0;
    await world.ledger({ enabled: false }).begin(deadline()).guard([app]);
    expect(world.reads).toEqual([]);
  });

  test('a generation is read consistently (STALE_READ)', async () => {
    const newest = memoryTable({ clock: () => start, maxSize: 100 });
    const before = new Map<string, Item>();
    const latest = new Map<string, Item>();
    // What DynamoDB may do: the value before the last write, unless the read is to be consistent.
    const table: Table = {
      read: (keys, options) =>
        options.consistent ? newest.read(keys, options) : keys.map((key) => before.get(key.pk) ?? 'absent'),
      write(items, options) {
        for (const item of items) {
          const last = latest.get(item.pk);
          if (last !== undefined) before.set(item.pk, last);
          latest.set(item.pk, item);
        }
        return newest.write(items, options);
      },
    };
    const ledger = createWorld({ table }).ledger();
    await admit(ledger);
    expect(await ask(ledger)).toBeDefined();
    await ledger.renew(app);
    expect(await ask(ledger)).toBeUndefined();
  });

  test('a generation that the table left unread is not absent (UNPROCESSED)', async () => {
    let silent: string | undefined;
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    const world = createWorld({ table: tableWith(inner, (key, found) => (key.pk === silent ? 'unprocessed' : found)) });
    const ledger = world.ledger();
    await admit(ledger);
    expect((await admit(ledger)).verification).toBeDefined();
    await ledger.renew(signatures);
    silent = 'gen#registry.example/team/signatures';
    expect((await admit(ledger)).verification).toBeUndefined();
    expect(world.counted).toContain('ledger-unprocessed');

    const verifications = () => world.written.filter((item) => item.sk.startsWith('check#')).length;
    const stored = verifications();
    await admit(ledger);
    expect(verifications()).toBe(stored);
    silent = undefined;
    await admit(ledger);
    expect(verifications()).toBe(stored + 1);
  });

  test('memory does not answer without the generations (MEM_NO_GEN)', async () => {
    const world = createWorld();
    const warm = world.ledger();
    await admit(warm);
    world.reads.length = 0;
    expect(await ask(warm)).toBeDefined();
    expect(world.reads.flatMap(({ keys }) => keys.map((key) => key.sk))).toEqual(['gen', 'gen', 'gen', 'gen']);
    await world.ledger().renew(app);
    expect(await ask(warm)).toBeUndefined();
  });

  test('work in flight is joined by those who read the same generations, and by no others (FLIGHT_NO_GEN)', async () => {
    const ledger = createWorld().ledger();
    const guards = [{ repository: signatures }, { repository: signatures, digest: digestA }];
    const slow = Promise.withResolvers<string>();
    const first = (await begun(ledger)).share('gather', guards, spending(), () => slow.promise);
    const joined = (await begun(ledger)).share('gather', guards, spending(), async () => 'not needed');
    await ledger.renew(signatures, digestA);
    const later = (await begun(ledger)).share('gather', guards, spending(), async () => 'after the change');
    expect(await later).toBe('after the change');
    slow.resolve('before the change');
    expect(await Promise.all([first, joined])).toEqual(['before the change', 'before the change']);
  });

  test('without its generations work is not shared at all', async () => {
    const ledger = createWorld().ledger();
    const guards = [{ repository: app, digest: digestB }];
    const slow = Promise.withResolvers<string>();
    const first = (await begun(ledger)).share('gather', guards, spending(), () => slow.promise);
    expect(await (await begun(ledger)).share('gather', guards, spending(), async () => 'its own')).toBe('its own');
    slow.resolve('the first');
    expect(await first).toBe('the first');
  });

  test('a pointer is a miss once its repository was renewed (POINTER_NO_GEN)', async () => {
    const ledger = createWorld().ledger();
    await admit(ledger);
    expect((await admit(ledger)).pointer).toBe(digestA);
    await ledger.renew(app);
    expect((await admit(ledger, { resolves: digestB })).pointer).toBeUndefined();
    expect((await admit(ledger)).pointer).toBe(digestB);
  });

  test('a pointer that was resolved before the event is a miss after it (POINTER_GEN_AFTER)', async () => {
    const ledger = createWorld().ledger();
    await admit(ledger, { meanwhile: { resolving: () => ledger.renew(app) } });
    expect((await admit(ledger, { resolves: digestB })).pointer).toBeUndefined();
  });

  test('no pointer is kept for a tag whose generation was not read before it was resolved', async () => {
    const world = createWorld();
    const session = await begun(world.ledger());
    session.recordPointer(app, 'v1', ownCredentials, digestA);
    await session.flush();
    expect(world.written).toEqual([]);
  });

  test('a verification whose evidence was fetched before the event is a miss after it (GEN_AFTER)', async () => {
    for (const renewed of [
      { repository: app },
      { repository: signatures },
      { repository: signatures, digest: digestA },
    ]) {
      const ledger = createWorld().ledger();
      await admit(ledger, { meanwhile: { fetching: () => ledger.renew(renewed.repository, renewed.digest) } });
      expect(await ask(ledger)).toBeUndefined();
    }
  });

  test('a generation outlives every verification that is older (GEN_LOST)', async () => {
    const world = createWorld();
    const ledger = world.ledger({ ttlMs: 24 * 3_600_000 });
    await ledger.renew(app);
    await admit(ledger);
    const life = (prefix: string) => {
      const item = world.written.find(({ pk }) => pk.startsWith(prefix));
      return (item?.deleteAt ?? 0) - start / 1000;
    };
    expect(life('gen#')).toBeGreaterThanOrEqual(7 * 24 * 3600);
    expect(life('img#')).toBe(24 * 3600);
    expect(() => world.ledger({ ttlMs: 24 * 3_600_000 + 1 })).toThrow(RangeError);
  });

  test('renewing the repository that its signatures are read from makes it a miss (SIG_NO_REPO)', async () => {
    const ledger = createWorld().ledger();
    await admit(ledger);
    await ledger.renew({ registry: 'registry.example', path: 'team/other' });
    expect(await ask(ledger)).toBeDefined();
    await ledger.renew(signatures);
    expect(await ask(ledger)).toBeUndefined();
  });

  test('renewing its digest in the repository of its signatures makes it a miss, and no other image (SIG_NO_DIGEST)', async () => {
    const ledger = createWorld().ledger();
    await admit(ledger);
    await admit(ledger, { tag: 'v2', resolves: digestB });
    await ledger.renew(signatures, digestA);
    expect(await ask(ledger)).toBeUndefined();
    expect(await ask(ledger, digestB)).toBeDefined();
  });

  test('a tag that reads like a signature has no pointer and shares no resolving: its push renews a digest only (SIG_AS_TAG)', async () => {
    const ledger = createWorld().ledger();
    const tag = digestA.replace(':', '-');
    await admit(ledger, { tag });
    expect((await admit(ledger, { tag })).pointer).toBeUndefined();

    const slow = Promise.withResolvers<string>();
    const guards = [{ repository: app, tag }];
    const first = (await begun(ledger)).share('resolve', guards, spending(), () => slow.promise);
    expect(await (await begun(ledger)).share('resolve', guards, spending(), async () => 'new')).toBe('new');
    slow.resolve('old');
    expect(await first).toBe('old');
  });
});

describe('what the table is asked', () => {
  test('by tag: two reads, without a key twice; generations first', async () => {
    const world = createWorld();
    await admit(world.ledger(), { query: { ...check, repositories: [app, app, signatures] } });
    expect(world.reads.map(({ keys }) => keys.map((key) => `${key.pk} ${key.sk.split('#')[0]}`))).toEqual([
      [
        'gen#registry.example/team/app gen',
        'tag#registry.example/team/app:v1 pointer',
        'gen#registry.example/team/signatures gen',
      ],
      [
        `gen#registry.example/team/app@${digestA} gen`,
        `gen#registry.example/team/signatures@${digestA} gen`,
        `img#registry.example/team/app@${digestA} check`,
      ],
    ]);
    expect(world.reads.every(({ options }) => options.consistent)).toBe(true);
  });

  test('by digest: one read; and the same image and check asked twice are asked once', async () => {
    const world = createWorld();
    const session = world.ledger().begin(deadline());
    const want = { repository: { ...app }, digest: digestA, credentials: ownCredentials, checks: [check] };
    await session.point([want, { ...want, checks: [{ ...check }] }]);
    await session.lookUp([want]);
    expect(world.reads.map(({ keys }) => keys.length)).toEqual([5]);
  });

  test('at most 100 keys a read', async () => {
    const world = createWorld();
    const session = world.ledger().begin(deadline());
    const tags = Array.from({ length: 250 }, (_, at) => ({
      repository: app,
      tag: `v${at}`,
      credentials: ownCredentials,
      checks: [],
    }));
    await session.point(tags);
    expect(world.reads.map(({ keys }) => keys.length)).toEqual([100, 100, 51]);
    expect(new Set(world.reads.flatMap(({ keys }) => keys.map((key) => key.pk))).size).toBe(251);
  });

  test('what another instance stored since is found, although memory holds something older', async () => {
    const world = createWorld();
    const [one, other] = [world.ledger(), world.ledger()];
    await admit(one);
    await one.renew(app);
    await admit(other);
    expect(await ask(one)).toBeDefined();
  });

  test('a table in this process answers without a promise, and asks for no signal', () => {
    const world = createWorld();
    const session = world.ledger().begin({
      get signal(): AbortSignal {
        throw new Error('a timer was made');
      },
      remaining: () => 1000,
    });
    expect(
      session.point([{ repository: app, tag: 'v1', credentials: ownCredentials, checks: [check] }]),
    ).toBeUndefined();
    session.recordPointer(app, 'v1', ownCredentials, digestA);
    expect(session.flush()).toBeUndefined();
    expect(world.written).toHaveLength(1);
  });
});
