import type { Operator } from '../operators.ts';
import type { Run } from '../run.ts';
import type { Json } from '../value.ts';
import { isIn, isNotIn } from './deprecated-membership.ts';
import { equals, notEquals } from './equality.ts';
import type { Judge } from './judge.ts';
import { allIn, allNotIn, anyIn, anyNotIn } from './membership.ts';
import {
  durationGreaterThan,
  durationGreaterThanOrEquals,
  durationLessThan,
  durationLessThanOrEquals,
  greaterThan,
  greaterThanOrEquals,
  lessThan,
  lessThanOrEquals,
} from './ordering.ts';

const judges: Readonly<Record<Operator, Judge>> = {
  Equals: equals,
  Equal: equals,
  NotEquals: notEquals,
  NotEqual: notEquals,
  In: isIn,
  NotIn: isNotIn,
  AnyIn: anyIn,
  AllIn: allIn,
  AnyNotIn: anyNotIn,
  AllNotIn: allNotIn,
  GreaterThanOrEquals: greaterThanOrEquals,
  GreaterThan: greaterThan,
  LessThanOrEquals: lessThanOrEquals,
  LessThan: lessThan,
  DurationGreaterThanOrEquals: durationGreaterThanOrEquals,
  DurationGreaterThan: durationGreaterThan,
  DurationLessThanOrEquals: durationLessThanOrEquals,
  DurationLessThan: durationLessThan,
};

/** Whether the operator holds between what a condition's key and value came to. Throws ExpressionError. */
export function holds(operator: Operator, key: Json, value: Json, run: Run): boolean {
  return judges[operator](key, value, run);
}
