import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import type { NotaryObjection } from './objection.ts';
import { titleOf } from './statement.ts';

/** What a statement's level does with what is found: it objects, or it makes a note and lets it pass. */
export class Leniency {
  readonly notes: string[] = [];
  readonly #statement: string;

  constructor(statement: TrustedStatement) {
    this.#statement = titleOf(statement);
  }

  /** The objection, where it is enforced; `undefined`: there is none, or it is a note now. */
  weigh(action: 'enforce' | 'log', found: NotaryObjection | undefined): NotaryObjection | undefined {
    if (found === undefined || action === 'enforce') return found;
    this.notes.push(`${this.#statement} only warns of this: a signature ${found.message}`);
    return undefined;
  }
}
