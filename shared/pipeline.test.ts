import { cosignItem, makeImage, payloadOf } from '../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../test/fixtures/entries.ts';
import { questionOn, ruleOf } from '../test/fixtures/questions.ts';
import { makeSigner } from '../test/fixtures/signers.ts';
import { createLedger } from './ledger/create.ts';
import type { Ledger } from './ledger/ledger.ts';
import { memoryTable } from './ledger/memory-table.ts';
import { defaultLedgerSettings } from './ledger/settings.ts';
import type { Item } from './ledger/table.ts';
import { startDeadline } from './net/deadline.ts';
import { createPipeline, type Ports } from './pipeline.ts';
import { type CredentialsRef, ownCredentials } from './plan/credentials.ts';
import { everyHost } from './plan/hosts.ts';
import { trustOfPolicies } from './plan/trust-source.ts';
import type { Entry } from './policy/policy.ts';
import { Refusal } from './reasons.ts';
import { registriesAsOurselves } from './registry/create.ts';
import type { Image, Registries, Registry } from './registry/registry.ts';
import type { Verdict } from './verdict/verdict.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const clock = () => now;
const elapsed = () => 0;
const tagged = 'registry.test/team/app:1';

const signer = makeSigner();
const signed = makeImage('signed');
const moved = makeImage('moved');

/** Entries that ask the same check, each read with credentials of its own: the key is the entry's path. */
const [ours, theirs] = [entryRead('ours'), entryRead('theirs')];

function entryRead(path: string): Entry {
  return entryOf([setOf([keysOf(signer)])], { path });
}

function credentialsOf({ path }: Entry): CredentialsRef {
  return path === 'ours' ? ownCredentials : { key: path };
}

interface Seen {
  /** `what credentials`, for each request in order. */
  readonly requests: string[];
  readonly items: Item[];
}

interface World extends Seen {
  verify(entries: readonly Entry[], images?: readonly string[]): Promise<Verdict[]>;
}

/** A pipeline before registries that note with which credentials they are read. `holds`: what a source sees. */
function openWorld(holds: (key: string) => Image = () => signed, ports: Partial<Ports> = {}): World {
  const seen: Seen = { requests: [], items: [] };
  const registries: Registries = { as: ({ key }) => registryAs(key, holds, seen.requests) };
  const pipeline = createPipeline({
    registries,
    clock,
    elapsed,
    trust: { ...trustOfPolicies(), credentials: credentialsOf },
    ...ports,
  });
  const ledger = ledgerThatShows(seen.items);
  return {
    ...seen,
    verify(entries, images = [tagged]) {
      const questions = images.flatMap((image) => entries.map((entry) => questionOn(ruleOf([entry]), image)));
      const deadline = startDeadline(10_000, elapsed);
      return pipeline.answer(questions, { purpose: 'verify', deadline }, { ledger, hosts: everyHost });
    },
  };
}

function registryAs(key: string, holds: (key: string) => Image, requests: string[]): Registry {
  const read = async <T>(what: string, value: () => T): Promise<T> => {
    requests.push(`${what} ${key}`.trim());
    await Promise.resolve();
    return value();
  };
  const item = (digest: Image['digest']) => cosignItem(payloadOf(digest === signed.digest ? signed : moved), signer);
  return {
    resolve: () => read('resolve', () => holds(key)),
    image: (_, digest) => read('image', () => (digest === signed.digest ? signed : moved)),
    attached: (_, digest) => read('attached', () => ({ items: [item(digest)], unreadable: [] })),
  };
}

function ledgerThatShows(items: Item[]): Ledger {
  const table = memoryTable({ clock, maxSize: 100 });
  return createLedger({
    table: {
      read: (keys, options) => table.read(keys, options),
      write(written, options) {
        items.push(...written);
        return table.write(written, options);
      },
    },
    macKeys: [Buffer.alloc(32, 1)],
    clock,
    settings: defaultLedgerSettings,
    engine: '',
    metrics: { count: () => undefined },
  });
}

const codes = (verdicts: readonly Verdict[]) => verdicts.map(({ code }) => code);

