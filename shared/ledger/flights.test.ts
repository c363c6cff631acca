import type { Spending } from '../net/spending.ts';
import { spending } from '../net/testing/spending.ts';
import { Refusal } from '../reasons.ts';
import { Flights } from './flights.ts';

const always = () => true;

/** Lets everything that is ready to run, run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function work<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const piece = {
    times: 0,
    resolve,
    reject,
    run() {
      piece.times += 1;
      return promise;
    },
  };
  return piece;
}

test('those who ask for the same at the same time get one answer from one piece of work', async () => {
  const flights = new Flights();
  const led = work<string>();
  const joined = work<string>();
  const all = [
    flights.share('k', spending(), led.run, always),
    flights.share('k', spending(), joined.run, always),
    flights.share('k', spending(), joined.run, always),
  ];
  led.resolve('found');
  expect(await Promise.all(all)).toEqual(['found', 'found', 'found']);
  expect([led.times, joined.times]).toEqual([1, 0]);
});

test('another key is other work', async () => {
  const flights = new Flights();
  const all = [
    flights.share('a', spending(), async () => 1, always),
    flights.share('b', spending(), async () => 2, always),
  ];
  expect(await Promise.all(all)).toEqual([1, 2]);
});

test('so is a host that is named for one and not for the other: whose room and connections the work takes depends on it', async () => {
  const flights = new Flights();
  const led = work<string>();
  const own = { ...spending(), named: false };
  const [first, second] = [flights.share('k', own, led.run, always), flights.share('k', own, async () => '-', always)];
  expect(await flights.share('k', spending(), async () => 'named', always)).toBe('named');
  led.resolve('unnamed');
  expect(await Promise.all([first, second])).toEqual(['unnamed', 'unnamed']);
});

test('a failure is told to those who waited, and sticks to nobody who asks afterwards', async () => {
  const flights = new Flights();
  const led = work<string>();
  const failure = new Refusal('registry-error', 'the registry answered 500');
  const first = flights.share('k', spending(), led.run, always);
  const second = flights.share('k', spending(), async () => 'unused', always);
  led.reject(failure);
  await expect(first).rejects.toBe(failure);
  await expect(second).rejects.toBe(failure);
  expect(await flights.share('k', spending(), async () => 'next', always)).toBe('next');
});

test('work that throws at once sticks to nobody either', async () => {
  const flights = new Flights();
  const failing = () => {
    throw new Refusal('registry-error', 'at once');
  };
  await expect(flights.share('k', spending(), failing, always)).rejects.toThrow('at once');
  expect(await flights.share('k', spending(), async () => 'next', always)).toBe('next');
});

test.each([
  ['its deadline', new Refusal('deadline', 'the time ended')],
  ['its allowance of bytes', new Refusal('review-too-large', 'nothing is left')],
])(
  "the leader's own trouble is not the joiners': %s; one of them leads and the others wait for it",
  async (_, trouble) => {
    const flights = new Flights();
    const led = work<string>();
    const own = work<string>();
    const first = flights.share('k', spending(), led.run, always);
    const others = [flights.share('k', spending(), own.run, always), flights.share('k', spending(), own.run, always)];
    led.reject(trouble);
    await expect(first).rejects.toBe(trouble);
    await settled();
    own.resolve('found');
    expect(await Promise.all(others)).toEqual(['found', 'found']);
    expect(own.times).toBe(1);
  },
);

test('what a leader whose time is over found, or failed at, counts for itself alone', async () => {
  for (const end of ['resolve', 'reject'] as const) {
    const flights = new Flights();
    const led = work<string>();
    const due = spending();
    const first = flights.share('k', due, led.run, always).catch(() => 'failed');
    const second = flights.share('k', spending(), async () => 'its own', always);
    due.end();
    if (end === 'resolve') led.resolve('half');
    else led.reject(new Refusal('registry-unreachable', 'aborted'));
    expect(await first).toBe(end === 'resolve' ? 'half' : 'failed');
    expect(await second).toBe('its own');
  }
});

test('an answer that does not hold for a joiner is found anew', async () => {
  const flights = new Flights();
  const led = work<string>();
  const holds = (value: string) => value === 'whole';
  const first = flights.share('k', spending(), led.run, holds);
  const second = flights.share('k', spending(), async () => 'whole', holds);
  led.resolve('partial');
  expect(await Promise.all([first, second])).toEqual(['partial', 'whole']);
});

test('a joiner knows whether a request had been sent before it came, and one that came before takes what it turns down', async () => {
  const flights = new Flights();
  const led = work<string>();
  let sent = () => {};
  const lead = (aboard: Spending) => {
    sent = () => aboard.sent();
    return led.run();
  };
  const unlessBehind = (_: string, behind: boolean) => !behind;
  const own = async () => 'read anew';
  const first = flights.share('k', spending(), lead, unlessBehind);
  const early = flights.share('k', spending(), own, unlessBehind);
  sent();
  const late = flights.share('k', spending(), own, unlessBehind);
  const content = flights.share('k', spending(), own, always);
  led.resolve('as it was');
  expect(await Promise.all([first, early, late, content])).toEqual([
    'as it was',
    'as it was',
    'read anew',
    'as it was',
  ]);
});

test('a joiner waits no longer than its own deadline; the leader goes on', async () => {
  const flights = new Flights();
  const led = work<string>();
  const due = spending();
  const first = flights.share('k', spending(), led.run, always);
  const second = flights.share('k', due, async () => 'unused', always);
  due.end();
  await expect(second).rejects.toMatchObject({ reason: 'deadline' });
  led.resolve('found');
  expect(await first).toBe('found');
});

test("work that outlives its time is waited for by nobody who asks afterwards, and ends nobody else's", async () => {
  const flights = new Flights();
  const stuck = work<string>();
  const fresh = work<string>();
  const due = spending();
  const first = flights.share('k', due, stuck.run, always);
  due.end();
  const second = flights.share('k', spending(), fresh.run, always);
  stuck.resolve('late');
  expect(await first).toBe('late');
  const third = flights.share('k', spending(), async () => 'unused', always);
  fresh.resolve('found');
  expect(await Promise.all([second, third])).toEqual(['found', 'found']);
});

test('nobody waits for work that waits for its turn: each of those who joined starts over, and whose turn comes first leads', async () => {
  const flights = new Flights();
  let hold = () => {};
  const queued = work<string>();
  const crowd = flights.share(
    'k',
    spending(),
    (aboard) => {
      hold = () => aboard.queued?.();
      return queued.run();
    },
    always,
  );
  const own = work<string>();
  const [alone, another] = [
    flights.share('k', spending(), own.run, always),
    flights.share('k', spending(), own.run, always),
  ];
  await settled();
  expect(own.times).toBe(0);
  hold();
  await settled();
  // One of the two leads, and the other one joins it.
  expect(own.times).toBe(1);
  own.resolve('found');
  expect(await Promise.all([alone, another])).toEqual(['found', 'found']);
  queued.resolve('found late');
  expect(await crowd).toBe('found late');
});

describe('who waits for whom', () => {
  /** A review with so many milliseconds left, and what it was told of bytes that others read. */
  function review(remaining: number) {
    const overheard: number[] = [];
    const own = spending({ remaining });
    return { spending: { ...own, overheard: (count: number) => overheard.push(count) }, overheard, end: own.end };
  }

  test.each([
    ['four fifths of its time', 8_000, 0],
    ['less than that', 7_999, 1],
  ])('a leader with %s left', async (_, left, own) => {
    const flights = new Flights();
    const [led, mine] = [work<string>(), work<string>()];
    const first = flights.share('k', spending({ remaining: left }), led.run, always);
    const second = flights.share('k', spending({ remaining: 10_000 }), mine.run, always);
    expect(mine.times).toBe(own);
    // Who comes later joins the one with the most time.
    const third = flights.share('k', spending({ remaining: 10_000 }), async () => 'unused', always);
    led.resolve('found');
    mine.resolve('found');
    expect(await Promise.all([first, second, third])).toEqual(['found', 'found', 'found']);
  });

  test('short calls that lead one after the other do not use up the time of one that has all of it', async () => {
    const flights = new Flights();
    const short = Array.from({ length: 9 }, (_, index) => spending({ remaining: 1000 * (index + 1) }));
    const hangs = work<string>();
    const failing = short.map((one) => flights.share('k', one, hangs.run, always).catch(() => 'late'));
    expect(await flights.share('k', spending({ remaining: 20_000 }), async () => 'its own', always)).toBe('its own');
    for (const one of short) one.end();
    hangs.reject(new Refusal('deadline', 'the time ended'));
    expect(new Set(await Promise.all(failing))).toEqual(new Set(['late']));
  });

  test('two flights at most are waited for, whatever lets the review down', async () => {
    const flights = new Flights();
    const trouble = new Refusal('review-too-large', 'nothing is left');
    const others = Array.from({ length: 5 }, () => work<string>());
    for (const one of others) flights.share('k', spending(), one.run, always).catch(() => 'failed');
    const mine = work<string>();
    const crowded: number[] = [];
    const own = { ...spending(), crowded: (milliseconds: number) => crowded.push(milliseconds) };
    const last = flights.share('k', own, mine.run, always);
    for (const one of others.slice(0, 2)) {
      expect(mine.times).toBe(0);
      one.reject(trouble);
      await settled();
    }
    // It waited for reviews that had used up their bytes, and not for the registry.
    expect(crowded).toHaveLength(2);
    expect(mine.times).toBe(1);
    mine.resolve('found');
    expect(await last).toBe('found');
  });

  test('the work knows which reviews wait for it, those of a flight among them that waits for it', async () => {
    const flights = new Flights();
    const [inner, outer] = [work<string>(), work<string>()];
    const [leader, second, third] = [spending(), spending(), spending({ remaining: 1000 })];
    let riders: Spending['riders'];
    const lead = (aboard: Spending) => {
      riders = aboard.riders;
      return inner.run();
    };
    const known = () => new Set(riders?.());
    const first = flights.share('inner', leader, lead, always);
    expect(known()).toEqual(new Set());
    const through = (aboard: Spending) => flights.share('inner', aboard, outer.run, always);
    const joined = [
      flights.share('outer', second, through, always),
      flights.share('outer', third, outer.run, always).catch(() => 'late'),
    ];
    expect(known()).toEqual(new Set([second.review, third.review]));
    third.end();
    expect(await joined[1]).toBe('late');
    expect(known()).toEqual(new Set([second.review]));
    inner.resolve('found');
    expect([await first, await joined[0]]).toEqual(['found', 'found']);
    expect([outer.times, known().size]).toEqual([0, 0]);
  });

  test('what a flight has read is known to those who wait for it, from the time before they came, and once', async () => {
    const flights = new Flights();
    const hanging = work<string>();
    let take: Spending['take'] = () => {};
    const lead = (spending: Spending) => {
      take = spending.take;
      return hanging.run();
    };
    const leader = spending();
    const first = flights.share('k', leader, lead, always);
    take(1000);
    const joiner = review(10_000);
    const second = flights.share('k', joiner.spending, async () => 'its own', always);
    take(70_000);
    expect(joiner.overheard).toEqual([1000, 70_000]);
    expect(joiner.spending.spent.bytes).toBe(0);
    expect(leader.spent.bytes).toBe(71_000);
    leader.end();
    hanging.reject(new Refusal('deadline', 'the time ended'));
    await expect(first).rejects.toThrow('the time ended');
    expect(await second).toBe('its own');
    take(1);
    expect(joiner.overheard).toHaveLength(2);
  });

  test('and of the next flight only what is more', async () => {
    const flights = new Flights();
    const joiner = review(10_000);
    const told: Spending['take'][] = [];
    const pieces = [work<string>(), work<string>()];
    const leads = pieces.map((piece) =>
      flights
        .share(
          'k',
          spending(),
          ({ take }) => {
            told.push(take);
            return piece.run();
          },
          always,
        )
        .catch(() => 'failed'),
    );
    const last = flights.share('k', joiner.spending, async () => 'its own', always);
    told[0]?.(1000);
    pieces[0]?.reject(new Refusal('review-too-large', 'nothing is left'));
    await settled();
    told[1]?.(1200);
    expect(joiner.overheard).toEqual([1000, 200]);
    pieces[1]?.resolve('found');
    expect(await last).toBe('found');
    await Promise.all(leads);
  });

  test('a review that waits for a flight of its own counts what was read there, and nothing twice', async () => {
    const flights = new Flights();
    const one = review(10_000);
    const hanging = work<string>();
    const first = flights.share(
      'k',
      one.spending,
      ({ take }) => {
        take(5);
        return hanging.run();
      },
      always,
    );
    const second = flights.share('k', one.spending, async () => 'unused', always);
    hanging.resolve('found');
    expect(await Promise.all([first, second])).toEqual(['found', 'found']);
    expect([one.overheard, one.spending.spent.bytes]).toEqual([[], 5]);
  });
});
