import { createHash } from 'node:crypto';
import { Malformed } from '../evidence/malformed.ts';
import { atOnce } from '../slices.ts';
import { ReviewPredicates } from './predicates.ts';

/** Text of that many values, unlike any other. */
function predicate(name: string, values: number) {
  const bytes = Buffer.from(`["${name}"${',1'.repeat(values - 1)}]`);
  return { hash: createHash('sha256').update(bytes).digest('hex'), bytes };
}
const refused = expect.objectContaining({ kind: 'denied', reason: 'review-too-large' });
const read = (predicates: ReviewPredicates, { hash, bytes }: ReturnType<typeof predicate>) =>
  atOnce(predicates.read(hash, bytes));

const large = [predicate('a', 450_000), predicate('b', 450_000), predicate('c', 450_000)] as const;

test('a million values are read for a review, and what does not fit is refused', () => {
  const predicates = new ReviewPredicates();
  expect([read(predicates, large[0]), read(predicates, large[1])]).toHaveLength(2);
  expect(() => read(predicates, large[2])).toThrow(refused);
  expect(predicates.get(large[2].hash)).toBeUndefined();
  expect(read(predicates, predicate('small', 100_000))).toHaveLength(100_000);
  expect(() => read(predicates, predicate('another', 10))).toThrow(refused);
  expect(predicates.get(large[0].hash)).toHaveLength(450_000);
});

test('what was read counts once, whichever images it is about', () => {
  const predicates = new ReviewPredicates();
  const copy = { ...large[0], bytes: Buffer.from(large[0].bytes) };
  for (let time = 0; time < 5; time += 1) expect(read(predicates, copy)).toBe(read(predicates, large[0]));
  expect(read(predicates, large[1])).toHaveLength(450_000);
});

test('what another review has parsed is not parsed again, and counts all the same', () => {
  const before = new ReviewPredicates();
  const kept = large.map((each) => {
    const bytes = Buffer.from(each.bytes);
    const one = new ReviewPredicates();
    read(one, each);
    one.keep(each.hash, bytes);
    return { hash: each.hash, bytes };
  });
  const [first, second, third] = kept;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three are kept');
  expect(read(before, first)).toBe(read(new ReviewPredicates(), first));
  read(before, second);
  expect(() => read(before, third)).toThrow(refused);
});

test('what is no JSON is not read, nor is what nobody has read', () => {
  const predicates = new ReviewPredicates();
  expect(() => atOnce(predicates.read('0', Buffer.from('{')))).toThrow(Malformed);
  expect(predicates.get('0')).toBeUndefined();
  const bytes = Buffer.from('[1]');
  predicates.keep('1', bytes);
  expect(atOnce(predicates.read('1', bytes))).toEqual([1]);
});
