import { printable } from '../printable.ts';
import type { Place } from './place.ts';
import type { LoadWarning } from './policy.ts';

export interface LoadProblem {
  readonly file: string;
  /** 1-based; 0 where the problem is the file as a whole. */
  readonly line: number;
  /** `spec.rules[0].match`; empty where it is the document or the file. */
  readonly field: string;
  readonly message: string;
}

/** Policies that do not load: every problem that was found, not only the first. `message` has one a line. */
export class PolicyLoadError extends Error {
  override readonly name = 'PolicyLoadError';
  readonly problems: readonly LoadProblem[];

  constructor(problems: readonly LoadProblem[]) {
    super(problems.map(printProblem).join('\n'));
    this.problems = problems;
  }
}

/** `file:line: field: message`, on one line. */
export function printProblem({ file, line, field, message }: LoadProblem): string {
  return printable(`${file}${line === 0 ? '' : `:${line}`}: ${field === '' ? '' : `${field}: `}${message}`);
}

/** A warning of loading for people, on one line. */
export function printWarning({ file, line, message }: LoadWarning): string {
  return printable(`${file}:${line}: warning: ${message}`);
}

/** More would bury the first ones; a file that is no YAML can bring thousands. */
const maxProblems = 200;

/** What was found in one document. */
export class Report {
  readonly file: string;
  readonly problems: LoadProblem[] = [];
  readonly warnings: LoadWarning[] = [];

  constructor(file: string) {
    this.file = file;
  }

  problem(place: Place, message: string): void {
    if (this.problems.length >= maxProblems) return;
    this.problems.push({ file: this.file, line: place.line, field: place.path, message });
  }

  /** Valid for Kyverno, and not yet something that Countersign does: refused, never passed over. */
  notBuilt(place: Place, what?: string): void {
    this.problem(place, `not supported yet: ${place.path}${what === undefined ? '' : ` (${what})`}`);
  }

  warning(place: Place, message: string): void {
    const at = place.path === '' ? '' : `${place.path}: `;
    this.warnings.push({ file: this.file, line: place.line, message: at + message });
  }

  /** No problem was found at this place or below it, so what was read from it can be reasoned about. */
  clean(place: Place): boolean {
    return !this.problems.some(
      ({ field }) =>
        field === place.path ||
        place.path === '' ||
        (field.startsWith(place.path) && (field[place.path.length] === '.' || field[place.path.length] === '[')),
    );
  }
}
