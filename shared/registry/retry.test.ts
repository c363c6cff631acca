import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DoorResponse } from '../net/door.ts';
import { spending } from '../net/testing/spending.ts';
import { Refusal } from '../reasons.ts';
import { type Hooks, retryAfter, withRetries } from './retry.ts';
import { neverOpen } from './testing/breakers.ts';
import { type AskedHost, createThrottles } from './throttle.ts';

const start = Date.UTC(2026, 0, 1);
type Played = number | Refusal | [number, string];

/** A host and its callers; sleeps are put down, take no time, and move the clock. */
function scene() {
  const waits: number[] = [];
  const time = { now: start };
  const sleep = async (milliseconds: number) => {
    waits.push(milliseconds);
    time.now += milliseconds;
  };
  const clock = () => time.now;
  const retrying = { clock, sleep, random: () => 0.5, throttles: createThrottles(clock, sleep), breakers: neverOpen };
  const url = new URL('https://registry.example');
  const host: AskedHost = { url, registry: url, credential: undefined, name: url.host };

  /** Plays the answers one after the other; then 200. */
  function play(
    answers: readonly Played[],
    {
      remaining = 60_000,
      at = {},
      tries = 4,
      named = true,
      to = undefined as URL | undefined,
      wait = Promise.resolve(),
    } = {},
  ) {
    let sent = 0;
    const asked: AskedHost = { ...host, ...at };
    const { deadline, end } = spending({ remaining });
    const send = async ({ beforeSending }: Hooks): Promise<DoorResponse> => {
      beforeSending(asked.url);
      if (to !== undefined) beforeSending(to);
      const answer = answers[sent++] ?? 200;
      if (answer instanceof Refusal) throw answer;
      const [status, header] = typeof answer === 'number' ? [answer, undefined] : answer;
      // Others are sent before this one is answered.
      await nextTurn();
      await wait;
      return { status, url: to ?? asked.url, header: () => header, read: async () => new Uint8Array(), discard() {} };
    };
    const result = withRetries(send, asked, { deadline, named }, retrying, tries);
    result.catch(() => {});
    return { result, waits, sent: () => sent, end };
  }
  return { play, waits, time };
}

function play(answers: readonly Played[], remaining = 60_000) {
  return scene().play(answers, { remaining });
}

const reset = new Refusal('registry-unreachable', 'x', { cause: { code: 'ECONNRESET' } });

test.each([[408], [429], [500], [503], [reset]])('%s is tried again', async (answer) => {
  const played = play([answer, answer, 200]);
  expect((await played.result).status).toBe(200);
  expect(played.waits).toEqual([100, 300]);
});

test('four times at most', async () => {
  const played = play([429, 429, 429, 429, 200]);
  expect((await played.result).status).toBe(429);
  expect(played.sent()).toBe(4);
  const broken = play([reset, reset, reset, reset, 200]);
  await expect(broken.result).rejects.toBe(reset);
  expect(broken.sent()).toBe(4);
});

test.each([[200], [401], [403], [404], [400], [501]])('%d is not', async (status) => {
  const played = play([status, 200]);
  expect((await played.result).status).toBe(status);
  expect(played.sent()).toBe(1);
});

test.each([
  new Refusal('registry-unreachable', 'x', { cause: { code: 'ENOTFOUND' } }),
  new Refusal('registry-unreachable', 'x', { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } }),
  new Refusal('registry-unreachable', 'x', { cause: { code: 'CERT_HAS_EXPIRED' } }),
  new Refusal('redirect-refused', 'x'),
  new Refusal('deadline', 'x'),
])('nor is $cause.code $reason', async (refusal) => {
  const played = play([refusal, 200]);
  await expect(played.result).rejects.toBe(refusal);
});

test('Retry-After is waited for', async () => {
  const played = play([[429, '2'], [503, 'Thu, 01 Jan 2026 00:00:07 GMT'], [429, '0'], 200]);
  expect((await played.result).status).toBe(200);
  expect(played.waits).toEqual([2000, 5000, 900]);
});

test('a wait that the deadline has no room for is not begun, nor one beyond the cap', async () => {
  for (const played of [play([[429, '11']], 10_000), play([[429, '10']], 10_000), play([[429, '3600']], 7_200_000)]) {
    expect((await played.result).status).toBe(429);
    expect(played.waits).toEqual([]);
  }
  expect((await play([[429, '9'], 200], 10_000).result).status).toBe(200);
});

