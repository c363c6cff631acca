import { createHmac } from 'node:crypto';
import { ownCredentials } from '../plan/credentials.ts';
import { memoryTable } from './memory-table.ts';
import { lengthPrefixed } from './seal.ts';
import type { Item, Key, StoredItem, Table } from './table.ts';
import {
  admit,
  app,
  ask,
  check,
  createWorld,
  deadline,
  digestA,
  digestB,
  macKey,
  start,
  tableWith,
  textOf,
} from './testing/world.ts';
import type { KeptStatement, Verification } from './verification.ts';

type Spoil = (item: StoredItem & Key) => StoredItem;

/** What a fresh instance knows of an image that was admitted before, with the items of one kind as `spoil` makes them. */
async function afterSpoiling(kind: 'tag#' | 'img#' | 'gen#', spoil: Spoil) {
  let spoiling = false;
  const inner = memoryTable({ clock: () => start, maxSize: 100 });
  const table = tableWith(inner, (key, found) =>
    spoiling && key.pk.startsWith(kind) && typeof found !== 'string' ? spoil({ ...found, ...key }) : found,
  );
  const world = createWorld({ table });
  await world.ledger().renew(app);
  await admit(world.ledger());
  expect(await admit(world.ledger())).toMatchObject({ pointer: digestA, verification: { digest: digestA } });
  world.counted.length = 0;
  spoiling = true;
  const known = await admit(world.ledger());
  return { ...known, counted: world.counted, written: world.written };
}

const keyOf = (spoiled: StoredItem, change: Record<string, unknown>): StoredItem => ({ ...spoiled, ...change });

describe.each([
  ['tag#', 'pointer'],
  ['img#', 'verification'],
] as const)('an item %s that is not as we wrote it is a miss, and counted', (kind, name) => {
  async function expectRefused(spoil: Spoil, reason: string) {
    const { counted, pointer, verification } = await afterSpoiling(kind, spoil);
    expect(kind === 'tag#' ? pointer : verification).toBeUndefined();
    expect(counted).toContain(`ledger-item-refused item=${name} reason=${reason}`);
  }

  test('as we wrote it: a hit, and nothing counted', async () => {
    const { counted, pointer, verification } = await afterSpoiling(kind, (item) => item);
    expect(kind === 'tag#' ? pointer : verification).toBeDefined();
    expect(counted).toEqual([]);
  });

  test('another MAC', () => expectRefused((item) => keyOf(item, { mac: `2.${'A'.repeat(43)}` }), 'mac'));
  test('a MAC cut short', () => expectRefused((item) => keyOf(item, { mac: String(item.mac).slice(0, 20) }), 'mac'));
  test('no MAC', () => expectRefused((item) => keyOf(item, { mac: undefined }), 'mac'));
  test('another version', () =>
    expectRefused((item) => keyOf(item, { mac: String(item.mac).replace('2.', '1.') }), 'version'));
  test('another digest in the body', () =>
    expectRefused((item) => keyOf(item, { body: String(item.body).replaceAll(digestA, digestB) }), 'mac'));
  test('a body cut short', () => expectRefused((item) => keyOf(item, { body: String(item.body).slice(0, -1) }), 'mac'));
  test('a body that is no text', () => expectRefused((item) => keyOf(item, { body: 7 }), 'malformed'));
  test('another end of its life outside', () =>
    expectRefused((item) => keyOf(item, { expiresAt: start + 1e9 }), 'malformed'));
  test.each(['{', '[]', '{"digest":"sha256:00"}'])('our own MAC over a body that does not parse: %s', (body) =>
    expectRefused(({ pk, sk }) => {
      const input = ['2', pk, sk, body].map(lengthPrefixed).join('');
      return { body, mac: `2.${createHmac('sha256', macKey).update(input).digest('base64url')}` };
    }, 'malformed'),
  );
});

