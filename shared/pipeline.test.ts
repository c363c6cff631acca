import { cosignItem, makeImage, payloadOf } from '../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../test/fixtures/entries.ts';
import { questionOn, ruleOf } from '../test/fixtures/questions.ts';
import { makeSigner } from '../test/fixtures/signers.ts';
import type { Digest } from './image/digest.ts';
import { createLedger } from './ledger/create.ts';
import type { Ledger } from './ledger/ledger.ts';
import { memoryTable } from './ledger/memory-table.ts';
import { defaultLedgerSettings } from './ledger/settings.ts';
import type { Item } from './ledger/table.ts';
import { startDeadline } from './net/deadline.ts';
import { createPipeline, type Ports } from './pipeline.ts';
import { type CredentialsRef, ownCredentials } from './plan/credentials.ts';
import { everyHost, type Hosts } from './plan/hosts.ts';
import type { Purpose } from './plan/plan.ts';
import { trustOfPolicies } from './plan/trust-source.ts';
import type { Entry, Rule } from './policy/policy.ts';
import { Refusal } from './reasons.ts';
import { registriesAsOurselves } from './registry/create.ts';
import type { Allowance, Attached, Image, Registries, Registry } from './registry/registry.ts';
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

interface World {
  /** `what credentials`, for each request in order. */
  readonly requests: string[];
  /** What the ledger has written. */
  readonly items: Item[];
  /** The verdicts of rules on each image. */
  answer(rules: readonly Rule[], images?: readonly string[], purpose?: Purpose): Promise<Verdict[]>;
  /** The same of a rule for each entry. */
  verify(entries: readonly Entry[], images?: readonly string[]): Promise<Verdict[]>;
}

/** What a registry shows to a source of credentials. */
interface Shown {
  /** What every tag names. */
  readonly image: Image;
  /** Whether signatures are attached to what it is asked for. */
  readonly signatures: boolean;
}

const signedImage: Shown = { image: signed, signatures: true };

/** A pipeline before registries that note with which credentials they are read. */
function openWorld(
  shows: (key: string) => Shown = () => signedImage,
  ports: Partial<Ports> = {},
  hosts: Hosts = everyHost,
): World {
  const requests: string[] = [];
  const items: Item[] = [];
  const registries: Registries = { as: ({ key }) => registryAs(key, shows, requests) };
  const trust = { ...trustOfPolicies(), credentials: credentialsOf };
  const pipeline = createPipeline({ registries, clock, elapsed, trust, ...ports });
  const ledger = ledgerThatShows(items);
  const answer: World['answer'] = (rules, images = [tagged], purpose = 'verify') => {
    const questions = images.flatMap((image) => rules.map((rule) => questionOn(rule, image)));
    const deadline = startDeadline(10_000, elapsed);
    return pipeline.answer(questions, { purpose, deadline }, { ledger, hosts });
  };
  const verify: World['verify'] = (entries, images) =>
    answer(
      entries.map((entry) => ruleOf([entry])),
      images,
    );
  return { requests, items, answer, verify };
}

