import { getEventListeners } from 'node:events';
import { Refusal } from '../reasons.ts';
import { isPromise } from './in-time.ts';
import { spending, type TestSpending } from './testing/spending.ts';
import { createTurns, type Permit, type TurnsSettings } from './turns.ts';

const late = () => new Refusal('deadline', 'the time ended');

/** Turns, and those whose requests are under way, in the order in which they were given their permits. */
function scene(settings: Partial<TurnsSettings> = {}) {
  const turns = createTurns({ perOrigin: 50, permits: 200, ...settings });
  const underWay: { review: TestSpending; origin: string; permit: Permit }[] = [];
  const ended: unknown[] = [];

  function ask(review: TestSpending, origin = 'a', count = 1, large = false): void {
    for (let index = 0; index < count; index++) {
      const begin = (permit: Permit) => underWay.push({ review, origin, permit });
      const taken = turns.take(origin, review, late, large);
      if (!isPromise(taken)) begin(taken);
      else taken.then(begin, (thrown: unknown) => ended.push(thrown));
    }
  }

  /** All that is under way comes to its end at once, apart from what hangs; what was waited for gets its permits. */
  async function round(hangs: (origin: string) => boolean = () => false): Promise<void> {
    const ending = underWay.filter(({ origin }) => !hangs(origin));
    const staying = underWay.filter(({ origin }) => hangs(origin));
    underWay.splice(0, underWay.length, ...staying);
    for (const { permit } of ending) permit.release();
    await settled();
  }

  const of = (review: TestSpending, origin?: string) =>
    underWay.filter((one) => one.review === review && (origin === undefined || one.origin === origin)).length;
  return { turns, ask, round, of, underWay, ended };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const reviews = (count: number) => Array.from({ length: count }, () => spending());

test('alone, a review has all permits of an origin, each at once, and is told of its own requests before it', async () => {
  const { ask, of, round } = scene();
  const [one] = [spending()];
  ask(one, 'a', 50);
  expect(of(one)).toBe(50);
  expect(one.waits()).toBe(0);
  ask(one, 'a', 25);
  await settled();
  expect(of(one)).toBe(50);
  expect(one.waits()).toBe(25);
  await round();
  expect(of(one)).toBe(25);
});

test('beside three reviews of 1,000 requests a neighbour takes twice the rounds that it takes alone, at most', async () => {
  const steps = 4;
  async function rounds(neighbours: number): Promise<number> {
    const { ask, round, of } = scene();
    for (const busy of reviews(neighbours)) ask(busy, 'a', 1000);
    const one = spending();
    let count = 0;
    // Each step asks five things at once, when the step before it has been answered.
    for (let step = 0; step < steps; step++) {
      ask(one, 'a', 5);
      for (let waited = 0; of(one) < 5; waited++) {
        expect(waited).toBeLessThan(2);
        await round();
        count++;
      }
      await round();
      count++;
    }
    expect(one.waits()).toBeLessThanOrEqual(4 * steps);
    return count;
  }
  expect(await rounds(0)).toBe(steps);
  expect(await rounds(3)).toBeLessThanOrEqual(2 * steps);
});

test('those that wait share an origin evenly, whoever came first and however much each asks for', async () => {
  const { ask, round, of } = scene();
  const all = reviews(4);
  for (const [index, review] of all.entries()) ask(review, 'a', 100 * (index + 1));
  await settled();
  expect(all.map((review) => of(review))).toEqual([50, 0, 0, 0]);
  await round();
  expect(all.map((review) => of(review)).sort()).toEqual([12, 12, 13, 13]);
});

test('with one permit the reviews take turns', async () => {
  const { ask, round, underWay } = scene({ perOrigin: 1 });
  const all = reviews(3);
  for (const review of all) ask(review, 'a', 3);
  const order: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    for (const { review } of underWay) order.push(all.indexOf(review));
    await round();
  }
  expect(order).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

test('requests of one review are sent in their order', async () => {
  const { turns } = scene({ perOrigin: 1 });
  const one = spending();
  const order: number[] = [];
  const first = turns.take('a', one, late);
  const waiting = [1, 2, 3].map(async (index) => {
    const { release } = await turns.take('a', one, late);
    order.push(index);
    release();
  });
  (await first).release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test('three reviews whose hundreds of hosts never answer leave permits to the next', async () => {
  const { ask, of, underWay } = scene();
  const hostile = reviews(3);
  for (const [number, review] of hostile.entries())
    for (let host = 0; host < 300; host++) ask(review, `${number}-${host}.example`);
  expect(hostile.map((review) => of(review))).toEqual([100, 50, 25]);
  const one = spending();
  ask(one, 'registry.example', 5);
  expect(of(one)).toBe(5);
  expect(one.waits()).toBe(0);
  expect(underWay.length).toBeLessThanOrEqual(200);
});

test('hosts that do answer are not kept waiting by those that hang, and the total is shared evenly', async () => {
  const { ask, of, round, underWay } = scene({ perOrigin: 10, permits: 20 });
  const [slow, quick, other] = [spending(), spending(), spending()];
  for (let host = 0; host < 30; host++) ask(slow, `slow-${host}`);
  ask(quick, 'q', 30);
  ask(other, 'o', 30);
  expect(underWay.length).toBeLessThanOrEqual(20);
  const served = { quick: 0, other: 0 };
  for (let turn = 0; turn < 20; turn++) {
    served.quick += of(quick);
    served.other += of(other);
    expect(of(slow)).toBe(10);
    await round((origin) => origin.startsWith('slow'));
  }
  expect(served).toEqual({ quick: 30, other: 30 });
});

test('who waits because of neighbours alone is not told that it waits for its own', async () => {
  const { ask } = scene({ perOrigin: 2 });
  const [busy, one] = [spending(), spending()];
  ask(busy, 'a', 2);
  ask(one, 'a');
  expect(one.waits()).toBe(0);
  ask(one, 'a');
  expect(one.waits()).toBe(1);
});

test('waiting ends with the time, and leaves neither a listener nor a permit behind', async () => {
  const { ask, of, round, ended } = scene({ perOrigin: 1 });
  const [busy, one, next] = [spending(), spending(), spending()];
  ask(busy, 'a');
  ask(one, 'a', 100);
  ask(next, 'a');
  const { signal } = one.deadline;
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  one.end();
  await settled();
  expect(ended).toHaveLength(100);
  expect(ended[0]).toMatchObject({ reason: 'deadline' });
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await round();
  expect(of(next)).toBe(1);
  expect(getEventListeners(next.deadline.signal, 'abort')).toHaveLength(0);
  ask(one, 'a');
  await settled();
  expect(ended).toHaveLength(101);
});

test('a permit is given back once', async () => {
  const { turns } = scene({ perOrigin: 1 });
  const one = spending();
  const permit = await turns.take('a', one, late);
  permit.release();
  const again = await turns.take('a', one, late);
  permit.release();
  expect(isPromise(turns.take('a', one, late))).toBe(true);
  again.release();
});

test('no permit stays free while anybody waits: 10,000 requests take 200 rounds of 50', async () => {
  const { ask, round, of } = scene();
  const all = reviews(50);
  for (const review of all) ask(review, 'a', 200);
  let rounds = 0;
  for (; all.some((review) => of(review) > 0); rounds++) await round();
  expect(rounds).toBe(200);
});

describe('large bodies', () => {
  test('one review has ten of an origin’s permits for them, all of them together half, and what is small goes by', () => {
    const { ask, of, underWay } = scene();
    const [one, another, third, neighbour] = [spending(), spending(), spending(), spending()];
    for (const review of [one, another, third]) ask(review, 'a', 50, true);
    expect([of(one), of(another), of(third)]).toEqual([10, 10, 5]);
    ask(neighbour, 'a', 5);
    ask(one, 'a', 5);
    expect([of(neighbour), of(one)]).toEqual([5, 15]);
    // Another origin has permits of its own.
    ask(one, 'b', 50, true);
    expect(of(one, 'b')).toBe(10);
    expect(underWay).toHaveLength(45);
  });

  test('take turns as all do, and none stays behind', async () => {
    const { ask, of, round } = scene();
    const [one, another] = [spending(), spending()];
    ask(one, 'a', 30, true);
    await round();
    ask(another, 'a', 10, true);
    expect([of(one), of(another)]).toEqual([10, 10]);
    ask(one, 'a', 60);
    expect(of(one)).toBe(40);
    for (let turn = 0; turn < 4; turn++) await round();
    expect([of(one), of(another)]).toEqual([0, 0]);
  });

  test('with one permit they come one after the other', async () => {
    const { ask, of, round } = scene({ perOrigin: 1, permits: 1 });
    const one = spending();
    ask(one, 'a', 3, true);
    for (let turn = 0; turn < 3; turn++) {
      expect(of(one)).toBe(1);
      await round();
    }
    expect(of(one)).toBe(0);
  });
});

describe('who waits is told how long it waited for other reviews', () => {
  /** A busy review, whose answers have begun or not, and one that waits for it. */
  async function waitingBehind(begun: boolean, other = true) {
    const { ask, round, underWay } = scene({ perOrigin: 2 });
    const crowded: number[] = [];
    let left = 1000;
    const busy = spending();
    const base = other ? spending() : busy;
    const one = {
      ...base,
      deadline: { signal: base.deadline.signal, remaining: () => (base.deadline.signal.aborted ? 0 : left) },
      crowded: (milliseconds: number) => crowded.push(milliseconds),
    };
    ask(busy, 'a', 2);
    if (begun) for (const { permit } of underWay) permit.answered();
    ask(one, 'a');
    left = 300;
    return { crowded, round, underWay, end: base.end };
  }

  test('where what they asked for was being answered', async () => {
    const { crowded, round } = await waitingBehind(true);
    expect(crowded).toEqual([]);
    await round();
    expect(crowded).toEqual([700]);
  });

  test('or was answered meanwhile; and when the time ends', async () => {
    const { crowded, underWay, end } = await waitingBehind(false);
    underWay[0]?.permit.answered();
    end();
    expect(crowded).toEqual([1000]);
  });

  test('not where nothing is answered, nor where it waits for its own', async () => {
    const silent = await waitingBehind(false);
    silent.end();
    expect(silent.crowded).toEqual([]);
    const own = await waitingBehind(true, false);
    await own.round();
    expect(own.crowded).toEqual([]);
  });
});
