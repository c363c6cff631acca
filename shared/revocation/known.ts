import type { Spending } from '../net/spending.ts';
import { asRefusal } from '../reasons.ts';
import {
  questionName,
  type RevocationAnswer,
  type RevocationQuestion,
  type Revocations,
  type RevocationView,
} from './revocation.ts';

/** Questions about one check on one image: whoever attached signatures chooses how many of them there are. */
const mostQuestions = 16;

/** What is known of revocations while a check is made: whoever judges says what is missing, and it is asked for. */
export class KnownRevocations implements RevocationView {
  readonly #answers = new Map<string, RevocationAnswer>();
  readonly #open = new Map<string, RevocationQuestion>();

  of(question: RevocationQuestion): RevocationAnswer | undefined {
    const name = questionName(question);
    const answer = this.#answers.get(name);
    if (answer === undefined && this.#answers.size + this.#open.size < mostQuestions) this.#open.set(name, question);
    return answer;
  }

  /** Asks what is open, all at once. `false`: nothing was, so what was judged stands. */
  async ask(revocations: Revocations | undefined, allowance: Spending): Promise<boolean> {
    const asked = [...this.#open];
    this.#open.clear();
    if (asked.length === 0) return false;
    await Promise.all(
      asked.map(async ([name, question]) => this.#answers.set(name, await answerTo(question, revocations, allowance))),
    );
    return true;
  }
}

async function answerTo(
  question: RevocationQuestion,
  revocations: Revocations | undefined,
  allowance: Spending,
): Promise<RevocationAnswer> {
  if (revocations === undefined) return unknown('nobody is asked here about revocations');
  try {
    return await revocations.ask(question, allowance);
  } catch (thrown) {
    return unknown(asRefusal(thrown).message);
  }
}

function unknown(message: string): RevocationAnswer {
  return { status: 'unknown', message, until: 0 };
}
