/** Why a resource cannot be looked at. Exit status 2. */
export class ResourceError extends Error {
  override readonly name = 'ResourceError';
  readonly file: string;
  /** 1-based. */
  readonly line: number | undefined;
  readonly field: string | undefined;
  /** The message without the place. */
  readonly problem: string;

  constructor(problem: string, place: { readonly file: string; readonly line?: number; readonly field?: string }) {
    const { file, line, field } = place;
    super(`${file}${line === undefined ? '' : `:${line}`}: ${field === undefined ? '' : `${field}: `}${problem}`);
    this.file = file;
    this.line = line;
    this.field = field;
    this.problem = problem;
  }
}
