import { setImmediate as nextTurn } from 'node:timers/promises';
import { spending } from '../net/testing/spending.ts';
import { createRooms, type Rooms, type Stay } from './rooms.ts';
import { type Setup, setUp } from './testing/setup.ts';

const large = 100 * 1024;

let it: Setup;
/** Room for one manifest of over 64 KB; what has been asked of it. */
let rooms: Rooms;
let asked: number[];
beforeEach(async () => {
  asked = [];
  const real = createRooms(3 * large, 3 * large);
  rooms = {
    enter(bytes, allowance) {
      asked.push(bytes);
      return real.enter(bytes, allowance);
    },
  };
  it = await setUp({ manifestRooms: rooms });
});
afterEach(() => it.close());

function image(tag: string, size: number) {
  const manifest = { schemaVersion: 2, config: {}, layers: [], annotations: { tag, fill: 'x'.repeat(size) } };
  return it.store.manifest(manifest, tag);
}
const resolve = (tag: string, spent = spending()) => it.registry.resolve(it.repository, tag, spent);
/** As another review does, which is reading a manifest. */
const occupy = (named: boolean): Stay => rooms.enter(1.5 * large, { ...spending(), named });

test('a large manifest waits until those of other reviews are parsed; a small one does not', async () => {
  const stay = occupy(true);
  const [big, small] = [image('big', large), image('small', 60 * 1024)];
  expect((await resolve('small')).digest).toBe(small.digest);
  let done = false;
  const reading = resolve('big').finally(() => {
    done = true;
  });
  while (asked.length < 2) await nextTurn();
  expect(done).toBe(false);
  stay.leave();
  expect((await reading).digest).toBe(big.digest);
  // It has given back its own: the next one has all of it.
  expect((await resolve('big')).digest).toBe(big.digest);
  expect(asked).toHaveLength(3);
});

test('who has no room in its time ends, and hosts that nobody named take none of those that are', async () => {
  occupy(false);
  const { digest } = image('big', large);
  expect((await resolve('big')).digest).toBe(digest);
  const spent = { ...spending(), named: false };
  const reading = resolve('big', spent);
  while (asked.length < 3) await nextTurn();
  spent.end();
  await expect(reading).rejects.toMatchObject({ reason: 'deadline' });
  // What it has read says whose doing it is.
  expect(spent.spent.bytes).toBeGreaterThan(64 * 1024);
});

test('room is given back where the manifest is refused, whatever is wrong with it', async () => {
  for (const content of ['x'.repeat(large), `[${'1,'.repeat(large)}1]`]) {
    it.store.manifest(content, 'broken');
    await expect(resolve('broken')).rejects.toMatchObject({ kind: 'denied' });
  }
  const { digest } = image('big', large);
  expect((await resolve('big')).digest).toBe(digest);
});
