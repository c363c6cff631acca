import type { LookupFunction } from 'node:net';
import { createNames } from './names.ts';

/** Names whose servers answer when the test says so. */
function scene(patience = 5) {
  const asked: { name: string; answer: Parameters<LookupFunction>[2] }[] = [];
  const lookup = createNames((name, _options, answer) => asked.push({ name, answer }), patience);
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

test('a failure is told to all who wait, and takes nothing from what was known', async () => {
  const { asked, resolve } = scene();
  const first = resolve('a.example');
  asked[0]?.answer(null, at('192.0.2.1'));
  await first;
  const failing = [resolve('a.example'), resolve('a.example')];
  asked[1]?.answer(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), []);
  for (const result of await Promise.allSettled(failing)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ENOTFOUND' } });
  }
  expect(await resolve('a.example')).toEqual(at('192.0.2.1'));
});
