import fc from 'fast-check';
import type { WrittenBlock, WrittenCondition } from '../../../shared/expression/conditions.ts';
import type { Json, JsonObject } from '../../../shared/expression/value.ts';
import { type Triple, triple } from './operands.ts';

/** A list of blocks as a policy has it, and what they are about. */
export interface Asked {
  readonly blocks: readonly WrittenBlock[];
  readonly context: JsonObject;
}

/** Without the operators that have defects of their own in Kyverno: comparisons.ts names them. */
const small = triple.filter(
  ({ operator, key, value }) => !['NotIn', 'AnyNotIn'].includes(operator) && [key, value].flat().every(isSmall),
);

/** Numbers that Go and JSON write alike. */
function isSmall(value: Json): boolean {
  return typeof value !== 'number' || value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6);
}

const variable = fc.constantFrom(
  '{{ a }}',
  '{{ b }}',
  '{{ nothing }}',
  "{{ nothing || 'x' }}",
  'x-{{ a }}',
  '{{ b.c }}',
);
const condition: fc.Arbitrary<WrittenCondition> = fc
  .tuple(
    small,
    fc.option(variable, { freq: 2 }),
    fc.option(variable, { freq: 4 }),
    fc.constantFrom(undefined, 'it is', '{{ a }}'),
  )
  .map(([{ operator, key, value }, forKey, forValue, message]) => ({
    operator,
    key: forKey ?? key,
    value: forValue ?? value,
    ...(message === undefined ? {} : { message }),
  }));
/** Half of what is drawn does not hold: in long lists all would come to the same. */
const list = fc.array(condition, { minLength: 1, maxLength: 3 });
const block: fc.Arbitrary<WrittenBlock> = fc.oneof(
  list.map((any) => ({ any })),
  list.map((all) => ({ all })),
  fc.tuple(list, list).map(([any, all]) => ({ any, all })),
  fc.constant({}),
);
const holding: fc.Arbitrary<Triple> = fc.constantFrom<Triple>(
  { operator: 'Equals', key: 1, value: 1 },
  { operator: 'AnyIn', key: ['a'], value: 'a' },
  { operator: 'LessThan', key: '1h', value: '2h' },
);
const met: fc.Arbitrary<WrittenBlock> = fc.array(holding, { maxLength: 2 }).map((all) => ({ all }));

export const asked: fc.Arbitrary<Asked> = fc.record(
  {
    blocks: fc.array(fc.oneof(block, met), { maxLength: 3 }),
    context: fc.tuple(small, small).map(([one, other]) => ({ a: one.key, b: other.value })),
  },
  { noNullPrototype: true },
);
