import { Refusal } from '../reasons.ts';
import { Flights } from './flights.ts';
import { deadline } from './testing/world.ts';

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
    flights.share('k', deadline(), led.run, always),
    flights.share('k', deadline(), joined.run, always),
    flights.share('k', deadline(), joined.run, always),
  ];
  led.resolve('found');
  expect(await Promise.all(all)).toEqual(['found', 'found', 'found']);
  expect([led.times, joined.times]).toEqual([1, 0]);
});

test('another key is other work', async () => {
  const flights = new Flights();
  const all = [
    flights.share('a', deadline(), async () => 1, always),
    flights.share('b', deadline(), async () => 2, always),
  ];
  expect(await Promise.all(all)).toEqual([1, 2]);
});

test('a failure is told to those who waited, and sticks to nobody who asks afterwards', async () => {
  const flights = new Flights();
  const led = work<string>();
  const failure = new Refusal('registry-error', 'the registry answered 500');
  const first = flights.share('k', deadline(), led.run, always);
  const second = flights.share('k', deadline(), async () => 'unused', always);
  led.reject(failure);
  await expect(first).rejects.toBe(failure);
  await expect(second).rejects.toBe(failure);
  expect(await flights.share('k', deadline(), async () => 'next', always)).toBe('next');
});

test('work that throws at once sticks to nobody either', async () => {
  const flights = new Flights();
  const failing = () => {
    throw new Refusal('registry-error', 'at once');
  };
  await expect(flights.share('k', deadline(), failing, always)).rejects.toThrow('at once');
  expect(await flights.share('k', deadline(), async () => 'next', always)).toBe('next');
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
    const first = flights.share('k', deadline(), led.run, always);
    const others = [flights.share('k', deadline(), own.run, always), flights.share('k', deadline(), own.run, always)];
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
    const due = deadline();
    const first = flights.share('k', due, led.run, always).catch(() => 'failed');
    const second = flights.share('k', deadline(), async () => 'its own', always);
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
  const first = flights.share('k', deadline(), led.run, holds);
  const second = flights.share('k', deadline(), async () => 'whole', holds);
  led.resolve('partial');
  expect(await Promise.all([first, second])).toEqual(['partial', 'whole']);
});

test('a joiner waits no longer than its own deadline; the leader goes on', async () => {
  const flights = new Flights();
  const led = work<string>();
  const due = deadline();
  const first = flights.share('k', deadline(), led.run, always);
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
  const due = deadline();
  const first = flights.share('k', due, stuck.run, always);
  due.end();
  const second = flights.share('k', deadline(), fresh.run, always);
  stuck.resolve('late');
  expect(await first).toBe('late');
  const third = flights.share('k', deadline(), async () => 'unused', always);
  fresh.resolve('found');
  expect(await Promise.all([second, third])).toEqual(['found', 'found']);
});

test('nobody waits for work that waits for its turn: each of those who joined starts over, and whose turn comes first leads', async () => {
  const flights = new Flights();
  let hold = () => {};
  const queued = work<string>();
  const crowd = flights.share(
    'k',
    deadline(),
    (heldUp) => {
      hold = heldUp;
      return queued.run();
    },
    always,
  );
  const own = work<string>();
  const [alone, another] = [
    flights.share('k', deadline(), own.run, always),
    flights.share('k', deadline(), own.run, always),
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
