import { once } from 'node:events';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGates, handshakeTooLarge } from './gates.ts';

/** The clock of a test: it stands still but for what TLS computes. */
const time = { now: 0 };

/** Connections behind gates of one scene, and the order in which what came on them was handed over. */
function scene() {
  const gates = createGates(() => time.now);
  const order: string[] = [];
  /** `each`: milliseconds that TLS computes for what is handed over. */
  function connect(name: string, received: number, each = 0) {
    // A socket of no connection: what has arrived is put into it.
    const socket = new Socket();
    const gate = gates.before(socket);
    const seen = { bytes: 0 };
    gate.on('data', (chunk: Buffer) => {
      time.now += each;
      seen.bytes += chunk.length;
      order.push(name);
    });
    gate.on('error', () => undefined);
    socket.push(Buffer.alloc(received));
    return { socket, gate, seen };
  }
  return { connect, order };
}

test('what comes is handed over, and the end after it', async () => {
  const { connect } = scene();
  const { socket, gate, seen } = connect('a', 5000);
  gate.opened();
  socket.push(Buffer.alloc(100_000));
  socket.push(null);
  await once(gate, 'end');
  expect(seen.bytes).toBe(105_000);
});

test('a handshake over its bound is ended before TLS has what is over it; afterwards nothing is counted', async () => {
  const { connect } = scene();
  const large = connect('large', 16 * 1024 + 1);
  const [error] = await once(large.gate, 'error');
  expect(error).toMatchObject({ code: handshakeTooLarge });
  expect([large.seen.bytes, large.socket.destroyed]).toEqual([16 * 1024, true]);
  const within = connect('within', 16 * 1024);
  while (within.seen.bytes < 16 * 1024) await nextTurn();
  within.gate.opened();
  within.socket.push(Buffer.alloc(1000));
  while (within.seen.bytes < 17 * 1024 - 24) await nextTurn();
  expect(within.gate.destroyed).toBe(false);
});

test('one after the other, the smallest first, and after much of it a turn without', async () => {
  const { connect, order } = scene();
  const slow = Array.from({ length: 4 }, (_, index) => connect(`slow ${index}`, 9000, index === 0 ? 400 : 11));
  const small = connect('small', 3000, 1);
  await nextTurn();
  await nextTurn();
  expect(order).toEqual(['small', 'slow 0']);
  const turns = Array.from({ length: 10 }, () => nextTurn());
  await Promise.all(turns);
  expect(order).toEqual(['small', 'slow 0']);
  while (order.length < 5) await nextTurn();
  expect(order.slice(2)).toEqual(['slow 1', 'slow 2', 'slow 3']);
  expect([...slow, small].every(({ gate }) => !gate.destroyed)).toBe(true);
});

test('a connection that breaks ends its gate, and a gate its connection', async () => {
  const { connect } = scene();
  const broken = connect('broken', 10);
  broken.socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  const [error] = await once(broken.gate, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  const left = connect('left', 10);
  left.gate.destroy();
  await once(left.socket, 'close');
});
