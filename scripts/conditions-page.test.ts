import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRun } from '../shared/expression/engine.ts';
import { holds } from '../shared/expression/operators/table.ts';
import { operators, parseOperator } from '../shared/expression/operators.ts';

// docs/conditions.md names every operator, and its examples hold, or do not, as it says.

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'conditions.md'), 'utf8');
const examples = [...page.matchAll(/^\| `(.+)` \| `(\w+)` \| `(.+)` \| (yes|no) \|$/gm)];

test('it has every operator, but for those that are called like another one', () => {
  const named = operators.filter((operator) => page.includes(`\`${operator}\``));
  const alike = ['DurationGreaterThanOrEquals', 'DurationLessThanOrEquals', 'DurationLessThan'];
  expect([...named, ...alike].sort()).toEqual([...operators].sort());
});

test.each(examples.map(([, key = '', operator = '', value = '', expected = '']) => [key, operator, value, expected]))(
  '%s %s %s: %s',
  (key, operator, value, expected) => {
    const parsed = parseOperator(operator);
    if (parsed === undefined) throw new Error(`${operator} is no operator`);
    expect(holds(parsed, JSON.parse(key), JSON.parse(value), createRun(0))).toBe(expected === 'yes');
  },
);

test('there are examples', () => {
  expect(examples.length).toBeGreaterThan(15);
});
