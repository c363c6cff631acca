import type { LoadProblem, LoadWarning } from '../problems.ts';
import type { Place } from './place.ts';

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
  notBuilt(place: Place, what?: string, advice?: string): void {
    const named = what === undefined ? '' : ` (${what})`;
    this.problem(place, `not supported yet: ${place.path}${named}${advice === undefined ? '' : `: ${advice}`}`);
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
