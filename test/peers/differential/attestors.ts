import fc from 'fast-check';
import { type Attestor, type AttestorSet, keys, nested } from '../policies.ts';
import { reviewType } from '../predicates.ts';
import { scanType, type Who, type World } from './world.ts';

// Attestors and attestations of a policy, drawn at random. What is drawn needs the world's keys to be written.

export type Drawn<Value> = (world: World) => Value;

/** No key twice in a set: the same signer twice is not two here, which cases of their own are about. */
const distinct = fc.shuffledSubarray<Who>(['a', 'b', 'c'], { minLength: 1, maxLength: 3 });
const annotations = fc.constantFrom<Record<string, string>>(
  { env: 'prod' },
  { env: 'test' },
  { env: 'prod', team: 'one' },
  { env: 'pro*' },
);

function entryOf(who: readonly Who[], claims: Record<string, string> | null): Drawn<Attestor> {
  return (world) => keys(who.map((each) => world.keys[each]).join(''), claims === null ? {} : { annotations: claims });
}

/** One entry for each key, all keys in one entry, or the first beside the others in a set of their own. */
const shape = fc.constantFrom('apart', 'apart', 'apart', 'together', 'nested');

/** `count` is drawn of what Kyverno takes: at most the number of entries. */
export const attestorSet: fc.Arbitrary<Drawn<AttestorSet>> = fc
  .tuple(distinct, shape, fc.option(fc.nat(2), { freq: 2 }), fc.option(fc.nat(2)), fc.option(annotations, { freq: 1 }))
  .map(([who, how, count, inner, claims]) => (world) => {
    const [first, ...others] = who;
    const one = (of: readonly Who[]) => entryOf(of, null)(world);
    const plain = (of: readonly Who[]) => entryOf(of, claims)(world);
    if (how === 'together') return counted([plain(who)], count);
    if (how === 'nested' && first !== undefined && others.length > 0) {
      return counted(
        [
          one([first]),
          nested(
            counted(
              others.map((each) => one([each])),
              inner,
            ),
          ),
        ],
        count,
      );
    }
    return counted(
      who.map((each) => plain([each])),
      count,
    );
  });

function counted(entries: readonly Attestor[], count: number | null): AttestorSet {
  return count === null ? { entries } : { count: (count % entries.length) + 1, entries };
}

const operators: fc.Arbitrary<readonly [key: unknown, operator: string, value: unknown]> = fc.constantFrom<
  readonly [unknown, string, unknown]
>(
  ['{{ approved }}', 'Equals', true],
  ['{{ approved }}', 'NotEquals', false],
  ['{{ round }}', 'GreaterThan', 1],
  ['{{ round }}', 'LessThanOrEquals', 2],
  ['{{ by }}', 'AnyIn', ['alice', 'carol']],
  ['{{ by }}', 'AllIn', ['alice', 'bob', 'carol']],
  ['{{ by }}', 'AllNotIn', ['mallory']],
  ['{{ by[0] }}', 'Equals', 'al*'],
  ['{{ length(by) }}', 'Equals', 2],
  ["{{ missing || 'none' }}", 'Equals', 'none'],
  ['{{ missing }}', 'Equals', 'none'],
  ['{{ request.object.metadata.namespace }}', 'Equals', '*-prod'],
  ['{{ score }}', 'GreaterThanOrEquals', 7],
);
const condition = operators.map(([key, operator, value]) => ({ key, operator, value }));
const block = fc.oneof(
  fc.array(condition, { minLength: 1, maxLength: 2 }).map((all) => ({ all })),
  fc.array(condition, { minLength: 1, maxLength: 2 }).map((any) => ({ any })),
  fc.tuple(condition, condition).map(([any, all]) => ({ any: [any], all: [all] })),
);

/** By one key at a time: of several in one text Kyverno says another thing here. */
const statingSet: fc.Arbitrary<Drawn<AttestorSet>> = fc
  .tuple(
    fc.constantFrom<readonly Who[]>(['a'], ['a'], ['a'], ['b'], ['a', 'b']),
    fc.option(fc.constant(0), { freq: 1 }),
  )
  .map(([who, count]) => (world) => {
    const entries = who.map((each) => keys(world.keys[each]));
    return counted(entries, count);
  });

export const attestation: fc.Arbitrary<Drawn<object>> = fc
  .tuple(
    fc.constantFrom(reviewType, reviewType, reviewType, scanType),
    statingSet,
    fc.option(fc.array(block, { minLength: 1, maxLength: 2 }), { freq: 5 }),
  )
  .map(([type, set, conditions]) => (world) => ({
    type,
    attestors: [set(world)],
    ...(conditions === null ? {} : { conditions }),
  }));
