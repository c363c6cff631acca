import type { Run } from '../run.ts';
import type { Json } from '../value.ts';

/** Whether an operator's condition is met. Throws ExpressionError. */
export type Judge = (key: Json, value: Json, run: Run) => boolean;
