import type { Shortage } from './admission/budget.ts';
import type { AdmissionRequest } from './admission/review.ts';
import type { Digest } from './image/digest.ts';
import type { ImageReference } from './image/reference.ts';
import { type Repository, repositoryName } from './image/repository.ts';
import type { Ledger, Session } from './ledger/ledger.ts';
import { type Clock, type Deadline, type Elapsed, shareOf } from './net/deadline.ts';
import { inTime } from './net/in-time.ts';
import { inSlices } from './net/steps.ts';
import { namedHosts } from './policy/hosts.ts';
import type { Rule } from './policy/policy.ts';
import { type Question, selectInSteps } from './policy/select.ts';
import { type Purpose, taskOf } from './policy/task.ts';
import { asRefusal, Refusal } from './reasons.ts';
import { byteBudget, defaultReviewImages } from './registry/allowance.ts';
import type { Allowance, Registry } from './registry/registry.ts';
import { createChecks } from './trust/checks.ts';
import { blame, type Circumstances } from './verdict/blame.ts';
import { Examiner } from './verdict/examiner.ts';
import { type AskedCheck, askCheck, type Inquiry, inquiryKey, openInquiry, wanted } from './verdict/inquiry.ts';
import { judge } from './verdict/judge.ts';
import type { Verdict } from './verdict/verdict.ts';

export interface Ports {
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** Registry hosts that the settings name, beside those that the rules name literally. */
  readonly registries: readonly string[];
  /**
   * What becomes of an image at any other host, which its author chose: deployed it is refused, since the holder of a webhook token
   * could have any host called. Else it is called, and the failures of such a host deny.
   */
  readonly otherHosts?: 'refuse' | 'call';
  /** Bytes that one review may fetch; 64 MiB by default. */
  readonly reviewBytes?: number;
  /** Distinct images that one review may ask about; 64 by default. */
  readonly reviewImages?: number;
}

/** How rules are asked, and how long there is for the answer. */
export interface Call {
  readonly purpose: Purpose;
  readonly deadline: Deadline;
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage?: Shortage | undefined;
}

export interface Pipeline {
  /** The verdicts of `rules` on an admission request. What goes wrong on the way is a verdict. */
  review(rules: readonly Rule[], request: AdmissionRequest, call: Call): Promise<Verdict[]>;
  /** The verdicts on questions that were put without an object, by someone who named the images. */
  answer(questions: readonly Question[], call: Call): Promise<Verdict[]>;
}

/** A review's images, and again by the references that were read, since keys of many long names take long to make. */
interface Inquiries {
  readonly byKey: Map<string, Inquiry>;
  readonly byReference: Map<ImageReference, Inquiry>;
}

function found(reference: ImageReference, { byKey, byReference }: Inquiries): Inquiry | undefined {
  return byReference.get(reference) ?? byKey.get(inquiryKey(reference));
}

