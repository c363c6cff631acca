import { Pieces } from './pieces.ts';

const whole = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 251));

test.each([1, 2, 1000, 9999, 10_000])('pieces of %d bytes are put together in order', (length) => {
  const pieces = new Pieces();
  for (let at = 0; at < whole.length; at += length) pieces.add(whole.subarray(at, at + length));
  expect(pieces.size).toBe(whole.length);
  expect(pieces.bytes().equals(whole)).toBe(true);
});

test('nothing, and pieces without a byte', () => {
  const pieces = new Pieces();
  expect(pieces.bytes()).toHaveLength(0);
  for (const piece of ['', 'a', '', 'b', '']) pieces.add(Buffer.from(piece));
  expect(pieces.bytes().toString()).toBe('ab');
});

test('a piece is neither kept nor written to once there is another', () => {
  const received = new Uint8Array(Buffer.from('first, with room behind it'));
  const pieces = new Pieces();
  pieces.add(received.subarray(0, 5));
  expect(pieces.bytes().buffer).toBe(received.buffer);
  pieces.add(Buffer.from('!'));
  expect(pieces.bytes().toString()).toBe('first!');
  expect(Buffer.from(received).toString()).toBe('first, with room behind it');
});

test('two million pieces of one byte take some bytes each, not a hundred', () => {
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const pieces = new Pieces();
  const before = used();
  for (let at = 0; at < 2_000_000; at += 1) pieces.add(whole.subarray(at % 100, (at % 100) + 1));
  const after = used();
  expect(pieces.bytes()).toHaveLength(2_000_000);
  expect(after - before).toBeLessThan(100_000_000);
});