test('an item copied to another key is a miss', async () => {
  const world = createWorld();
  await admit(world.ledger());
  const find = (prefix: string): Item => {
    const item = world.written.find(({ pk }) => pk.startsWith(prefix));
    if (item === undefined) throw new Error(`no item ${prefix}`);
    return item;
  };
  const [image, pointer] = [find('img#'), find('tag#')];
  const { signal } = deadline();
  // An unsigned image takes a signed one's verification, a check another check's, a tag another tag's pointer.
  await world.table.write(
    [
      { ...image, pk: image.pk.replace(digestA, digestB) },
      { ...image, sk: `check#${'0'.repeat(64)}` },
      { ...pointer, pk: pointer.pk.replace(':v1', ':v2') },
    ],
    { signal },
  );
  expect(await ask(world.ledger())).toBeDefined();
  expect(await ask(world.ledger(), digestB)).toBeUndefined();
  expect((await admit(world.ledger(), { tag: 'v2' })).pointer).toBeUndefined();
  expect(world.counted).toEqual([
    'ledger-item-refused item=verification reason=mac',
    'ledger-item-refused item=pointer reason=mac',
  ]);
});

test('a damaged generation is unknown: nothing is a hit under it, and nothing is stored', async () => {
  for (const body of [undefined, '', 7, 'x'.repeat(101)]) {
    const found = await afterSpoiling('gen#', (item) => keyOf(item, { body }));
    expect([found.pointer, found.verification]).toEqual([undefined, undefined]);
    expect(found.counted).toContain('ledger-item-refused item=generation reason=malformed');
    expect(found.written.filter(({ pk }) => pk.startsWith('img#'))).toHaveLength(1);
  }
});

test('a key being replaced: items of the old one are good while it is the second, and no longer', async () => {
  const world = createWorld();
  const next = Buffer.alloc(32, 8);
  await admit(world.ledger({}, { macKeys: [macKey] }));
  expect(await ask(world.ledger({}, { macKeys: [next, macKey] }))).toBeDefined();
  expect(await ask(world.ledger({}, { macKeys: [next] }))).toBeUndefined();
  expect(() => world.ledger({}, { macKeys: [next, macKey, next] })).toThrow(RangeError);
  expect(() => world.ledger({}, { macKeys: [] })).toThrow(RangeError);
  expect(() => world.ledger({}, { macKeys: [Buffer.alloc(31)] })).toThrow(RangeError);
});

describe('everything that a verification holds comes back', () => {
  const found = {
    digest: digestA,
    signers: [
      { attestor: 'attestors[0].entries[1].attestor.entries[0]', kind: 'key' as const, identity: 'f00d' },
      { attestor: 'attestors[1].entries[0]', kind: 'identity' as const, identity: 'a@b.example', issuer: 'https://i' },
    ],
    evidence: ['e1', 'e2'],
    verifiedAt: start - 0.5,
    validUntil: start + 100_000,
  };
  const statement = (more: Partial<KeptStatement> = {}): KeptStatement => ({
    predicate: 'ab'.repeat(32),
    by: [{ attestor: 'attestors[0].entries[0]', marks: ['sha256:f00d', '["a@b.example","issuer","https://i"]'] }],
    ...more,
  });
  const testimony = { attestor: 'attestors[0]', marks: ['m'] };

  async function kept(verification: Verification) {
    const world = createWorld();
    await admit(world.ledger(), { found: verification });
    return { known: await ask(world.ledger()), world };
  }

  test('who signed, and who says that it is they; by what, and until when', async () => {
    const { known, world } = await kept(found);
    expect(known).toEqual(found);
    const item = world.written.find(({ pk }) => pk.startsWith('img#'));
    expect(JSON.parse(textOf(item))).toMatchObject({ askedBy: { policy: 'signed', rule: 'by-team' } });
  });

  test.each([
    ['none, of a check that asks for an attestation', []],
    ['as many as may be', Array.from({ length: 50 }, () => statement())],
    ['one by as many signers as may be', [statement({ by: Array.from({ length: 64 }, () => testimony) })]],
    ['one by a signer with many names', [statement({ by: [{ ...testimony, marks: Array(16).fill('m') }] })]],
    ['one by nobody', [statement({ by: [] })]],
  ])('statements: %s', async (_, statements) => {
    const { known, world } = await kept({ ...found, statements });
    expect(known).toEqual({ ...found, statements });
    expect(world.counted).toEqual([]);
  });

  test.each([
    ['too many', Array.from({ length: 51 }, () => statement())],
    ['one by too many signers', [statement({ by: Array.from({ length: 65 }, () => testimony) })]],
    ['one by a signer with too many names', [statement({ by: [{ ...testimony, marks: Array(17).fill('m') }] })]],
    ['a name that is too long', [statement({ by: [{ ...testimony, marks: ['m'.repeat(4001)] }] })]],
    ['a path that is too long', [statement({ by: [{ ...testimony, attestor: 'a'.repeat(1001) }] })]],
    ['more text than an item holds', [statement({ by: Array(30).fill({ ...testimony, marks: ['m'.repeat(4000)] }) })]],
    ['a hash that is none', [statement({ predicate: 'AB'.repeat(32) })]],
  ])('statements that are not kept, and counted: %s', async (_, statements) => {
    const { known, world } = await kept({ ...found, statements });
    expect(known).toBeUndefined();
    expect(world.counted).toEqual(['ledger-item-refused item=verification reason=too-large']);
  });

  test('nothing else is kept of it', async () => {
    const more = { note: 'of nobody', statements: [{ ...statement(), text: 'a predicate' }] };
    const { known } = await kept({ ...found, ...more });
    expect(known).toEqual({ ...found, statements: [statement()] });
  });
});

