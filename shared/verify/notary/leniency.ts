import { quoted } from '../../printable.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import type { NotaryObjection } from './objection.ts';

const longestName = 100;

/** What a statement's level does with what is found: it objects, or it makes a note and lets it pass. */
export class Leniency {
  readonly notes: string[] = [];
  readonly #statement: string;

  constructor({ name }: TrustedStatement) {
    this.#statement = quoted(name, longestName);
  }

  /** The objection, where it is enforced; `undefined`: there is none, or it is a note now. */
  weigh(action: 'enforce' | 'log', found: NotaryObjection | undefined): NotaryObjection | undefined {
    if (found === undefined || action === 'enforce') return found;
    this.notes.push(`a signature ${found.message} (the trust policy ${this.#statement} only warns of that)`);
    return undefined;
  }
}