test('the forms of Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  expect(retryAfter('Wed, 31 Dec 2025 00:01:00 GMT', now)).toBe(0);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});

describe('a host that asks to slow down', () => {
  const throttled = expect.objectContaining({ name: 'Refusal', reason: 'registry-throttled' });

  test('is asked by one request at a time: of 20 side by side the others wait for what it finds', async () => {
    const { play, waits } = scene();
    const played = Array.from({ length: 20 }, () => play([429, 429, 429, 429, 429]));
    const results = await Promise.allSettled(played.map(({ result }) => result));
    // All were under way when the first answer came; then one tried again, three times.
    expect(played.reduce((sum, { sent }) => sum + sent(), 0)).toBe(23);
    expect(waits).toEqual([100, 300, 900]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(19);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toEqual(throttled);
  });

  test('and when it has recovered, all of them are answered', async () => {
    const { play } = scene();
    const played = Array.from({ length: 20 }, () => play([429]));
    for (const { result } of played) expect((await result).status).toBe(200);
    expect(played.reduce((sum, { sent }) => sum + sent(), 0)).toBe(40);
  });

  test('a request that comes later is not sent while it is to be left alone for longer than there is time', async () => {
    const { play, time } = scene();
    expect((await play([[429, '20']], { remaining: 10_000 }).result).status).toBe(429);
    time.now += 5000;
    const later = play([200], { remaining: 10_000 });
    await expect(later.result).rejects.toThrow('registry.example asks to slow down: it is left alone for another 15 s');
    expect(later.sent()).toBe(0);
    time.now += 15_000;
    expect((await play([200], { remaining: 10_000 }).result).status).toBe(200);
  });

  test('a 503 with Retry-After counts, one without does not', async () => {
    const cases: readonly [Played, string][] = [
      [[503, '20'], 'rejected'],
      [503, 'fulfilled'],
    ];
    for (const [answer, status] of cases) {
      const { play } = scene();
      await play([answer], { remaining: 10_000, tries: 1 }).result;
      const [later] = await Promise.allSettled([play([200], { remaining: 10_000 }).result]);
      expect(later?.status).toBe(status);
    }
  });

  test.each([
    ['an hour is a minute', '3600', 60_000],
    ['without a word it is a second', undefined, 1000],
    ['none at all is a second', '0', 1000],
  ])('how long: %s', async (_, header, milliseconds) => {
    const { play, time } = scene();
    const answer: Played = header === undefined ? 429 : [429, header];
    await play([answer, answer, answer, answer], { remaining: 10_000 }).result;
    const end = time.now + milliseconds;
    time.now = end - 1;
    await expect(play([200], { remaining: 1 }).result).rejects.toEqual(throttled);
    time.now = end;
    expect((await play([200], { remaining: 1 }).result).status).toBe(200);
  });

  test('is waited for where there is time, and asked once for all who wait', async () => {
    const { play, waits } = scene();
    await play([[429, '2']], { remaining: 1000 }).result;
    const played = Array.from({ length: 5 }, () => play([200], { remaining: 10_000 }));
    for (const { result } of played) expect((await result).status).toBe(200);
    expect(waits).toEqual([2000]);
  });

  test('whoever finds out and has no time left hands that on; the time of the others is their own', async () => {
    const { play } = scene();
    const short = play([[429, '5']], { remaining: 2000 });
    const long = play([[429, '5'], 200], { remaining: 10_000 });
    expect((await short.result).status).toBe(429);
    expect((await long.result).status).toBe(200);
  });

  test('another credential, another registry and another host are not held back', async () => {
    const { play } = scene();
    await play([[429, '20']], { remaining: 10_000 }).result;
    const other = new URL('https://other.example');
    for (const at of [
      { credential: { kind: 'basic', username: 'u', password: 'p' } },
      { registry: other },
      { url: other },
    ]) {
      expect((await play([200], { remaining: 10_000, at }).result).status).toBe(200);
    }
    await expect(play([200], { remaining: 10_000 }).result).rejects.toEqual(throttled);
  });

  describe('and where others redirect to it', () => {
    const url = new URL('https://registry.example');
    const elsewhere = (name: string, named: boolean) => {
      const own = new URL(`https://${name}.example`);
      return { at: { url: own, registry: own }, to: url, named, remaining: 10_000 };
    };

    test('is left alone by hosts that nobody named; what a named one redirects to answers for itself', async () => {
      const { play, time } = scene();
      await play([[429, '20']], { remaining: 10_000 }).result;
      const held = play([200], elsewhere('hostile', false));
      await expect(held.result).rejects.toThrow('a host that registry.example redirects to asks to slow down');
      expect(held.sent()).toBe(0);
      expect((await play([200], elsewhere('named', true)).result).status).toBe(200);
      time.now += 20_000;
      expect((await play([200], elsewhere('hostile', false)).result).status).toBe(200);
    });

    test('by all of them, where it has told one; and is asked by those who ask it for itself', async () => {
      const { play } = scene();
      expect((await play([[429, '20']], elsewhere('one', false)).result).status).toBe(429);
      await expect(play([200], elsewhere('another', false)).result).rejects.toEqual(throttled);
      expect((await play([200], { remaining: 10_000 }).result).status).toBe(200);
      expect((await play([200], elsewhere('named', true)).result).status).toBe(200);
    });

    test('by a registry whose own request there it asked to slow down', async () => {
      const { play } = scene();
      const { at, ...rest } = elsewhere('named', true);
      await play([[429, '20']], { remaining: 10_000, at: { registry: at.registry } }).result;
      await expect(play([200], { at, ...rest }).result).rejects.toEqual(throttled);
    });

    test('what a named one redirects to is left alone behind it, and the named one is not', async () => {
      const { play, waits, time } = scene();
      const { at, named, remaining, to } = elsewhere('named', true);
      expect((await play([[429, '20']], { at, named, remaining, to }).result).status).toBe(429);
      // Its own answers come as before.
      const own = Array.from({ length: 3 }, () => play([200], { at, remaining: 1 }));
      for (const { result } of own) expect((await result).status).toBe(200);
      const held = play([200], { at, named, remaining, to });
      await expect(held.result).rejects.toThrow('a host that registry.example redirects to asks to slow down');
      expect([held.sent(), waits]).toEqual([0, []]);
      // It is waited for where there is time.
      const patient = play([200], { at, named, remaining: 30_000, to });
      expect((await patient.result).status).toBe(200);
      expect(waits).toEqual([20_000]);
      time.now += 1;
      expect((await play([200], { at, named, remaining, to }).result).status).toBe(200);
    });

    test('many that it sends away at once are answered when its time has come', async () => {
      const { play } = scene();
      const played = Array.from({ length: 20 }, () => play([[429, '2']], elsewhere('named', true)));
      for (const { result } of played) expect((await result).status).toBe(200);
    });

    test('where its own author’s rules do not name the one that redirects, that one is left alone by such rules alone', async () => {
      const { play } = scene();
      const { at, remaining } = elsewhere('shared', false);
      expect((await play([[429, '20']], elsewhere('shared', false)).result).status).toBe(429);
      const held = play([200], { at, remaining, named: false });
      await expect(held.result).rejects.toThrow('registry.example asks to slow down');
      expect((await play([200], { at, remaining, named: true }).result).status).toBe(200);
      expect((await play([200], elsewhere('shared', true)).result).status).toBe(200);
    });

    test('what it said to those who name it holds back those who do not, until its time has come', async () => {
      const { play, waits, time } = scene();
      await play([[429, '20']], { remaining: 10_000 }).result;
      const held = play([200], { remaining: 10_000, named: false });
      await expect(held.result).rejects.toThrow('registry.example asks to slow down');
      expect([held.sent(), waits]).toEqual([0, []]);
      expect((await play([200], { remaining: 30_000, named: false }).result).status).toBe(200);
      expect(waits).toEqual([20_000]);
      time.now += 1;
      expect((await play([200], { remaining: 10_000, named: false }).result).status).toBe(200);
    });

    test('a wait that it asked for is waited once, and then it is asked', async () => {
      const { play, waits } = scene();
      expect((await play([[429, '2'], 200], elsewhere('one', false)).result).status).toBe(200);
      expect(waits).toEqual([2000]);
    });
  });
});

test('good news of a request that took long is news for all: a host that has recovered is not asked one request a second', async () => {
  const { play, time } = scene();
  // The host asks to be left alone for a second, and is well afterwards, if slow.
  await play([[429, '1']], { remaining: 500 }).result;
  time.now += 1000;
  const [early, later] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = play([200], { wait: early.promise });
  await nextTurn();
  const others = Array.from({ length: 20 }, () => play([200], { wait: later.promise }));
  const sent = () => others.reduce((count, one) => count + one.sent(), 0);
  // After a second of patience another one goes to find out, and takes as long.
  while (sent() === 0) await nextTurn();
  expect(sent()).toBe(1);
  early.resolve();
  await first.result;
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  expect(sent()).toBe(20);
  later.resolve();
  await Promise.all(others.map(({ result }) => result));
});
