import { inTime } from '../net/in-time.ts';
import type { Spending } from '../net/spending.ts';
import { asRefusal, Refusal } from '../reasons.ts';
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
  #late = false;

  of(question: RevocationQuestion): RevocationAnswer | undefined {
    const name = questionName(question);
    const answer = this.#answers.get(name);
    if (answer !== undefined || this.#open.has(name)) return answer;
    if (this.#answers.size + this.#open.size >= mostQuestions) return tooMany;
    this.#open.set(name, question);
    return undefined;
  }

  /** Whether an answer is missing since the time of the review ended first. */
  get late(): boolean {
    return this.#late;
  }

  /**
   * Asks what is open, all at once. `false`: nothing was, so what was judged stands. Rejects with Refusal `review-too-large`: who attached
   * all that the review had to read is not to choose that revocations stay unknown.
   */
  async ask(revocations: Revocations | undefined, allowance: Spending): Promise<boolean> {
    const asked = [...this.#open];
    this.#open.clear();
    if (asked.length === 0) return false;
    await Promise.all(
      asked.map(async ([name, question]) => {
        this.#answers.set(name, await this.#answer(question, revocations, allowance));
      }),
    );
    return true;
  }

  async #answer(
    question: RevocationQuestion,
    revocations: Revocations | undefined,
    allowance: Spending,
  ): Promise<RevocationAnswer> {
    if (revocations === undefined) return unknown('nobody is asked here about revocations');
    const late = () => new Refusal('deadline', 'the time of the review ended before there was an answer');
    try {
      return await inTime(revocations.ask(question, allowance), allowance.deadline, late);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      if (refusal.reason === 'review-too-large') throw refusal;
      if (refusal.late) this.#late = true;
      return unknown(refusal.message);
    }
  }
}

const tooMany: RevocationAnswer = {
  status: 'too-many',
  message: `more than ${mostQuestions} questions about revocations`,
  until: 0,
};

function unknown(message: string): RevocationAnswer {
  return { status: 'unknown', message, until: 0 };
}
