import fc from 'fast-check';
import type { Operator } from '../operators.ts';
import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

const ask = (operator: Operator, key: Json, value: Json) => holds(operator, key, value, createRun(0));

/** Numbers, durations, quantities, versions and ranges as text, well written or nearly so; words and patterns. */
const text = fc.oneof(
  fc.stringMatching(/^[-+]?[0-9]{1,4}(\.[0-9]{1,3})?([mkMGE]|Ki|Mi|s|ms|h|h[0-9]{1,2}m)?$/),
  fc.stringMatching(/^[0-3]\.[0-3]\.[0-3](-(a|b|1)(\.[0-9])?)?$/),
  fc.stringMatching(/^-?[0-9]{1,2}-[0-9]{1,2}$/),
  fc.stringMatching(/^[ab*?]{0,5}$/),
  fc.constantFrom('0', '1e3', '0s', 'true', '[]', '["a"]', 'null'),
  fc.string({ maxLength: 5 }),
);
const number = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const scalar: fc.Arbitrary<Json> = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const json = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>);
const strings = fc.array(text, { maxLength: 5 });

/** Both ways, often of the same value. */
const pair = fc.oneof(
  fc.tuple(json, json),
  json.map((one) => [one, structuredClone(one)] as const),
);

const numRuns = 2000;

test('of Equals and NotEquals one holds, unless the key is null', () => {
  fc.assert(
    fc.property(pair, ([key, value]) => ask('Equals', key, value) !== ask('NotEquals', key, value) || key === null),
    { numRuns },
  );
});

test('lists, objects, booleans and finite numbers equal themselves', () => {
  const plain = json.filter((one) => one !== null && typeof one !== 'string');
  fc.assert(
    fc.property(plain, (one) => ask('Equals', one, structuredClone(one))),
    { numRuns },
  );
});

test('an operator about lists and its negation never both hold of a single key', () => {
  const single = scalar.filter((key) => key !== null);
  fc.assert(
    fc.property(single, json, (key, value) => {
      for (const [operator, negation] of [
        ['In', 'NotIn'],
        ['AnyIn', 'AnyNotIn'],
        ['AllIn', 'AllNotIn'],
      ] as const) {
        expect([operator, ask(operator, key, value) && ask(negation, key, value)]).toEqual([operator, false]);
      }
    }),
    { numRuns },
  );
});

test('of a list of strings in a list of strings either an operator holds or its negation', () => {
  fc.assert(
    fc.property(strings, strings, (key, value) => {
      expect(ask('AnyIn', key, value)).toBe(!ask('AllNotIn', key, value));
      expect(ask('AllIn', key, value)).toBe(!ask('AnyNotIn', key, value));
      expect(ask('In', key, value)).toBe(!ask('NotIn', key, value));
    }),
    { numRuns },
  );
});

test('an operator about lists and its negation never both hold of a list, whatever it is held against', () => {
  fc.assert(
    fc.property(strings, json, (key, value) => {
      expect(ask('AnyIn', key, value) && ask('AllNotIn', key, value)).toBe(false);
      expect(ask('AllIn', key, value) && ask('AnyNotIn', key, value)).toBe(false);
      expect(ask('In', key, value) && ask('NotIn', key, value)).toBe(false);
    }),
    { numRuns },
  );
});

test('orders are antisymmetric, and the negation of what they leave out', () => {
  fc.assert(
    fc.property(pair, ([key, value]) => {
      for (const prefix of ['', 'Duration'] as const) {
        const more = ask(`${prefix}GreaterThan`, key, value);
        const atLeast = ask(`${prefix}GreaterThanOrEquals`, key, value);
        const less = ask(`${prefix}LessThan`, key, value);
        const atMost = ask(`${prefix}LessThanOrEquals`, key, value);
        expect(more && less).toBe(false);
        // They can be compared where one of these holds, and then they say the same thing.
        if (atLeast || atMost) expect([less, more]).toEqual([!atLeast, !atMost]);
        else expect([less, more]).toEqual([false, false]);
      }
    }),
    { numRuns },
  );
});

test('an order is turned round with the values, where both ways can be compared', () => {
  fc.assert(
    fc.property(pair, ([key, value]) => {
      for (const prefix of ['', 'Duration'] as const) {
        const there = [ask(`${prefix}GreaterThanOrEquals`, key, value), ask(`${prefix}LessThanOrEquals`, key, value)];
        const back = [ask(`${prefix}LessThanOrEquals`, value, key), ask(`${prefix}GreaterThanOrEquals`, value, key)];
        // Seconds as text can be compared with a duration, and a duration not with seconds as text.
        if (there.includes(true) && back.includes(true)) expect(there).toEqual(back);
      }
    }),
    { numRuns },
  );
});
