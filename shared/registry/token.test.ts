import type { Door } from '../net/door.ts';
import { spending } from '../net/testing/spending.ts';
import { neverOpen } from './testing/breakers.ts';
import { createThrottles } from './throttle.ts';
import { createTokens } from './token.ts';

/** A token server for every registry; `asked` holds those that it was asked for. */
function scene() {
  const asked: string[] = [];
  const clock = () => 0;
  const sleep = async () => undefined;
  const door: Pick<Door, 'request'> = {
    async request(url) {
      asked.push(url.hostname);
      const body = Buffer.from(JSON.stringify({ token: url.hostname }));
      return { status: 200, url, header: () => undefined, read: async () => body, discard() {} };
    },
  };
  const retrying = { clock, sleep, random: () => 0.5, throttles: createThrottles(clock, sleep), breakers: neverOpen };
  const tokens = createTokens(door as Door, retrying);
  const get = (host: string, named: boolean) => {
    const registry = new URL(`https://${host}`);
    const want = {
      registry,
      realm: new URL('/token', registry),
      service: undefined,
      scopes: [],
      credential: undefined,
    };
    return tokens.get(want, { ...spending(), named });
  };
  return { asked, get };
}

test('those of named registries are kept, whatever hosts an author has tokens of; of those hosts, the newest', async () => {
  const { asked, get } = scene();
  await get('named.example', true);
  for (let index = 0; index < 600; index++) await get(`h${index}.example`, false);
  expect(asked).toHaveLength(601);
  expect(await get('named.example', true)).toBe('named.example');
  expect(await get('h599.example', false)).toBe('h599.example');
  expect(asked).toHaveLength(601);
  await get('h0.example', false);
  expect(asked).toHaveLength(602);
});
