import { createRoom } from './room.ts';

/** A room of 10, and who has been let in. */
function inRoom(first: 'oldest' | 'smallest') {
  const room = createRoom(10, first);
  const inside: string[] = [];
  return { inside, take: (name: string, bytes: number) => room.take(bytes, () => inside.push(name)) };
}

test('whoever finds room goes at once; the others wait until it is given back, and a second time gives back nothing', () => {
  const { inside, take } = inRoom('oldest');
  const [one, two] = [take('one', 6), take('two', 4)];
  take('three', 5);
  expect(inside).toEqual(['one', 'two']);
  two();
  two();
  expect(inside).toEqual(['one', 'two']);
  one();
  expect(inside).toEqual(['one', 'two', 'three']);
});

test('the oldest goes first, or the smallest', () => {
  for (const [first, order] of [
    ['oldest', ['all', 'large', 'small']],
    ['smallest', ['all', 'small', 'large']],
  ] as const) {
    const { inside, take } = inRoom(first);
    const holders = [take('all', 10), take('more', 10)];
    take('large', 3);
    take('small', 2);
    for (const leave of holders) leave();
    expect(inside.filter((name) => name !== 'more')).toEqual(order);
  }
});

test('where the smallest goes first, large ones leave room for it', () => {
  const { inside, take } = inRoom('smallest');
  for (const name of ['one', 'two', 'three', 'four']) take(name, 4);
  take('small', 3);
  take('tiny', 1);
  expect(inside).toEqual(['one', 'small', 'tiny']);
});

test('who waits no longer is passed over, and more than all of it is all of it', () => {
  const { inside, take } = inRoom('oldest');
  const all = take('all', 1000);
  const gone = take('gone', 9);
  take('next', 2);
  gone();
  expect(inside).toEqual(['all']);
  all();
  expect(inside).toEqual(['all', 'next']);
  take('rest', 8);
  expect(inside).toEqual(['all', 'next', 'rest']);
});
