/** Why an expression has no value: it does not parse, names what is not there, or gives a function what it does not take. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** The same for one that takes too much: it is never swallowed, whatever stands around it. */
export class ExpressionTooCostly extends ExpressionError {}
