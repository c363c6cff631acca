import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBodies } from './bodies.ts';

/** A request that has come whole, on a connection that is there still. */
function request(body: string, socket = { destroyed: false }, length = body.length): IncomingMessage {
  const stream = Readable.from([Buffer.from(body)]);
  const headers = { 'content-length': `${length}` };
  return Object.assign(stream, { headers, socket }) as unknown as IncomingMessage;
}

test('of large bodies that are there at the same time one is used at a time, and small ones as they come', async () => {
  const bodies = createBodies();
  let turn = 0;
  const used: { text: string; turn: number }[] = [];
  const read = (body: string) => bodies.read(request(body), (text) => used.push({ text: text.trim(), turn }));
  const large = ['a', 'b', 'c', 'd'].map((name) => read(name.padEnd(300_000)));
  const small = ['x', 'y'].map(read);
  while (used.length < 6) {
    await nextTurn();
    turn += 1;
  }
  const inTurns = Map.groupBy(
    used.filter(({ text }) => text < 'x'),
    (one) => one.turn,
  );
  expect(used.map(({ text }) => text)).toEqual(['x', 'y', 'a', 'b', 'c', 'd']);
  expect([...inTurns.values()].map((all) => all.length)).toEqual([1, 1, 1, 1]);
  expect(await Promise.all([...large, ...small])).toHaveLength(6);
});

test('what is computed once the caller has been let in counts as well: that long others have their turn', async () => {
  const bodies = createBodies();
  const steps: string[] = [];
  // As the webhook's handler does, which asks whether the caller may before it parses.
  const handle = async (text: string) => {
    await Promise.resolve();
    const until = performance.now() + 30;
    while (performance.now() < until);
    steps.push(text.trim());
  };
  const reading = ['a', 'b', 'c'].map((name) => bodies.read(request(name.padEnd(300_000)), handle));
  const times: number[] = [];
  while (steps.length < 3) {
    await nextTurn();
    times.push(steps.length);
  }
  await Promise.all(reading);
  // Each turn of the event loop takes one new connection: there are many of them between two large bodies.
  const between = (done: number) => times.filter((length) => length === done).length;
  expect(steps).toEqual(['a', 'b', 'c']);
  expect(Math.min(between(1), between(2))).toBeGreaterThan(20);
});

test('a large body whose caller has left before its turn is not used, and keeps neither turn nor room from others', async () => {
  const bodies = createBodies();
  const used: string[] = [];
  // Of such there is room for four.
  const read = (name: string, socket?: { destroyed: boolean }) =>
    bodies.read(request(name, socket, 30 * 1024 * 1024), (text) => used.push(text));
  const gone = { destroyed: false };
  const first = read('a');
  const left = Array.from({ length: 8 }, (_, index) => read(`gone ${index}`, gone));
  gone.destroyed = true;
  const last = read('b');
  await Promise.all([first, last]);
  expect(used).toEqual(['a', 'b']);
  expect(left).toHaveLength(8);
});

test('what is parsed of larger bodies takes room until they are answered: who finds none is told so in time, and common ones need none', async () => {
  const bodies = createBodies(1);
  const answers: (() => void)[] = [];
  const pending = () => new Promise<void>((resolve) => answers.push(resolve));
  const review = (values: number) =>
    `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","object":[${'0,'.repeat(values)}0]}}`;
  const read = (values: number) => bodies.read(request(review(values)), pending);
  const held = [];
  for (;;) {
    const used = await read(100_000);
    if ('problem' in used) {
      expect(used).toMatchObject({ reason: 'too-many-reviews', uid: 'u-1', problem: expect.stringContaining('room') });
      break;
    }
    held.push(used);
  }
  expect(held.length).toBeGreaterThan(40);
  expect(held.length).toBeLessThan(60);
  // One that is smaller finds room, and one of a common size takes none.
  expect(await read(20_000)).toHaveProperty('result');
  expect(await read(10)).toHaveProperty('result');
  for (const answer of answers) answer();
  await nextTurn();
  expect(await read(100_000)).toHaveProperty('result');
});
