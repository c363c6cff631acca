/**
 * What evaluates expressions, behind one door: it is loaded with `import()` by those whose policies have any, since the parser and
 * the functions take milliseconds that others do without.
 */
export { compileExpression } from './compile.ts';
export { functionTable } from './functions/table.ts';
export { createRun } from './run.ts';
