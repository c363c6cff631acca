import { parseReference } from '../image/reference.ts';
import { createLedger } from '../ledger/create.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { memoryTable } from '../ledger/memory-table.ts';
import { defaultLedgerSettings } from '../ledger/settings.ts';
import { startDeadline } from '../net/deadline.ts';
import { ownCredentials } from '../plan/credentials.ts';
import { everyHost, type Hosts } from '../plan/hosts.ts';
import { Refusal } from '../reasons.ts';
import { registriesAsOurselves } from '../registry/create.ts';
import type { Allowance, Registry } from '../registry/registry.ts';
import { type Setup, setUp } from '../registry/testing/setup.ts';
import { type Stored, types } from '../registry/testing/store.ts';
import { ImageLookup } from './image-lookup.ts';
import { openLook } from './look.ts';
import { beginReview, type Review, type ReviewTerms } from './review.ts';

let it: Setup;
beforeEach(async () => {
  it = await setUp();
});
afterEach(() => it.close());

const elapsed = () => it.time.now;
const deadline = (milliseconds = 10_000) => startDeadline(milliseconds, elapsed);

function push(config: unknown, tag?: string): Stored {
  const blob = it.store.blob(JSON.stringify(config), 'application/vnd.oci.image.config.v1+json');
  return it.store.manifest({ schemaVersion: 2, mediaType: types.manifest, config: blob, layers: [] }, tag);
}

const named = (suffix: string) => `${it.server.host}/org/app${suffix}`;

function referenceOf(text: string) {
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.reference;
}

function newLedger(): Ledger {
  const clock = () => it.time.now;
  return createLedger({
    table: memoryTable({ clock, maxSize: 100 }),
    macKeys: [Buffer.alloc(32, 1)],
    clock,
    settings: defaultLedgerSettings,
    engine: '',
    metrics: { count: () => undefined },
  });
}

interface Opened {
  readonly lookup: ImageLookup;
  readonly review: Review;
}

function open(
  terms: Partial<ReviewTerms> = {},
  registry: Registry = it.registry,
  reviewImages: number | undefined = undefined,
): Opened {
  const review = beginReview({ ledger: newLedger(), hosts: everyHost, deadline: deadline(), ...terms });
  return {
    review,
    lookup: new ImageLookup({ registries: registriesAsOurselves(registry), elapsed, reviewImages }, review, []),
  };
}

/** Hosts as of a deployment whose rules and settings write these. */
const hostsWritten = (...written: string[]): Hosts => ({
  named: new Set(written),
  asked: new Set(written),
  written: new Set(written),
  others: () => false,
  said: false,
});

const anyAuthor: Hosts = { named: new Set(), asked: new Set(), written: new Set(), others: () => true, said: true };

const refused = (reason: string, kind: string, message = '') =>
  expect.objectContaining({ name: 'Refusal', reason, kind, message: expect.stringContaining(message) });

/** Answers every request for a path that holds `part` with a status. */
function answering(status: number, part = '') {
  it.store.intercept = ({ url = '' }, response) => {
    if (!url.includes(part)) return false;
    response.writeHead(status).end();
    return true;
  };
}

