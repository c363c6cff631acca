import { UsageError } from './usage.ts';

/** `-` among the names that a command reads: once, since standard input is read once. Throws UsageError. */
export function refuseSecondStandardInput(...named: readonly (readonly string[])[]): void {
  if (named.flat().filter((name) => name === '-').length > 1) {
    throw new UsageError("'-' is given twice: standard input is read once");
  }
}