function registryAs(key: string, shows: (key: string) => Shown, requests: string[]): Registry {
  const read = async <T>(what: string, { sent }: Allowance, value: () => T): Promise<T> => {
    requests.push(`${what} ${key}`.trim());
    sent();
    await Promise.resolve();
    return value();
  };
  const imageOf = (digest: Digest) => (digest === signed.digest ? signed : moved);
  const attachedTo = (digest: Digest): Attached => {
    const items = shows(key).signatures ? [cosignItem(payloadOf(imageOf(digest)), signer)] : [];
    return { items, unreadable: [], unreadableAttestations: [], unread: [] };
  };
  return {
    resolve: (_place, _tag, allowance) => read('resolve', allowance, () => shows(key).image),
    image: (_, digest, allowance) => read('image', allowance, () => imageOf(digest)),
    listed: (_, { digest }, allowance) => read('listed', allowance, () => imageOf(digest)),
    config: (_place, _config, allowance) => read('config', allowance, () => Buffer.from('{}')),
    attached: (_, digest, allowance) => read('attached', allowance, () => attachedTo(digest)),
    attested: (_, _digest, allowance) => read('attested', allowance, () => []),
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

const reasonsOf = (verdicts: readonly Verdict[]) => verdicts.map(({ reason }) => reason);

describe('what is read with one source of credentials never answers another', () => {
  const asOurs = ['resolve', 'attached'];
  const asTheirs = ['resolve theirs', 'attached theirs'];

  test('one image in one review: two readings, two flights, two pointers and two verifications', async () => {
    const world = openWorld();
    expect(reasonsOf(await world.verify([ours, theirs]))).toEqual(['verified', 'verified']);
    expect(world.requests.toSorted()).toEqual([...asOurs, ...asTheirs].toSorted());
    const kinds = world.items.map(({ pk }) => pk.replace(/#.*/, '')).toSorted();
    expect(kinds).toEqual(['img', 'img', 'tag', 'tag']);
    expect(new Set(world.items.map(({ pk, sk }) => `${pk} ${sk}`)).size).toBe(4);
  });

  test('with one source: one reading, one pointer and one verification, whatever rules ask', async () => {
    const world = openWorld();
    expect(reasonsOf(await world.verify([ours, entryRead('ours')]))).toEqual(['verified', 'verified']);
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
    expect(verdicts.map(({ reason, effort }) => [reason, effort.source])).toEqual([
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
    const world = openWorld((key) => {
      if (key === 'theirs') throw new Refusal('image-not-readable', 'not for you');
      return signedImage;
    });
    expect(reasonsOf(await world.verify([ours]))).toEqual(['verified']);
    expect(reasonsOf(await world.verify([ours, theirs]))).toEqual(['verified', 'image-not-readable']);
    expect(reasonsOf(await world.verify([theirs]))).toEqual(['image-not-readable']);
  });

  test('a tag that names different digests by credentials is denied, since one is pinned', async () => {
    const world = openWorld((key) => (key === 'theirs' ? { ...signedImage, image: moved } : signedImage));
    const verdicts = await world.verify([ours, theirs]);
    expect(reasonsOf(verdicts)).toEqual(['digest-mismatch', 'digest-mismatch']);
    expect(verdicts.some(({ pin }) => pin)).toBe(false);
    for (const { digest } of [signed, moved]) expect(verdicts[0]?.message).toContain(digest);
    expect(reasonsOf(await world.verify([ours]))).toEqual(['verified']);
    expect(reasonsOf(await world.verify([theirs]))).toEqual(['verified']);
  });

  test('and so by the entries of one rule', async () => {
    const rule = ruleOf([ours, theirs]);
    const differing = openWorld((key) => (key === 'theirs' ? { ...signedImage, image: moved } : signedImage));
    expect(await differing.answer([rule])).toMatchObject([{ reason: 'digest-mismatch', pin: false }]);
    const agreeing = openWorld();
    expect(await agreeing.answer([rule])).toMatchObject([{ reason: 'verified', pin: true, digest: signed.digest }]);
  });

  test('by digest, at the same time, who sees no signature is denied and who sees one is not', async () => {
    const world = openWorld((key) => ({ image: signed, signatures: key === '' }));
    const pinned = [`registry.test/team/app@${signed.digest}`];
    expect(reasonsOf(await world.verify([ours, theirs], pinned))).toEqual(['verified', 'no-signature']);
    // Who sees no signature is told whether there are attestations instead.
    expect(world.requests.toSorted()).toEqual([
      'attached',
      'attached theirs',
      'attested theirs',
      'image',
      'image theirs',
    ]);
    const others = openWorld((key) => ({ image: signed, signatures: key === 'theirs' }));
    const verdicts = await Promise.all([others.verify([ours], pinned), others.verify([theirs], pinned)]);
    expect(verdicts.map(reasonsOf)).toEqual([['no-signature'], ['verified']]);
  });

  test('an image counts once towards the bound, however many credentials it is read with', async () => {
    const world = openWorld(undefined, { reviewImages: 1 });
    expect(reasonsOf(await world.verify([ours, theirs]))).toEqual(['verified', 'verified']);
    const two = await world.verify([ours], [tagged, 'registry.test/team/app:2']);
    expect(reasonsOf(two)).toEqual(['too-many-images', 'too-many-images']);
  });

  test('credentials that the deployment does not have read nothing', async () => {
    const requests: string[] = [];
    const registries = registriesAsOurselves(registryAs('', () => signedImage, requests));
    const world = openWorld(undefined, { registries });
    expect(reasonsOf(await world.verify([theirs]))).toEqual(['internal-error']);
    expect(requests).toEqual([]);
    expect(reasonsOf(await world.verify([ours]))).toEqual(['verified']);
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
  expect(reasonsOf(await world.verify([ours, stranger]))).toEqual(['verified', 'signature-mismatch']);
  expect(world.requests.filter((request) => request === 'attached')).toHaveLength(1);
});

describe('what a verdict says of its image', () => {
  test('what reading it took, once for each source of credentials and not for each entry', async () => {
    const [once] = await openWorld().answer([ruleOf([ours, entryRead('ours')])]);
    expect(once?.effort).toMatchObject({ requests: 2, source: 'registry' });
    const [twice] = await openWorld().answer([ruleOf([ours, theirs, entryRead('ours')])]);
    expect(twice?.effort).toMatchObject({ requests: 4, source: 'registry' });
  });

  test('its digest, where another rule asked for it', async () => {
    const pinning = ruleOf([entryOf([], { mutateDigest: true, verifyDigest: false, required: false, path: 'ours' })]);
    const refusing = ruleOf([entryOf([], { mutateDigest: false })]);
    const world = openWorld();
    const verdicts = await world.answer([refusing, pinning]);
    expect(verdicts.map(({ reason, digest }) => [reason, digest])).toEqual([
      ['no-attestors', signed.digest],
      ['digest-resolved', signed.digest],
    ]);
    const [alone] = await world.answer([refusing]);
    expect(alone).toMatchObject({ reason: 'no-attestors', digest: undefined, effort: { source: 'none' } });
  });
});

test('whatever fails at a registry that nobody named, or under another name of a named one, denies, a defect of ours as well; at a named one it is a failure of ours', async () => {
  const broken = () => {
    throw new TypeError('Invalid URL');
  };
  const [none, one] = [new Set<string>(), new Set(['registry.test'])];
  const unnamed = { named: none, asked: none, written: none, others: () => true, said: false } as const;
  const alias = { ...unnamed, named: one, asked: one };
  const named = { ...alias, written: alias.named };
  for (const image of [tagged, `registry.test/team/app@${signed.digest}`]) {
    for (const hosts of [unnamed, alias]) {
      const [verdict] = await openWorld(broken, {}, hosts).verify([ours], [image]);
      expect(verdict).toMatchObject({ reason: 'registry-not-named' });
      expect(verdict?.message).toContain('(internal-error)');
    }
    expect(reasonsOf(await openWorld(broken, {}, named).verify([ours], [image]))).toEqual(['internal-error']);
  }
  expect(reasonsOf(await openWorld(undefined, {}, unnamed).verify([ours]))).toEqual(['verified']);
  const ofOthers = { ...unnamed, named: one, others: () => false } as const;
  expect(reasonsOf(await openWorld(undefined, {}, ofOthers).verify([ours]))).toEqual(['host-refused']);
  expect(reasonsOf(await openWorld(undefined, {}, { ...ofOthers, asked: one }).verify([ours]))).toEqual(['verified']);
  expect(reasonsOf(await openWorld(undefined, {}, alias).verify([ours]))).toEqual(['verified']);
});
