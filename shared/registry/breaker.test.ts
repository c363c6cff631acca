import type { DoorResponse } from '../net/door.ts';
import { spending } from '../net/testing/spending.ts';
import { Refusal } from '../reasons.ts';
import { createBreakers, openTime, probeTime } from './breaker.ts';

const silence = new Refusal('deadline', 'the time ended');
const noConnection = new Refusal('registry-unreachable', 'x', { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
const refused = new Refusal('registry-unreachable', 'x', { cause: { code: 'ECONNREFUSED' } });
const answersNobody = expect.objectContaining({
  reason: 'registry-unreachable',
  late: false,
  message: expect.stringContaining('registry.example answers nobody'),
});

/** A host and its callers; the clock is moved by what they wait. */
function scene() {
  const time = { now: 0 };
  const counted: string[] = [];
  /** What the host says about itself. */
  const root = {
    answer: 'silent' as 'silent' | 'heard' | 'held up' | 'not watched',
    /** Milliseconds that its question waits before it goes out. */
    queued: 0,
    asked: 0,
    wait: Promise.resolve(),
  };
  const breakers = createBreakers({
    elapsed: () => time.now,
    metrics: { count: (name, labels = {}) => counted.push(`${name} ${labels['state']} ${labels['registry']}`) },
    async probe(origin, deadline, sent) {
      expect(origin.href).toBe('https://registry.example/');
      root.asked++;
      if (root.answer === 'held up') throw silence;
      time.now += root.queued;
      sent();
      await root.wait;
      if (root.answer === 'heard') return;
      time.now += root.answer === 'silent' ? deadline.remaining() - root.queued : 60_000;
      throw silence;
    },
    start: (remaining) => ({ ...spending({ remaining }).deadline, stop: () => undefined }),
  });
  const url = new URL('https://registry.example');

  function watch({ remaining = 8700, named = true, at = url } = {}) {
    const { deadline } = spending({ remaining });
    return breakers.watch({ url: at, registry: url, credential: undefined, name: at.host }, deadline, named);
  }

  /** A request that ends so, after so many milliseconds. */
  async function ask(end: Refusal | 'answer', { waited = 4000, ...whose }: Whose = {}): Promise<DoorResponse> {
    const watched = watch(whose);
    await watched.ready();
    watched.sending();
    time.now += waited;
    if (end === 'answer') return watched.answered(response(url));
    watched.failed(end);
    throw end;
  }

  /** As often as it takes until the host is suspect. */
  async function hang(end = silence, whose: Whose = {}): Promise<void> {
    for (let review = 0; review < 3; review++) await expect(ask(end, whose)).rejects.toBe(end);
  }

  return { time, counted, root, watch, ask, hang };
}

type Whose = { waited?: number; remaining?: number; named?: boolean };

function response(url: URL): DoorResponse {
  return { status: 200, url, header: () => undefined, read: async () => new Uint8Array(), discard: () => undefined };
}

test.each([silence, noConnection])(
  'three requests end in silence, and a question about itself does: nobody waits for it then',
  async (end) => {
    const { time, counted, root, ask, hang } = scene();
    await hang(end);
    expect(root.asked).toBe(0);
    // The next one waits for the question, and no longer.
    const since = time.now;
    await expect(ask('answer')).rejects.toEqual(answersNobody);
    expect(time.now - since).toBe(probeTime);
    expect(counted).toEqual(['registry-breaker open registry.example']);
    for (let review = 0; review < 20; review++) await expect(ask('answer')).rejects.toEqual(answersNobody);
    expect([root.asked, time.now - since]).toEqual([1, probeTime]);
  },
);

test('after ten seconds one question finds out for all who come', async () => {
  const { time, counted, root, ask, hang } = scene();
  await hang();
  await expect(ask('answer')).rejects.toEqual(answersNobody);
  time.now += openTime - 1;
  await expect(ask('answer')).rejects.toEqual(answersNobody);
  expect(root.asked).toBe(1);
  time.now += 1;
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => ask('answer')));
  for (const each of all) expect(each).toEqual({ status: 'rejected', reason: answersNobody });
  expect(root.asked).toBe(2);
  expect(counted).toHaveLength(1);
  time.now += openTime;
  root.answer = 'heard';
  for (const each of await Promise.allSettled(Array.from({ length: 20 }, () => ask('answer')))) {
    expect(each.status).toBe('fulfilled');
  }
  expect(root.asked).toBe(3);
  expect(counted).toEqual(['registry-breaker open registry.example', 'registry-breaker closed registry.example']);
});

