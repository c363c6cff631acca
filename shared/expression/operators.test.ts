import { operators, parseOperator } from './operators.ts';

test.each(operators)('%s is read in any case', (operator) => {
  expect(parseOperator(operator)).toBe(operator);
  expect(parseOperator(operator.toUpperCase())).toBe(operator);
  expect(parseOperator(operator.toLowerCase())).toBe(operator);
});

test.each(['', 'Is', 'Equals ', 'constructor', '__proto__', 'toString', 'EqualsEquals'])(
  '%j is no operator',
  (text) => {
    expect(parseOperator(text)).toBeUndefined();
  },
);