describe('an image that a context names', () => {
  test('is asked for once a review, whoever asks and however it is spelled', async () => {
    const image = push({ os: 'linux' }, 'latest');
    const { lookup } = open();
    const texts = [named(''), named(''), named(':latest')];
    const answers = await Promise.all(texts.map((text) => lookup.lookUp(text, deadline())));
    expect(answers).toMatchObject(texts.map((text) => ({ image: text, configData: { os: 'linux' } })));
    expect(it.server.requests).toHaveLength(2);
    await lookup.lookUp(named(`@${image.digest}`), deadline());
    // The image is known by its digest from then on.
    expect(it.server.requests.map(({ path }) => path.split('/').at(-2))).toEqual(['manifests', 'blobs', 'blobs']);
  });

  test('is at hand for whoever asks for the same image, by its tag and by its digest, with the same credentials', async () => {
    const image = push({}, 'v1');
    const { lookup } = open();
    const fetched = (suffix: string, credentials = ownCredentials) =>
      lookup.fetched({ reference: referenceOf(named(suffix)), credentials })?.digest;
    expect(fetched(':v1')).toBeUndefined();
    await lookup.lookUp(named(':v1'), deadline());
    expect([fetched(':v1'), fetched(`@${image.digest}`), fetched(`:v2@${image.digest}`)]).toEqual(
      Array(3).fill(image.digest),
    );
    expect([fetched(':v2'), fetched(':v1', { key: 'theirs' })]).toEqual([undefined, undefined]);
    expect([...lookup.images]).toEqual([named(':v1')]);
  });

  test('is asked for once by reviews at the same time, and its config with it', async () => {
    push({ shared: true }, 'v1');
    const ledger = newLedger();
    const reviews = [open({ ledger }), open({ ledger })];
    const answers = await Promise.all(reviews.map(({ lookup }) => lookup.lookUp(named(':v1'), deadline())));
    expect(answers).toMatchObject([{ configData: { shared: true } }, { configData: { shared: true } }]);
    expect(it.server.requests).toHaveLength(2);
    await open({ ledger }).lookup.lookUp(named(':v1'), deadline());
    expect(it.server.requests).toHaveLength(4);
  });

  test('is asked for anew by a review that begins after a change was announced', async () => {
    push({ before: true }, 'v1');
    const ledger = newLedger();
    let announce = Promise.resolve();
    it.store.intercept = ({ url = '' }) => {
      if (url.endsWith('/v1')) announce = ledger.renew(it.repository);
      return false;
    };
    const before = open({ ledger }).lookup.lookUp(named(':v1'), deadline());
    while (it.server.requests.length === 0) await new Promise(setImmediate);
    await announce;
    const after = open({ ledger }).lookup.lookUp(named(':v1'), deadline());
    await Promise.all([before, after]);
    expect(it.server.requests.filter(({ path }) => path.endsWith('/v1'))).toHaveLength(2);
  });

  test('and was resolved for it, may be remembered: its generation was read before', async () => {
    const image = push({}, 'v1');
    const ledger = newLedger();
    const { lookup, review } = open({ ledger });
    await lookup.lookUp(named(':v1'), deadline());
    const want = { repository: it.repository, tag: 'v1', credentials: ownCredentials, checks: [] };
    const remembered = async () => {
      const session = ledger.begin(deadline());
      await session.point([want]);
      return session.pointer(it.repository, 'v1', ownCredentials);
    };
    await review.session.point([want]);
    await ledger.renew(it.repository);
    review.session.recordPointer(it.repository, 'v1', ownCredentials, image.digest);
    await review.session.flush();
    // It was read before the change.
    expect(await remembered()).toBeUndefined();
    const later = open({ ledger });
    await later.lookup.lookUp(named(':v1'), deadline());
    await later.review.session.point([want]);
    later.review.session.recordPointer(it.repository, 'v1', ownCredentials, image.digest);
    await later.review.session.flush();
    expect(await remembered()).toBe(image.digest);
  });

  test.each(['', 'Org/App', 'registry.test/app:', `registry.test/app@sha256:1`, 'x'.repeat(2000)])(
    '%p is no reference: invalid, without a request',
    async (text) => {
      const { lookup } = open();
      expect(await lookup.lookUp(text, deadline())).toEqual(
        refused('image-unparsable', 'invalid', 'is no image reference'),
      );
      expect(it.server.requests).toEqual([]);
    },
  );
});

describe('whom it may call', () => {
  test('is whom a review may call: a host that nobody named is refused without a request', async () => {
    push({}, 'v1');
    const refusing = open({ hosts: hostsWritten('ghcr.io') });
    expect(await refusing.lookup.lookUp(named(':v1'), deadline())).toEqual(
      refused('host-refused', 'denied', it.server.host),
    );
    expect(it.server.requests).toEqual([]);
    const naming = open({ hosts: hostsWritten(it.server.host) });
    expect(await naming.lookup.lookUp(named(':v1'), deadline())).toMatchObject({ identifier: 'v1' });
    const calling = open({ hosts: anyAuthor });
    expect(await calling.lookup.lookUp(named(':v1'), deadline())).toMatchObject({ identifier: 'v1' });
  });
});