test('a verification of another digest is not stored under this one', async () => {
  const world = createWorld();
  const ledger = world.ledger();
  const session = ledger.begin(deadline());
  await session.point([{ repository: app, digest: digestB, credentials: ownCredentials, checks: [check] }]);
  const { signers, evidence, verifiedAt } = { signers: [], evidence: [], verifiedAt: start };
  session.recordVerification(
    app,
    digestB,
    check,
    { digest: digestA, signers, evidence, verifiedAt },
    { policy: 'p', rule: 'r' },
  );
  await session.flush();
  expect(await ask(ledger, digestB)).toBeUndefined();
});

describe('a table that is down', () => {
  const broken = new Error('no table');
  const rejecting: Partial<Table> = { read: () => Promise.reject(broken), write: () => Promise.reject(broken) };
  const throwing: Partial<Table> = {
    read() {
      throw broken;
    },
    write() {
      throw broken;
    },
  };
  const silent: Partial<Table> = {
    read: () => new Promise(() => undefined),
    write: () => new Promise(() => undefined),
  };

  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
    ['is silent', silent],
  ])('%s: a miss for memory too, counted, and no one fails', async (_, failing) => {
    let down = false;
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    const pick = () => (down ? { ...inner, ...failing } : inner);
    const world = createWorld({
      table: {
        read: (keys, options) => pick().read(keys, options),
        write: (items, options) => pick().write(items, options),
      },
    });
    const ledger = world.ledger();
    await admit(ledger);
    expect((await admit(ledger)).verification).toBeDefined();
    down = true;
    const hurried = ledger.begin(deadline(40));
    await hurried.point([{ repository: app, tag: 'v1', credentials: ownCredentials, checks: [check] }]);
    expect(hurried.pointer(app, 'v1', ownCredentials)).toBeUndefined();
    await hurried.lookUp([{ repository: app, digest: digestA, credentials: ownCredentials, checks: [check] }]);
    expect(hurried.verification(app, digestA, check)).toBeUndefined();
    expect(world.counted).toEqual(['ledger-read-failed', 'ledger-read-failed']);
    down = false;
    expect((await admit(ledger)).verification).toBeDefined();
  });

  test('a renewal that was not written rejects, so that the event is handled again', async () => {
    for (const failing of [rejecting, throwing]) {
      const inner = memoryTable({ clock: () => start, maxSize: 100 });
      await expect(
        createWorld({ table: { ...inner, ...failing } })
          .ledger()
          .renew(app),
      ).rejects.toBe(broken);
    }
  });

  test('a write that fails, or takes over 150 ms, is counted', async () => {
    for (const failing of [rejecting, throwing, silent]) {
      const inner = memoryTable({ clock: () => start, maxSize: 100 });
      const world = createWorld({ table: { ...inner, ...failing, read: inner.read } });
      await admit(world.ledger());
      expect(world.counted).toEqual(['ledger-write-failed']);
    }
  });
});
