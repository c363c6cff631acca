/** Why an expression has no value: it does not parse, names what is not there, or gives a function what it does not take. */
export class ExpressionError extends Error {
  override readonly name: string = 'ExpressionError';
}

/** The whole expression leads to a field that an object does not have. Text as Kyverno's, which policies' authors know. */
export class UnknownKey extends ExpressionError {
  override readonly name = 'UnknownKey';

  constructor(key: string) {
    super(`Unknown key ${JSON.stringify(key)} in path`);
  }
}

/** The same for one that takes too much: it is never swallowed, whatever stands around it. */
export class ExpressionTooCostly extends ExpressionError {
  override readonly name = 'ExpressionTooCostly';
}

/** Whether what was thrown may be swallowed, by what takes something else where an expression has no value. */
export function isSwallowed(thrown: unknown): boolean {
  return thrown instanceof ExpressionError && !(thrown instanceof ExpressionTooCostly);
}

/** What goes wrong in `work`, with where it did. */
export function told<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError) || where === '') throw thrown;
    const message = `${where}: ${thrown.message}`;
    throw thrown instanceof ExpressionTooCostly
      ? new ExpressionTooCostly(message, { cause: thrown })
      : new ExpressionError(message, { cause: thrown });
  }
}
