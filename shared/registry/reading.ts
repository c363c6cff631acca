import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import type { Allowance } from './registry.ts';

/**
 * Requests that a signed image is worth. A failure of the registry within them is the registry's; one after more of them came of how much
 * is attached, which its author chose.
 */
const fewRequests = 10;
/** Failures of the registry after which nothing more is asked for: one broken referrer must not hide the rest. */
const mostFailures = 3;

/** What something that was not read may have held. */
export type MayHold = Held | 'either';
type Held = 'signatures' | 'attestations';

/**
 * The reading of what is attached to one digest: what could not be read, and when to stop. It ends with the review's time or bytes, and
 * where the registry asks to slow down or fails again and again: then nothing more is asked for, nor tried again. Once the registry has
 * answered, what was too much or too slow is `attached-too-slow`: else whoever attaches could bring about what failurePolicy Ignore
 * admits.
 */
export class Reading {
  /** The allowance, as this reading lets it be used. */
  readonly spending: Allowance;
  readonly #repository: Repository;
  readonly #digest: Digest;
  readonly #unreadable: Readonly<Record<Held, Set<Refusal>>> = { signatures: new Set(), attestations: new Set() };
  #stopped = false;
  #answered = false;
  #begun = 0;
  #failures = 0;
  #retries = 0;

  constructor(repository: Repository, digest: Digest, allowance: Allowance) {
    this.#repository = repository;
    this.#digest = digest;
    // What is under way when the reading ends may still come. Of many requests few are tried again, or a failing registry would be
    // asked four times for each.
    const mayRetry = () => !this.#stopped && (this.#begun <= fewRequests || this.#retries++ < fewRequests);
    this.spending = { ...allowance, mayRetry };
  }

  /** What could not be read and may have held such a thing, or kept it from being read. What may be either is among both. */
  unreadable(held: Held): readonly Refusal[] {
    return [...this.#unreadable[held]];
  }

  /** What `work` gives, or `undefined` with its refusal put down. */
  async attempt<T>(work: () => Promise<T>, mayHold: MayHold = 'either'): Promise<T | undefined> {
    if (this.#stopped) return undefined;
    this.begin();
    try {
      const result = await work();
      this.hear();
      return result;
    } catch (thrown) {
      this.putDown(asRefusal(thrown), mayHold);
      return undefined;
    }
  }

  /** Counts a request that is no attempt. */
  begin(): void {
    this.#begun++;
  }

  /** The registry has answered. */
  hear(): void {
    this.#answered = true;
  }

  putDown(refusal: Refusal, mayHold: MayHold = 'either'): void {
    const { reason, kind } = refusal;
    if (kind === 'denied') this.hear();
    else this.#failures++;
    const told = this.#blamed(refusal);
    const ends = this.#ends(reason);
    this.#stopped ||= ends;
    // What nobody asks for any more may be anything.
    if (ends || mayHold !== 'attestations') this.#unreadable.signatures.add(told);
    if (ends || mayHold !== 'signatures') this.#unreadable.attestations.add(told);
  }

  #ends(reason: Refusal['reason']): boolean {
    // One source that is too slow for the door leaves time for the rest.
    const over = reason === 'deadline' && this.spending.deadline.remaining() === 0;
    if (over || reason === 'review-too-large' || this.#failures === mostFailures) return true;
    // Where an image asks for little, all of it is asked for: the registry may have room for the next request.
    return reason === 'registry-throttled' && this.#begun > fewRequests;
  }

  #blamed(refusal: Refusal): Refusal {
    const late = refusal.reason === 'deadline';
    if (refusal.kind !== 'unavailable' || (late ? !this.#answered : this.#begun <= fewRequests)) return refusal;
    const why = late ? 'takes too long to read' : 'takes too many requests';
    return attachedTooSlow(this.#repository, this.#digest, why, refusal);
  }
}

/** Why it counts as the image's own doing that something attached to it was not read: its refusal by the registry's or our own word. */
export function attachedTooSlow(repository: Repository, digest: Digest, why: string, cause: Refusal): Refusal {
  const told = `what is attached to ${repositoryName(repository)}@${digest} ${why}: ${cause.message}`;
  return new Refusal('attached-too-slow', told, { cause });
}