/** The line from a review to its verdicts: what each stage leaves is what the next one takes. */
export function createPipeline(ports: Ports): Pipeline {
  const checks = createChecks();
  const hosts = new WeakMap<readonly Rule[], ReadonlySet<string>>();

  function hostsOf(rules: readonly Rule[]): ReadonlySet<string> {
    let named = hosts.get(rules);
    if (named === undefined) {
      named = namedHosts(rules, ports.registries);
      hosts.set(rules, named);
    }
    return named;
  }

  async function answer(
    questions: readonly Question[],
    call: Call,
    named: ReadonlySet<string> | undefined,
  ): Promise<Verdict[]> {
    const { purpose } = call;
    const inquiries: Inquiries = { byKey: new Map(), byReference: new Map() };
    for (const question of questions) inquire(question, purpose, named, inquiries);
    await settle([...inquiries.byKey.values()], call);

    const verdicts: Verdict[] = [];
    for (const question of questions) {
      const { reference } = question;
      const inquiry = reference === undefined ? undefined : found(reference, inquiries);
      const verdict = judge(question, inquiry, purpose, checks);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    return verdicts;
  }

  async function settle(inquiries: readonly Inquiry[], call: Call): Promise<void> {
    const open = inquiries.filter((inquiry) => inquiry.refusal === undefined);
    const { reviewImages = defaultReviewImages } = ports;
    if (open.length > reviewImages) {
      const told = `the object names ${open.length} distinct images; a review asks for ${reviewImages} at most`;
      const refusal = new Refusal('too-many-images', told);
      for (const inquiry of open) inquiry.refusal = refusal;
    } else if (open.length > 0) await new Run(ports, call, open.length).settle(open);
  }

  /** Notes what must be found out about a question's image, once for all who ask. */
  function inquire(
    { ask, reference, entries, rule }: Question,
    purpose: Purpose,
    named: ReadonlySet<string> | undefined,
    inquiries: Inquiries,
  ): void {
    if (ask !== 'verify' || reference === undefined) return;
    for (const entry of entries) {
      const task = taskOf(entry, reference, purpose);
      if (task !== 'verify' && task !== 'resolve' && task !== 'unpinned') continue;
      const check = entry.attestors.length > 0 ? checks(entry) : undefined;
      if (check instanceof Refusal) continue;
      const inquiry = inquiries.byReference.get(reference) ?? open(reference, named, inquiries);
      if (check !== undefined) askCheck(inquiry, check, entry, rule);
    }
  }

  function open(reference: ImageReference, named: ReadonlySet<string> | undefined, inquiries: Inquiries): Inquiry {
    const key = inquiryKey(reference);
    let inquiry = inquiries.byKey.get(key);
    if (inquiry === undefined) {
      inquiry = opened(reference, named);
      inquiries.byKey.set(key, inquiry);
    }
    inquiries.byReference.set(reference, inquiry);
    return inquiry;
  }

  function opened(reference: ImageReference, named: ReadonlySet<string> | undefined): Inquiry {
    const { registry } = reference.repository;
    const inquiry = openInquiry(reference, named === undefined || named.has(registry), ports.elapsed());
    if (!inquiry.named && ports.otherHosts === 'refuse') {
      inquiry.refusal = new Refusal('host-refused', `${registry} is not among the registries that may be called`);
    }
    return inquiry;
  }

  /** The questions of an object whose images are compared with many patterns. */
  async function selected(steps: ReturnType<typeof selectInSteps>, { deadline }: Call): Promise<readonly Question[]> {
    const { elapsed } = ports;
    const what = 'images were compared with patterns';
    try {
      return await inSlices(steps, { deadline: shareOf(deadline, shares.select, elapsed), elapsed, what });
    } catch (thrown) {
      const last = steps.throw(thrown);
      if (last.done) return last.value;
      throw thrown;
    }
  }

  return {
    answer: (questions, call) => answer(questions, call, undefined),
    async review(rules, request, call) {
      const steps = selectInSteps(rules, request);
      // One step is all that a common object needs.
      const { done, value } = steps.next();
      return answer(done ? value : await selected(steps, call), call, hostsOf(rules));
    },
  };
}

/**
 * Of the time that is left, what a step may take. A registry that never answers must not use up the time of the other images:
 * under failurePolicy Ignore whoever adds such an image would have the others admitted.
 */
const shares = { select: 0.25, resolve: 0.5, fetch: 0.9 } as const;

/** One review's way through ledger and registry: point, resolve, look up, fetch. */
class Run {
  readonly #ports: Ports;
  readonly #deadline: Deadline;
  readonly #session: Session;
  readonly #examiner: Examiner;
  readonly #circumstances: Circumstances;
  readonly #take: (count: number) => void;

  constructor(ports: Ports, { deadline, shortage }: Call, images: number) {
    this.#ports = ports;
    this.#deadline = deadline;
    this.#circumstances = { shortage, images, budget: deadline.remaining() };
    this.#session = ports.ledger.begin(deadline);
    this.#examiner = new Examiner(ports, this.#session, this.#circumstances);
    this.#take = byteBudget(ports.reviewBytes);
  }

  /** Finds out what is to be known of every image, side by side. */
  async settle(open: readonly Inquiry[]): Promise<void> {
    await this.#session.point(open.map(wanted));
    await this.#each(open, shares.resolve, (inquiry, step) => this.#resolve(inquiry, step));
    await this.#session.lookUp(open.map(wanted));
    await this.#each(open, shares.fetch, (inquiry, step) => this.#fetch(inquiry, step));
    await this.#session.flush();
  }

  /** Runs a step for every image side by side; an image's refusal is its own. */
  async #each(inquiries: readonly Inquiry[], share: number, step: Step): Promise<void> {
    const { elapsed } = this.#ports;
    const deadline = shareOf(this.#deadline, share, elapsed);
    const began = elapsed();
    const ended = new Map<Inquiry, number>();
    const pending: Promise<void>[] = [];
    for (const inquiry of inquiries) {
      if (inquiry.refusal !== undefined) continue;
      const working = step(inquiry, this.#allowance(inquiry, deadline));
      if (working === undefined) continue;
      // The answer goes out in time even where a source never answers.
      const done = inTime(working, deadline, late)
        .catch((thrown: unknown) => {
          inquiry.refusal = blame(inquiry, asRefusal(thrown), this.#circumstances);
        })
        .finally(() => ended.set(inquiry, elapsed()));
      pending.push(done);
    }
    if (pending.length > 0) await Promise.all(pending);
    deadline.stop();
    const now = elapsed();
    for (const inquiry of inquiries) {
      inquiry.ms = now - inquiry.startedAt;
      inquiry.heldUp += now - (ended.get(inquiry) ?? began);
    }
  }

  /** The digest that the tag names: the ledger's pointer, else the registry. */
  #resolve(inquiry: Inquiry, allowance: Allowance): Promise<void> | undefined {
    const { repository, tag } = inquiry.reference;
    if (inquiry.digest !== undefined || tag === undefined) return undefined;
    inquiry.digest = this.#session.pointer(repository, tag);
    inquiry.pointed = inquiry.digest !== undefined;
    return inquiry.pointed ? undefined : this.#resolveAtRegistry(inquiry, allowance, repository, tag);
  }

  async #resolveAtRegistry(inquiry: Inquiry, allowance: Allowance, repository: Repository, tag: string): Promise<void> {
    inquiry.source = 'registry';
    inquiry.pointed = false;
    inquiry.image = undefined;
    const image = await this.#session.share(`resolve#${repositoryName(repository)}:${tag}`, [{ repository, tag }], () =>
      this.#ports.registry.resolve(repository, tag, allowance),
    );
    inquiry.image = image;
    inquiry.digest = image.digest;
    this.#session.recordPointer(repository, tag, image.digest);
  }

  /** What the ledger does not know about the digest is fetched and verified. */
  #fetch(inquiry: Inquiry, allowance: Allowance): Promise<void> | undefined {
    const { digest, reference } = inquiry;
    if (digest === undefined) return undefined;
    const missing: AskedCheck[] = [];
    for (const asked of inquiry.checks.values()) {
      const verification = this.#session.verification(reference.repository, digest, asked.query);
      if (verification === undefined) missing.push(asked);
      else asked.answer = { from: 'ledger', verification };
    }
    if (missing.length === 0) return undefined;
    inquiry.source = 'registry';
    const verified = this.#examiner.examine(inquiry, allowance, digest, missing);
    return inquiry.pointed ? this.#askAgain(inquiry, allowance, digest, verified) : verified;
  }

  /** A denial rests on the registry as it is: where a remembered tag led to one, the tag is resolved once more. */
  async #askAgain(inquiry: Inquiry, allowance: Allowance, digest: Digest, verified: Promise<void>): Promise<void> {
    const { repository, tag } = inquiry.reference;
    const refusal = await verified.then(() => undefined, asRefusal);
    const asked = [...inquiry.checks.values()];
    const denied = asked.some(({ answer }) => answer?.from === 'registry' && !answer.outcome.pass);
    if (tag === undefined || (refusal === undefined && !denied)) return;
    await this.#resolveAtRegistry(inquiry, allowance, repository, tag);
    if (inquiry.digest !== undefined && inquiry.digest !== digest) {
      await this.#examiner.examine(inquiry, allowance, inquiry.digest, asked);
    } else if (refusal !== undefined) throw refusal;
  }

  /** What one image's requests may use up in a step: the review's bytes, the step's time. */
  #allowance(inquiry: Inquiry, deadline: Deadline): Allowance {
    return {
      deadline,
      take: this.#take,
      sent: () => {
        inquiry.requests += 1;
      },
      review: this,
      waited: () => {
        inquiry.waited = true;
      },
    };
  }
}

const late = () => new Refusal('deadline', 'the registry did not answer in time');

type Step = (inquiry: Inquiry, allowance: Allowance) => Promise<void> | undefined;
