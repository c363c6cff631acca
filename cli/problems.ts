import { FileError } from '../local/files.ts';
import { SecretEditError } from '../local/token-secret.ts';
import { TokenChangeError } from '../shared/admission/token-changes.ts';
import { PolicyLoadError } from '../shared/policy/problems.ts';
import { printable, printableLines } from '../shared/printable.ts';
import { messageOf } from '../shared/reasons.ts';
import { TrustUpdateError } from '../shared/trust-roots/update-error.ts';
import { ResourceError } from './resource-error.ts';
import { UsageError } from './usage.ts';

/** Why a command came to no verdict, as `-o json` prints it; null is what is not known, or concerns no file. */
export interface ProblemJson {
  readonly file: string | null;
  /** 1-based. */
  readonly line: number | null;
  /** `spec.rules[0].match`. */
  readonly field: string | null;
  readonly message: string;
}

/** What was thrown, for programs. A defect of ours is told by its message alone. */
export function problemsOf(thrown: unknown): ProblemJson[] {
  const nowhere = { file: null, line: null, field: null };
  if (thrown instanceof PolicyLoadError) {
    return thrown.problems.map(({ file, line, field, message }) => ({
      file,
      line: line === 0 ? null : line,
      field: field === '' ? null : field,
      message,
    }));
  }
  if (thrown instanceof ResourceError) {
    const { file, line, field, problem } = thrown;
    return [{ file, line: line ?? null, field: field ?? null, message: problem }];
  }
  if (thrown instanceof FileError) return [{ ...nowhere, file: thrown.file, message: thrown.message }];
  if (thrown instanceof UsageError) return thrown.problems.map((message) => ({ ...nowhere, message }));
  const message = messageOf(thrown);
  if (isOutcome(thrown)) return [{ ...nowhere, message }];
  return [{ ...nowhere, message: `a defect in Countersign: ${message}` }];
}

/** What was thrown, for people. */
export function textOf(thrown: unknown): string {
  if (thrown instanceof PolicyLoadError) return `${thrown.message}\n`;
  if (thrown instanceof ResourceError) return `${printable(thrown.message)}\n`;
  if (thrown instanceof FileError || thrown instanceof UsageError) {
    const told = thrown instanceof UsageError ? thrown.problems : [thrown.message];
    return `${told.map((problem) => `countersign: ${printable(problem)}\n`).join('')}(countersign --help)\n`;
  }
  if (isOutcome(thrown)) return `countersign: ${printable(thrown.message)}\n`;
  const told = Error.isError(thrown) ? (thrown.stack ?? thrown.message) : String(thrown);
  return `countersign: a defect in Countersign, please report it: ${printableLines(told)}\n`;
}

/** What a right use came to: the help says no more of it. */
function isOutcome(thrown: unknown): thrown is Error {
  return thrown instanceof TrustUpdateError || thrown instanceof TokenChangeError || thrown instanceof SecretEditError;
}

/** Whether a command's words ask for JSON; looked at before they are read, since they may be wrong. */
export function asksForJson(words: readonly string[]): boolean {
  return words.some(
    (word, at) =>
      word === '-ojson' ||
      /^--output(?:-format)?=json$/.test(word) ||
      (/^(?:-o|--output(?:-format)?)$/.test(word) && words[at + 1] === 'json'),
  );
}