test('a host that has no answer about itself, and to others has one, is found out by a request that goes along', async () => {
  const { time, counted, ask, hang, root } = scene();
  await hang();
  await expect(ask('answer')).rejects.toEqual(answersNobody);
  for (let times = 0; times < 2; times++) {
    time.now += openTime;
    await expect(ask('answer')).rejects.toEqual(answersNobody);
  }
  time.now += openTime;
  expect((await ask('answer')).status).toBe(200);
  expect([root.asked, counted.at(-1)]).toEqual([4, 'registry-breaker closed registry.example']);
  expect((await ask('answer')).status).toBe(200);
});

test('one that is silent to that request as well stays open, and others do not wait for it', async () => {
  const { time, counted, ask, hang } = scene();
  await hang();
  for (let times = 0; times < 3; times++) {
    await expect(ask('answer')).rejects.toEqual(answersNobody);
    time.now += openTime;
  }
  const [along, other] = await Promise.allSettled([ask(silence, { waited: 0 }), ask('answer')]);
  expect(along).toEqual({ status: 'rejected', reason: silence });
  expect(other).toEqual({ status: 'rejected', reason: answersNobody });
  expect(counted).toEqual(['registry-breaker open registry.example']);
});

test('the beginning of an answer to anybody closes it', async () => {
  const { counted, watch, ask, hang } = scene();
  const early = watch();
  await early.ready();
  early.sending();
  await hang();
  await expect(ask('answer')).rejects.toEqual(answersNobody);
  early.answered(response(new URL('https://registry.example'))).discard();
  expect(counted.at(-1)).toBe('registry-breaker closed registry.example');
  expect((await ask('answer')).status).toBe(200);
});

describe('an author cannot open it', () => {
  test('by what takes the host long while it answers about itself', async () => {
    const { counted, root, ask, hang } = scene();
    root.answer = 'heard';
    for (let times = 0; times < 10; times++) await hang();
    expect((await ask('answer')).status).toBe(200);
    expect(counted).toEqual([]);
  });

  test('by slow requests among which others are answered: nor is the host asked about itself', async () => {
    const { root, ask } = scene();
    for (let times = 0; times < 10; times++) {
      for (let slow = 0; slow < 2; slow++) await expect(ask(silence)).rejects.toBe(silence);
      (await ask('answer')).discard();
    }
    expect(root.asked).toBe(0);
  });

  test('by calls that leave too little time for an answer', async () => {
    const { root, ask, hang } = scene();
    for (let times = 0; times < 10; times++) await hang(silence, { waited: 999, remaining: 999 });
    expect((await ask('answer')).status).toBe(200);
    expect(root.asked).toBe(0);
  });

  test('while it answers others with bodies that are being read', async () => {
    const { root, ask, hang } = scene();
    const large = await ask('answer');
    await hang();
    expect(root.asked).toBe(0);
    await large.read(1);
    await hang();
    await expect(ask('answer')).rejects.toEqual(answersNobody);
  });

  test('by having it redirect to a host that hangs', async () => {
    const { root, watch, ask } = scene();
    for (let times = 0; times < 10; times++) {
      const watched = watch();
      await watched.ready();
      watched.sending();
      watched.sending();
      watched.failed(silence);
    }
    expect((await ask('answer')).status).toBe(200);
    expect(root.asked).toBe(0);
  });

  test.each(['held up', 'not watched'] as const)('where its question was %s, which says nothing', async (answer) => {
    const { counted, root, ask, hang } = scene();
    root.answer = answer;
    await hang();
    expect((await ask('answer')).status).toBe(200);
    expect([root.asked, counted]).toEqual([1, []]);
  });

  test('by holding up its question until there is no time for an answer; what was late and had a second says something', async () => {
    const { counted, root, ask, hang } = scene();
    root.queued = probeTime - 999;
    await hang();
    (await ask('answer')).discard();
    expect([root.asked, counted]).toEqual([1, []]);
    root.queued = probeTime - 1000;
    await hang();
    await expect(ask('answer')).rejects.toEqual(answersNobody);
    expect(counted).toEqual(['registry-breaker open registry.example']);
  });

  test('of another host, nor by requests to one that nobody named', async () => {
    const { watch, ask, hang, root } = scene();
    await hang(silence, { named: false });
    await hang(silence, { named: false });
    expect((await ask('answer')).status).toBe(200);
    await hang();
    const other = watch({ at: new URL('https://other.example') });
    await other.ready();
    await expect(ask('answer', { named: false })).resolves.toMatchObject({ status: 200 });
    expect(root.asked).toBe(0);
  });
});

test('a host that fails at once is not waited for either way', async () => {
  const { root, ask, hang } = scene();
  await hang(refused);
  expect((await ask('answer')).status).toBe(200);
  expect(root.asked).toBe(0);
});

test('a review with less time than the question takes asks as it would have', async () => {
  const { root, ask, hang } = scene();
  await hang();
  expect((await ask('answer', { remaining: probeTime - 1 })).status).toBe(200);
  expect(root.asked).toBe(0);
});