describe('what is read with one source of credentials never answers another', () => {
  const asOurs = ['resolve', 'attached'];
  const asTheirs = ['resolve theirs', 'attached theirs'];

  test('one image in one review: two readings, two flights, two pointers and two verifications', async () => {
    const world = openWorld();
    expect(codes(await world.verify([ours, theirs]))).toEqual(['verified', 'verified']);
    expect(world.requests.toSorted()).toEqual([...asOurs, ...asTheirs].toSorted());
    const kinds = world.items.map(({ pk }) => pk.replace(/#.*/, '')).toSorted();
    expect(kinds).toEqual(['img', 'img', 'tag', 'tag']);
    expect(new Set(world.items.map(({ pk, sk }) => `${pk} ${sk}`)).size).toBe(4);
  });

  test('with one source: one reading, one pointer and one verification, whatever rules ask', async () => {
    const world = openWorld();
    expect(codes(await world.verify([ours, entryRead('ours')]))).toEqual(['verified', 'verified']);
    expect(world.requests).toEqual(asOurs);
    expect(world.items).toHaveLength(2);
  });

  test('each source has its own hits in the ledger', async () => {
    const world = openWorld();
    await world.verify([ours]);
    await world.verify([theirs]);
    expect(world.requests).toEqual([...asOurs, ...asTheirs]);
    world.requests.length = 0;
    const verdicts = await world.verify([ours, theirs]);
    expect(verdicts.map(({ code, effort }) => [code, effort.source])).toEqual([
      ['verified', 'ledger'],
      ['verified', 'ledger'],
    ]);
    expect(world.requests).toEqual([]);
  });

  test('reviews at the same time share a flight by source', async () => {
    const world = openWorld();
    await Promise.all([world.verify([ours]), world.verify([theirs]), world.verify([ours]), world.verify([theirs])]);
    expect(world.requests.toSorted()).toEqual([...asOurs, ...asTheirs].toSorted());
  });

  test('who is refused by the registry is not told what others read', async () => {
    const refusing = (key: string): Image => {
      if (key === 'theirs') throw new Refusal('image-not-readable', 'not for you');
      return signed;
    };
    const world = openWorld(refusing);
    expect(codes(await world.verify([ours]))).toEqual(['verified']);
    expect(codes(await world.verify([ours, theirs]))).toEqual(['verified', 'image-not-readable']);
    expect(codes(await world.verify([theirs]))).toEqual(['image-not-readable']);
  });

  test('a tag that names different digests by credentials is denied, since one is pinned', async () => {
    const world = openWorld((key) => (key === 'theirs' ? moved : signed));
    const verdicts = await world.verify([ours, theirs]);
    expect(codes(verdicts)).toEqual(['digest-mismatch', 'digest-mismatch']);
    expect(verdicts.some(({ pin }) => pin)).toBe(false);
    for (const { digest } of [signed, moved]) expect(verdicts[0]?.message).toContain(digest);
    expect(codes(await world.verify([ours]))).toEqual(['verified']);
    expect(codes(await world.verify([theirs]))).toEqual(['verified']);
  });

  test('and so by the entries of one rule', async () => {
    const both = [ours, theirs];
    for (const [other, code] of [
      [moved, 'digest-mismatch'],
      [signed, 'verified'],
    ] as const) {
      const registries: Registries = {
        as: ({ key }) => registryAs(key, () => (key === 'theirs' ? other : signed), []),
      };
      const trust = { ...trustOfPolicies(), credentials: credentialsOf };
      const pipeline = createPipeline({ registries, clock, elapsed, trust });
      const call = { purpose: 'verify', deadline: startDeadline(10_000, elapsed) } as const;
      const site = { ledger: ledgerThatShows([]), hosts: everyHost };
      const [verdict] = await pipeline.answer([questionOn(ruleOf(both), tagged)], call, site);
      expect(verdict).toMatchObject({ code, pin: code === 'verified' });
    }
  });

  test('an image counts once towards the bound, however many credentials it is read with', async () => {
    const world = openWorld(undefined, { reviewImages: 1 });
    expect(codes(await world.verify([ours, theirs]))).toEqual(['verified', 'verified']);
    const two = await world.verify([ours], [tagged, 'registry.test/team/app:2']);
    expect(codes(two)).toEqual(['too-many-images', 'too-many-images']);
  });

  test('credentials that the deployment does not have read nothing', async () => {
    const requests: string[] = [];
    const registries = registriesAsOurselves(registryAs('', () => signed, requests));
    const world = openWorld(undefined, { registries });
    expect(codes(await world.verify([theirs]))).toEqual(['internal-error']);
    expect(requests).toEqual([]);
    expect(codes(await world.verify([ours]))).toEqual(['verified']);
  });
});

test('keys that come later decide as keys that are known', async () => {
  const { check } = trustOfPolicies();
  const later = {
    credentials: () => ownCredentials,
    check: async (...asked: Parameters<typeof check>) => check(...asked),
  };
  const world = openWorld(undefined, { trust: later });
  const stranger = entryOf([setOf([keysOf(makeSigner())])]);
  expect(codes(await world.verify([ours, stranger]))).toEqual(['verified', 'signature-mismatch']);
  expect(world.requests.filter((request) => request === 'attached')).toHaveLength(1);
});