describe('whose doing a failure is', () => {
  test.each([
    [429, 'registry-throttled'],
    [503, 'registry-error'],
    [401, 'registry-unauthorized'],
  ])(
    "%d of a registry that the rules name is the registry's; of one that an author chose it is theirs",
    async (status, reason) => {
      push({}, 'v1');
      answering(status);
      const lookUp = (hosts: Hosts) => open({ hosts }).lookup.lookUp(named(':v1'), deadline());
      expect(await lookUp(hostsWritten(it.server.host))).toEqual(refused(reason, 'unavailable'));
      it.time.now += 60_000;
      expect(await lookUp(anyAuthor)).toEqual(refused('registry-not-named', 'denied', reason));
      it.time.now += 60_000;
      it.store.intercept = () => false;
      expect(await lookUp(anyAuthor)).toMatchObject({ configData: {} });
    },
  );

  test('what is absent is denied, the image and its config alike', async () => {
    const { lookup } = open();
    expect(await lookup.lookUp(named(':none'), deadline())).toEqual(refused('image-not-found', 'denied'));
    it.store.image('without a config', 'v1');
    expect(await lookup.lookUp(named(':v1'), deadline())).toEqual(refused('content-missing', 'denied'));
    expect(it.server.requests).toHaveLength(3);
    // It is not asked for again.
    expect(await lookup.lookUp(named(':v1'), deadline())).toEqual(refused('content-missing', 'denied'));
    expect(it.server.requests).toHaveLength(3);
  });

  test('a config that the registry refuses, having given the image, is denied', async () => {
    push({}, 'v1');
    answering(403, '/blobs/');
    const { lookup } = open({ hosts: hostsWritten(it.server.host) });
    expect(await lookup.lookUp(named(':v1'), deadline())).toEqual(refused('image-not-readable', 'denied'));
  });

  const late = () => Promise.reject(new Refusal('deadline', 'the time ended'));

  test('time that ends before the registry answers is its own; once it gave the image, a config that is late is denied', async () => {
    push({}, 'v1');
    const silent = open({}, { ...it.registry, resolve: late });
    expect(await silent.lookup.lookUp(named(':v1'), deadline())).toEqual(refused('deadline', 'unavailable'));
    const slow = open({}, { ...it.registry, config: late });
    expect(await slow.lookup.lookUp(named(':v1'), deadline())).toEqual(refused('attached-too-slow', 'denied'));
  });

  test("time that ends where the caller gave too little is the caller's doing", async () => {
    const shortage = { left: 1000, asked: 10_000 };
    const { lookup } = open({ shortage }, { ...it.registry, resolve: late });
    expect(await lookup.lookUp(named(':v1'), deadline())).toEqual(refused('too-little-time', 'denied'));
  });

  test('nobody waits for longer than there is time, whatever the registry does', async () => {
    const { lookup } = open({}, { ...it.registry, resolve: () => new Promise(() => undefined) });
    expect(await lookup.lookUp(named(':v1'), deadline(0))).toEqual(refused('deadline', 'unavailable'));
  });

  test("an image that is late since another of the object's took the time is denied; where that one's registry was down it is not", async () => {
    push({}, 'first');
    const answeringIn = (milliseconds: number): Registry => ({
      ...it.registry,
      async resolve(...asked) {
        if (asked[1] !== 'first') return late();
        it.time.now += milliseconds;
        return it.registry.resolve(...asked);
      },
    });
    const both = async (registry: Registry, first: string) => {
      const { lookup } = open({}, registry);
      const elsewhere = 'registry.example/org/app:v1';
      await lookup.lookUp(first, deadline());
      return lookup.lookUp(elsewhere, deadline());
    };
    expect(await both(answeringIn(2000), named(':first'))).toEqual(refused('object-too-slow', 'denied'));
    expect(await both(answeringIn(500), named(':first'))).toEqual(refused('deadline', 'unavailable'));
    expect(await both(answeringIn(2000), named(':late'))).toEqual(refused('deadline', 'unavailable'));
  });
});

describe('what came before it', () => {
  const silently: Registry['resolve'] = () => {
    it.time.now += 3000;
    return Promise.reject(new Refusal('deadline', 'the time ended'));
  };
  const both = async (first: Hosts) => {
    const { lookup, review } = open({ hosts: first }, { ...it.registry, resolve: silently });
    await lookup.lookUp('hanging.example/a:1', review.deadline);
    return lookup.lookUp('base.example/b:1', review.deadline);
  };

  test("time that hosts of the object's author used up is not the registry's; that of a silent one which the policies name is", async () => {
    const base = { ...anyAuthor, written: new Set(['base.example']) };
    expect(await both(base)).toEqual(refused('object-too-slow', 'denied'));
    const two = { ...anyAuthor, named: 'all', written: new Set(['base.example', 'hanging.example']) } as const;
    expect(await both(two)).toEqual(refused('deadline', 'unavailable'));
  });

  test('so is what the images under review used up of it', async () => {
    const { lookup, review } = open({ hosts: hostsWritten('base.example') }, { ...it.registry, resolve: silently });
    const look = (silent: boolean) => ({
      ...openLook({ reference: referenceOf('x.example/a:1'), credentials: ownCredentials }, anyAuthor),
      silent,
    });
    lookup.waitsFor([look(true)]);
    it.time.now += 6000;
    expect(await lookup.lookUp('base.example/b:1', review.deadline)).toEqual(refused('object-too-slow', 'denied'));
    const alone = open({ hosts: hostsWritten('base.example') }, { ...it.registry, resolve: silently });
    alone.lookup.waitsFor([look(false)]);
    expect(await alone.lookup.lookUp('base.example/b:1', alone.review.deadline)).toEqual(
      refused('deadline', 'unavailable'),
    );
  });
});

