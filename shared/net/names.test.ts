import type { LookupFunction } from 'node:net';
import { createNames } from './names.ts';

/** Names whose servers answer when the test says so. */
function scene(patience = 5) {
  const asked: { name: string; answer: Parameters<LookupFunction>[2] }[] = [];
  const lookup = createNames((name, _options, answer) => asked.push({ name, answer }), { patience });
  const resolve = (name: string) =>
    new Promise<unknown>((done, failed) => {
      lookup(name, { all: true }, (error, addresses) => (error === null ? done(addresses) : failed(error)));
    });
  return { asked, resolve };
}

const at = (address: string) => [{ address, family: 4 }];

test('a name is asked for once, whoever waits for it, and again for the next', async () => {
  const { asked, resolve } = scene();
  const all = Promise.all([resolve('a.example'), resolve('a.example'), resolve('b.example')]);
  expect(asked.map(({ name }) => name)).toEqual(['a.example', 'b.example']);
  for (const { answer } of asked.splice(0)) answer(null, at('192.0.2.1'));
  expect(await all).toEqual([at('192.0.2.1'), at('192.0.2.1'), at('192.0.2.1')]);
  const next = resolve('a.example');
  asked[0]?.answer(null, at('192.0.2.2'));
  expect(await next).toEqual(at('192.0.2.2'));
});

test('one that is not answered in time is called where it was before, and where it is when that is known', async () => {
  const { asked, resolve } = scene();
  const first = resolve('a.example');
  asked[0]?.answer(null, at('192.0.2.1'));
  await first;
  expect(await resolve('a.example')).toEqual(at('192.0.2.1'));
  expect(asked).toHaveLength(2);
  asked[1]?.answer(null, at('192.0.2.2'));
  expect(await resolve('a.example')).toEqual(at('192.0.2.2'));
});

test('of a name with thousands of addresses some of each family are handed on, and remembered', async () => {
  const { asked, resolve } = scene();
  const many = (family: number, prefix: string) =>
    Array.from({ length: 4000 }, (_, index) => ({ address: `${prefix}${index}`, family }));
  const some = [...many(6, '2001:db8::').slice(0, 16), ...many(4, '192.0.2.').slice(0, 16)];
  const first = resolve('a.example');
  asked[0]?.answer(null, [...many(6, '2001:db8::'), ...many(4, '192.0.2.')]);
  expect(await first).toEqual(some);
  expect(await resolve('a.example')).toEqual(some);
  const few = resolve('b.example');
  asked[2]?.answer(null, at('192.0.2.1'));
  expect(await few).toEqual(at('192.0.2.1'));
});

test('a failure is told to all who wait, and takes nothing from what was known', async () => {
  const { asked, resolve } = scene();
  const first = resolve('a.example');
  asked[0]?.answer(null, at('192.0.2.1'));
  await first;
  const failing = [resolve('a.example'), resolve('a.example')];
  // As the system's does, without addresses.
  Reflect.apply(asked[1]?.answer ?? Boolean, undefined, [Object.assign(new Error('none'), { code: 'ENOTFOUND' })]);
  for (const result of await Promise.allSettled(failing)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ENOTFOUND' } });
  }
  expect(await resolve('a.example')).toEqual(at('192.0.2.1'));
});

/** The same with `atOnce: 1`, and a clock that the test sets. */
function lineOfOne() {
  const time = { now: 0 };
  const asked: { name: string; answer: Parameters<LookupFunction>[2] }[] = [];
  const names = (name: string, _options: unknown, answer: Parameters<LookupFunction>[2]) =>
    void asked.push({ name, answer });
  const lookup = createNames(names, { patience: 5, atOnce: 1, longest: 5000, elapsed: () => time.now });
  const resolve = (name: string) =>
    new Promise<unknown>((done, failed) => {
      lookup(name, { all: true }, (error, addresses) => (error === null ? done(addresses) : failed(error)));
    });
  return { asked, resolve, time, names: () => asked.map(({ name }) => name) };
}

test('with a bound on them the others wait here, in the order in which they came', async () => {
  const { asked, resolve, names } = lineOfOne();
  const all = Promise.all(['a.example', 'b.example', 'a.example', 'c.example'].map(resolve));
  expect(names()).toEqual(['a.example']);
  asked[0]?.answer(null, at('192.0.2.1'));
  expect(names()).toEqual(['a.example', 'b.example']);
  asked[1]?.answer(null, at('192.0.2.2'));
  asked[2]?.answer(null, at('192.0.2.3'));
  expect(await all).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3'].map(at));
});

test('those for which nobody waits any more are left out when their turn comes, and asked for again by the next', async () => {
  const { asked, resolve, time, names } = lineOfOne();
  const first = resolve('slow.example');
  const given = [resolve('gone.example'), resolve('gone.example'), resolve('again.example')];
  const failed = Promise.allSettled(given.slice(0, 2));
  time.now = 4000;
  const again = resolve('again.example');
  time.now = 6000;
  asked[0]?.answer(null, at('192.0.2.1'));
  await first;
  expect(names()).toEqual(['slow.example', 'again.example']);
  for (const result of await failed) expect(result).toMatchObject({ reason: { code: 'ETIMEDOUT' } });
  asked[1]?.answer(null, at('192.0.2.2'));
  expect(await Promise.all([given[2], again])).toEqual([at('192.0.2.2'), at('192.0.2.2')]);
  const anew = resolve('gone.example');
  asked[2]?.answer(null, at('192.0.2.3'));
  expect(await anew).toEqual(at('192.0.2.3'));
});

test('one that waits in the line is called where it was before', async () => {
  const { asked, resolve } = lineOfOne();
  const first = resolve('a.example');
  asked[0]?.answer(null, at('192.0.2.1'));
  await first;
  void resolve('slow.example');
  expect(await resolve('a.example')).toEqual(at('192.0.2.1'));
  expect(asked).toHaveLength(2);
});
