import { printable } from '../printable.ts';

export interface LoadProblem {
  readonly file: string;
  /** 1-based; 0 where the problem is the file as a whole. */
  readonly line: number;
  /** `spec.rules[0].match`; empty where it is the document or the file. */
  readonly field: string;
  readonly message: string;
}

export interface LoadWarning {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** Set where it is about what the trust root lacks, and so about where policies are loaded. */
  readonly lacks?: 'trust';
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
function printProblem({ file, line, field, message }: LoadProblem): string {
  return printable(`${file}${line === 0 ? '' : `:${line}`}: ${field === '' ? '' : `${field}: `}${message}`);
}

/** A warning of loading for people, on one line. */
export function printWarning({ file, line, message }: LoadWarning): string {
  return printable(`${file}:${line}: warning: ${message}`);
}
