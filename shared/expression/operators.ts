/** Kyverno's operators of conditions, in its spelling. */
export const operators = [
  'Equals',
  'NotEquals',
  'Equal',
  'NotEqual',
  'In',
  'AnyIn',
  'AllIn',
  'NotIn',
  'AnyNotIn',
  'AllNotIn',
  'GreaterThanOrEquals',
  'GreaterThan',
  'LessThanOrEquals',
  'LessThan',
  'DurationGreaterThanOrEquals',
  'DurationGreaterThan',
  'DurationLessThanOrEquals',
  'DurationLessThan',
] as const;
export type Operator = (typeof operators)[number];

const byLowerCase = new Map<string, Operator>(operators.map((operator) => [operator.toLowerCase(), operator]));

/** Reads an operator's name in any case, as Kyverno does; `undefined`: there is none of that name. */
export function parseOperator(text: string): Operator | undefined {
  return byLowerCase.get(text.toLowerCase());
}
