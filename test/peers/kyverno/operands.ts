import fc from 'fast-check';
import { type Operator, operators } from '../../../shared/expression/operators.ts';
import type { Json } from '../../../shared/expression/value.ts';

/** A condition whose variables have been substituted. */
export interface Triple {
  readonly operator: Operator;
  readonly key: Json;
  readonly value: Json;
}

const digits = fc.constantFrom('0', '1', '2', '3', '5', '7', '10', '12', '60', '100', '1000', '1024', '3600', '86400');
const sign = fc.constantFrom('', '', '', '-', '+');
const decimal = fc.tuple(sign, digits, fc.constantFrom('', '', '', '.0', '.5', '.25', '.001', '.')).map(join);
const suffixes = [
  '',
  'n',
  'u',
  'm',
  'k',
  'K',
  'M',
  'G',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'E',
  'Ei',
  'e3',
  'E2',
  'e-3',
  'e+1',
  'B',
];
const quantity = fc.tuple(decimal, fc.constantFrom(...suffixes)).map(join);
const units = ['ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'h', 'd', ''];
const duration = fc
  .tuple(
    sign,
    fc
      .array(fc.tuple(digits, fc.constantFrom('', '', '.5'), fc.constantFrom(...units)).map(join), {
        minLength: 1,
        maxLength: 2,
      })
      .map(join),
  )
  .map(join);
const core = fc.tuple(digits, digits, digits).map((parts) => parts.join('.'));
const version = fc
  .tuple(fc.constantFrom('', '', '', 'v'), core, fc.constantFrom('', '', '-rc.1', '-alpha', '-1', '+build', '-rc.2+b'))
  .map(join);
const versionRange = fc
  .array(fc.tuple(fc.constantFrom('>=', '<', '>', '<=', '!', '=', '!=', ''), version).map(join), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(' '));
const bound = fc.oneof(quantity, duration, decimal, version);
const range = fc.tuple(bound, fc.constantFrom('-', '-', '!-', ' - '), bound).map(join);
const comparison = fc.tuple(fc.constantFrom('>', '<', '>=', '<=', '!', '> ', '=='), bound).map(join);
const letters = fc.constantFrom(
  'a',
  'b',
  'ab',
  'abc',
  'nginx',
  'Ab',
  'é',
  '😀',
  '',
  ' ',
  'a b',
  'true',
  'null',
  '<nil>',
  'a-b',
  '[]',
  '"a"',
  '{}',
  'map[]',
);
const wildcards = fc
  .array(fc.constantFrom('*', '?', 'a', 'b', 'n', '1', '-', ' '), { minLength: 1, maxLength: 5 })
  .map(join);
const alternatives = fc
  .tuple(wildcards, fc.constantFrom(' | ', '|', ' & ', '&'), fc.oneof(letters, comparison))
  .map(join);
const json = fc
  .oneof(
    fc.array(fc.oneof(letters, quantity, wildcards), { maxLength: 3 }),
    fc.array(fc.oneof(letters, fc.integer({ min: -3, max: 12 }), fc.constant(null), fc.boolean()), { maxLength: 3 }),
    fc.constantFrom<Json>({}, { a: 1 }, null, true, 7, 'a'),
  )
  .map((value) => JSON.stringify(value));
const text = fc.oneof(
  { weight: 3, arbitrary: letters },
  { weight: 3, arbitrary: quantity },
  { weight: 3, arbitrary: duration },
  { weight: 2, arbitrary: decimal },
  { weight: 2, arbitrary: version },
  { weight: 1, arbitrary: versionRange },
  { weight: 2, arbitrary: range },
  { weight: 1, arbitrary: comparison },
  { weight: 2, arbitrary: wildcards },
  { weight: 1, arbitrary: alternatives },
  { weight: 2, arbitrary: json },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const number = fc.oneof(
  fc.integer({ min: -5, max: 12 }),
  fc.constantFrom(
    0,
    0.5,
    1.5,
    2.25,
    60,
    100,
    1000,
    1024,
    3600,
    86_400,
    1e6,
    1e21,
    1e-7,
    2 ** 53,
    2 ** 31,
    123_456_789.125,
  ),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: number },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);
const list: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.array(text, { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.array(number, { maxLength: 4 }) },
  { weight: 3, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant<Json>({ a: 1 })), {
      maxLength: 3,
    }),
  },
);
const object: fc.Arbitrary<Json> = fc.dictionary(fc.constantFrom('a', 'b', '1'), scalar, {
  maxKeys: 2,
  noNullPrototype: true,
});
const operand: fc.Arbitrary<Json> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 5, arbitrary: list },
  { weight: 1, arbitrary: object },
);

/** Pairs that have something to do with each other: of two drawn at random few do. */
const pair = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(operand, operand) },
  { weight: 1, arbitrary: operand.map((one) => [one, one] as const) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(scalar, fc.array(scalar, { maxLength: 2 }))
      .map(([one, others]) => [one, [...others, one]] as const),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(scalar, scalar).map(
      ([one, other]) =>
        [
          [one, other],
          [other, one],
        ] as const,
    ),
  },
  { weight: 1, arbitrary: scalar.map((one) => [one, String(one)] as const) },
  { weight: 1, arbitrary: scalar.map((one) => [[one], String(one)] as const) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(quantity, number), fc.oneof(quantity, number)) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(duration, number), fc.oneof(duration, number)) },
  { weight: 1, arbitrary: fc.tuple(version, fc.oneof(version, versionRange)) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(bound, fc.array(bound, { maxLength: 3 })), range) },
);

export const triple: fc.Arbitrary<Triple> = fc
  .tuple(fc.constantFrom(...operators), pair)
  .map(([operator, [key, value]]) => ({ operator, key, value }));

function join(parts: readonly string[]): string {
  return parts.join('');
}