describe('what it may use up', () => {
  test('what is held of all images until the review is answered is bounded, and what honest ones have is read', async () => {
    const values = (count: number) => ({ os: 'linux', history: Array.from({ length: count }, () => ({})) });
    for (const tag of ['a', 'b', 'c']) push(values(8000), tag);
    push(values(500), 'small');
    const { lookup } = open();
    for (const tag of [':small', ':a', ':b'])
      expect(await lookup.lookUp(named(tag), deadline())).toMatchObject({ configData: { os: 'linux' } });
    expect(await lookup.lookUp(named(':c'), deadline())).toEqual(refused('review-too-large', 'denied'));
    push(values(20_000), 'large');
    expect(await open().lookup.lookUp(named(':large'), deadline())).toEqual(refused('too-large', 'denied'));
  });

  /** Notes what its requests may use up. */
  function noting(allowances: Allowance[]): Registry {
    const note = <T extends readonly [...unknown[], Allowance], R>(ask: (...asked: T) => Promise<R>) => {
      return (...asked: T) => {
        allowances.push(asked[asked.length - 1] as Allowance);
        return ask(...asked);
      };
    };
    const { resolve, config } = it.registry;
    return { ...it.registry, resolve: note(resolve), config: note(config) };
  }

  test('each lookup has half of the time that is left, so that the next one has some', async () => {
    push({}, 'v1');
    const left: number[] = [];
    const { lookup } = open(
      {},
      {
        ...it.registry,
        resolve(...[, , { deadline: given }]) {
          left.push(given.remaining());
          it.time.now += given.remaining();
          return Promise.reject(new Refusal('deadline', 'the time ended'));
        },
      },
    );
    const time = deadline(1000);
    for (const tag of ['a', 'b', 'c']) await lookup.lookUp(named(`:${tag}`), time);
    expect(left).toEqual([500, 250, 125]);
  });

  test("all its requests are the review's, and spend the review's bytes", async () => {
    push({ fill: 'x'.repeat(2000) }, 'v1');
    const allowances: Allowance[] = [];
    const { lookup, review } = open({ bytes: 10_000 }, noting(allowances));
    await lookup.lookUp(named(':v1'), deadline());
    expect(allowances.map((one) => one.review)).toEqual([review, review]);
    expect(() => review.take(7_000)).not.toThrow();
    push({ fill: 'y'.repeat(2000) }, 'v2');
    expect(await lookup.lookUp(named(':v2'), deadline())).toEqual(refused('review-too-large', 'denied', '10000 bytes'));
  });

  test.each([
    [undefined, 8],
    [1000, 8],
    [2, 2],
  ])('where a review may ask about %p images, contexts may name %i', async (reviewImages, most) => {
    const { lookup } = open({}, it.registry, reviewImages);
    for (let one = 0; one < most; one++) {
      push({ one }, `v${one}`);
      expect(await lookup.lookUp(named(`:v${one}`), deadline())).toMatchObject({ configData: { one } });
    }
    const requests = it.server.requests.length;
    const more = await lookup.lookUp(named(':more'), deadline());
    expect(more).toEqual(refused('too-many-images', 'denied', `more than ${most} distinct images`));
    expect(await lookup.lookUp(named(':v0'), deadline())).toMatchObject({ configData: { one: 0 } });
    expect(it.server.requests).toHaveLength(requests);
    expect([...lookup.images]).toHaveLength(most);
  });

  test('a registry that asks to slow down is left alone by the next review', async () => {
    push({}, 'v1');
    answering(429);
    await open().lookup.lookUp(named(':v1'), deadline());
    const requests = it.server.requests.length;
    it.store.intercept = () => false;
    expect(await open().lookup.lookUp(named(':v1'), deadline(100))).toEqual(
      refused('registry-throttled', 'unavailable'),
    );
    expect(it.server.requests).toHaveLength(requests);
    it.time.now += 60_000;
    expect(await open().lookup.lookUp(named(':v1'), deadline())).toMatchObject({ identifier: 'v1' });
  });
});
