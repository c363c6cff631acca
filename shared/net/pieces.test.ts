import { once } from 'node:events';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTurnShare, inPieces, type TurnShare } from './pieces.ts';

/** A connection on which `received` has arrived, and what a reader that takes all that there is has been handed so far. */
function connection(received: Buffer, share?: TurnShare) {
  // A socket of no connection: what has arrived is put into it.
  const socket = new Socket();
  const handed: Buffer[] = [];
  inPieces(socket, share);
  const take = () => {
    for (let piece: unknown = socket.read(); piece !== null; piece = socket.read()) handed.push(piece as Buffer);
  };
  socket.on('readable', take);
  socket.push(received);
  return { socket, handed, take, text: () => Buffer.concat(handed).toString() };
}

const lines = (count: number, line = 'a:\r\n') => Buffer.from(line.repeat(count));
const linesIn = (pieces: readonly Buffer[]) =>
  pieces.reduce((sum, piece) => sum + piece.toString().split('\n').length - 1, 0);

test('what has arrived comes whole and in order, and the end after it', async () => {
  const received = Buffer.concat([lines(5000), Buffer.alloc(50_000, 'x'), lines(700, '\n'), Buffer.from('end')]);
  for (const share of [undefined, createTurnShare()]) {
    const { socket, text } = connection(received, share);
    const ended = once(socket, 'end');
    socket.push(null);
    await ended;
    expect(text()).toBe(received.toString());
  }
});

test('a piece has few lines, and one of few lines is as long as what has arrived', async () => {
  const { handed } = connection(Buffer.concat([lines(1000), Buffer.alloc(50_000, 'x')]));
  await nextTurn();
  expect(handed.map((piece) => linesIn([piece]))).toEqual([256, 256, 256, 232]);
  expect(handed[3]?.length).toBe(232 * 4 + 50_000);
});

test('a connection that is destroyed at one piece hands over no other', async () => {
  const { socket, handed } = connection(lines(1000));
  socket.removeAllListeners('readable');
  socket.on('readable', () => {
    for (let piece: unknown = socket.read(); piece !== null; piece = socket.read()) {
      handed.push(piece as Buffer);
      socket.destroy();
    }
  });
  await once(socket, 'close');
  expect(linesIn(handed)).toBe(256);
});

test('however many connections pour at once, few lines are handed over in one turn, and in the end all of them', async () => {
  const share = createTurnShare();
  const pouring = Array.from({ length: 30 }, () => connection(lines(1000), share));
  let before = 0;
  let most = 0;
  for (let all = 0; all < 30_000; ) {
    await nextTurn();
    all = pouring.reduce((sum, { handed }) => sum + linesIn(handed), 0);
    most = Math.max(most, all - before);
    before = all;
  }
  // Those of the turn that began, and of the one before, which what came by itself had for its own.
  expect(most).toBeLessThanOrEqual(2 * 1024);
});

test('one with little to hand over waits for none of those with much', async () => {
  const share = createTurnShare();
  const pouring = Array.from({ length: 30 }, () => connection(lines(4000), share));
  for (let turn = 0; turn < 15; turn++) await nextTurn();
  const small = connection(lines(20), share);
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  expect(linesIn(small.handed)).toBe(20);
  expect(pouring.every(({ handed }) => linesIn(handed) < 4000)).toBe(true);
});

test('a connection that ends while it waits is forgotten, and the others go on', async () => {
  const share = createTurnShare();
  const [first, second] = [connection(lines(2000), share), connection(lines(2000), share)];
  await nextTurn();
  first.socket.destroy();
  const { length } = first.handed;
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  expect(first.handed).toHaveLength(length);
  expect(linesIn(second.handed)).toBe(2000);
});
