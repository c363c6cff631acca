import type { Shortage } from './admission/budget.ts';
import type { AdmissionRequest } from './admission/review.ts';
import type { Digest } from './image/digest.ts';
import { type Repository, repositoryName } from './image/repository.ts';
import type { Ledger, Session } from './ledger/ledger.ts';
import { type Clock, type Deadline, type Elapsed, shareOf } from './net/deadline.ts';
import { inTime, isPromise } from './net/in-time.ts';
import { inSlices } from './net/slices.ts';
import { keyedBy } from './plan/credentials.ts';
import type { Hosts } from './plan/hosts.ts';
import type { Plan, Purpose, QuestionPlan, TargetCheck } from './plan/plan.ts';
import { planQuestions } from './plan/planner.ts';
import { type TrustSource, trustOfPolicies } from './plan/trust-source.ts';
import type { Rule } from './policy/policy.ts';
import { type Question, selectInSlices } from './policy/select.ts';
import { asRefusal, Refusal } from './reasons.ts';
import { byteBudget, defaultReviewImages } from './registry/allowance.ts';
import type { Allowance, Registries } from './registry/registry.ts';
import type { Slices } from './slices.ts';
import { blame, type Circumstances } from './verdict/blame.ts';
import { Examiner } from './verdict/examiner.ts';
import { countImages, type Inquiry, openInquiries, refuseDisagreement, unanswered, wanted } from './verdict/inquiry.ts';
import { judge } from './verdict/judge.ts';
import type { Verdict } from './verdict/verdict.ts';

export interface Ports {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** The policies alone by default. */
  readonly trust?: TrustSource;
  /** Bytes that one review may fetch; 64 MiB by default. */
  readonly reviewBytes?: number;
  /** Distinct images that one review may ask about; 64 by default. */
  readonly reviewImages?: number;
}

/** What rules are asked for, and how long there is for the answer. */
export interface Call {
  readonly purpose: Purpose;
  readonly deadline: Deadline;
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage?: Shortage | undefined;
  /** All rules of the cluster, whichever of them are asked; these alone by default. */
  readonly inForce?: readonly Rule[];
}

/** What a review may believe and whom it may call. */
export interface Site {
  readonly ledger: Ledger;
  readonly hosts: Hosts;
}

export interface Pipeline {
  /** The verdicts of `rules` on an admission request. What goes wrong on the way is a verdict. */
  review(rules: readonly Rule[], request: AdmissionRequest, call: Call, site: Site): Promise<Verdict[]>;
  /** The verdicts on questions that were put without an object, by someone who named the images. */
  answer(questions: readonly Question[], call: Call, site: Site): Promise<Verdict[]>;
}

/** A pipeline on the site of a deployment, as those who have reviews to answer see it. */
export interface Reviews {
  review(rules: readonly Rule[], request: AdmissionRequest, call: Call): Promise<Verdict[]>;
}

/**
 * The line from a review to its verdicts: which questions the rules ask, what they need (the plan), what is found out about its
 * targets, and what that comes to.
 */
export function createPipeline(ports: Ports): Pipeline {
  const { elapsed, trust = trustOfPolicies() } = ports;

  async function answer(questions: readonly Question[], call: Call, site: Site): Promise<Verdict[]> {
    const { purpose, deadline, shortage } = call;
    const planned = planQuestions(questions, { purpose, trust, deadline, elapsed, shortage });
    const plan = isPromise(planned) ? await planned : planned;
    const inquiries = openInquiries(plan, site.hosts, elapsed());
    await settle(ports, inquiries, call, site.ledger);
    return judgeAll(plan, inquiries);
  }

  /** The questions of an object whose images are compared with many patterns. */
  async function selected(slices: Slices<readonly Question[]>, call: Call): Promise<readonly Question[]> {
    const deadline = shareOf(call.deadline, shares.select, elapsed);
    const what = 'images were compared with patterns';
    try {
      return await inSlices(slices, { deadline, review: call, elapsed, what });
    } catch (thrown) {
      const last = slices.throw(thrown);
      if (last.done) return last.value;
      throw thrown;
    }
  }

  return {
    answer,
    async review(rules, request, call, site) {
      const slices = selectInSlices(rules, request);
      // One slice is all that a common object needs.
      const { done, value } = slices.next();
      return answer(done ? value : await selected(slices, call), call, site);
    },
  };
}

async function settle(ports: Ports, inquiries: readonly Inquiry[], call: Call, ledger: Ledger): Promise<void> {
  const open = inquiries.filter((inquiry) => inquiry.refusal === undefined);
  if (open.length === 0) return;
  const { reviewImages = defaultReviewImages } = ports;
  const images = countImages(open);
  if (images <= reviewImages) return new Run(ports, call, ledger, open, images).settle(open);
  const told = `the object names ${images} distinct images; a review asks for ${reviewImages} at most`;
  const refusal = new Refusal('too-many-images', told);
  for (const inquiry of open) inquiry.refusal = refusal;
}

function judgeAll(plan: Plan, inquiries: readonly Inquiry[]): Verdict[] {
  const verdicts: Verdict[] = [];
  let entries: QuestionPlan['entries'] | undefined;
  let verdict: Verdict | undefined;
  for (const planned of plan.questions) {
    // What was judged once is said of every slot that names the image.
    if (planned.entries !== entries) verdict = judge(planned, plan, inquiries);
    else if (verdict !== undefined) verdict = { ...verdict, question: planned.question };
    entries = planned.entries;
    if (verdict !== undefined) verdicts.push(verdict);
  }
  return verdicts;
}

/**
 * Of the time that is left, what a step may take. A registry that never answers must not use up the time of the other images:
 * under failurePolicy Ignore whoever adds such an image would have the others admitted.
 */
const shares = { select: 0.25, resolve: 0.5, fetch: 0.9 } as const;

/** One review's way through ledger and registry. */
class Run {
  readonly #ports: Ports;
  readonly #deadline: Deadline;
  readonly #session: Session;
  readonly #examiner: Examiner;
  readonly #circumstances: Circumstances;
  readonly #take: (count: number) => void;

  constructor(
    ports: Ports,
    { deadline, shortage }: Call,
    ledger: Ledger,
    inquiries: readonly Inquiry[],
    images: number,
  ) {
    this.#ports = ports;
    this.#deadline = deadline;
    this.#circumstances = { shortage, images, inquiries, budget: deadline.remaining() };
    this.#session = ledger.begin(deadline);
    this.#examiner = new Examiner(ports, this.#session, this.#circumstances);
    this.#take = byteBudget(ports.reviewBytes);
  }

  /**
   * Finds out what is to be known of every image, all of them side by side, step by step:
   *
   * 1. point: the ledger says where tags point;
   * 2. resolve: the registry says it where the ledger does not know;
   * 3. look up: the ledger says what it knows of the digests;
   * 4. accept: hits are taken for findings;
   * 5. fetch: what is attached to the other images is read and verified; where only the ledger has said what a tag names, the
   *    registry is asked first.
   */
  async settle(open: readonly Inquiry[]): Promise<void> {
    await this.#session.point(open.map(wanted));
    await this.#each(open, shares.resolve, (inquiry, deadline) => this.#resolve(inquiry, deadline));
    await this.#session.lookUp(open.map(wanted));
    this.#accept(open);
    await this.#each(open, shares.fetch, (inquiry, deadline) => this.#fetch(inquiry, deadline));
    refuseDisagreement(open);
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
      const working = step(inquiry, deadline);
      if (working === undefined) continue;
      // The answer goes out in time even where a source never answers.
      const done = inTime(working, deadline, late)
        .catch((thrown: unknown) => {
          const refusal = asRefusal(thrown);
          if (refusal.kind === 'denied') inquiry.heard = true;
          inquiry.refusal = blame(inquiry, refusal, this.#circumstances);
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

  #resolve(inquiry: Inquiry, deadline: Deadline): Promise<void> | undefined {
    const { reference, credentials } = inquiry.target;
    const { repository, tag } = reference;
    if (inquiry.digest !== undefined || tag === undefined) return undefined;
    inquiry.digest = this.#session.pointer(repository, tag, credentials);
    inquiry.pointed = inquiry.digest !== undefined;
    if (inquiry.pointed) return undefined;
    return this.#resolveAtRegistry(inquiry, this.#allowance(inquiry, deadline), repository, tag);
  }

  async #resolveAtRegistry(inquiry: Inquiry, allowance: Allowance, repository: Repository, tag: string): Promise<void> {
    const { credentials } = inquiry.target;
    inquiry.source = 'registry';
    inquiry.pointed = false;
    inquiry.image = undefined;
    const name = keyedBy(credentials, `resolve#${repositoryName(repository)}:${tag}`);
    const image = await this.#session.share(name, [{ repository, tag }], allowance, (aboard) =>
      this.#ports.registries.as(credentials).resolve(repository, tag, aboard),
    );
    inquiry.image = image;
    inquiry.digest = image.digest;
    this.#session.recordPointer(repository, tag, credentials, image.digest);
  }

  /**
   * Takes a verification that the ledger holds for its check's finding. It says who signed, and that alone: what depends on the
   * time or the request would be judged here, and could make a miss of the hit.
   */
  #accept(inquiries: readonly Inquiry[]): void {
    for (const { refusal, digest, target, findings } of inquiries) {
      if (refusal !== undefined || digest === undefined) continue;
      for (const check of target.checks.values()) {
        const verification = this.#session.verification(target.reference.repository, digest, check);
        if (verification !== undefined) findings[check.at] = { from: 'ledger', verification };
      }
    }
  }

  #fetch(inquiry: Inquiry, deadline: Deadline): Promise<void> | undefined {
    const { digest } = inquiry;
    if (digest === undefined) return undefined;
    const missing = unanswered(inquiry);
    if (missing.length === 0) return undefined;
    inquiry.source = 'registry';
    const allowance = this.#allowance(inquiry, deadline);
    return inquiry.pointed
      ? this.#resolveAndExamine(inquiry, allowance, digest, missing)
      : this.#examiner.examine(inquiry, allowance, digest, missing);
  }

  /**
   * A pointer is good for a pass, which the ledger knows or not. Where it does not, the tag is resolved before anything is read: a denial
   * rests on the registry as it is, and what is attached to an image must not use up the time and the quota of asking for its tag.
   */
  async #resolveAndExamine(
    inquiry: Inquiry,
    allowance: Allowance,
    pointed: Digest,
    missing: readonly TargetCheck[],
  ): Promise<void> {
    const { reference, checks } = inquiry.target;
    const { repository, tag } = reference;
    if (tag !== undefined) await this.#resolveAtRegistry(inquiry, allowance, repository, tag);
    const { digest = pointed } = inquiry;
    await this.#examiner.examine(inquiry, allowance, digest, digest === pointed ? missing : [...checks.values()]);
  }

  /** What one image's requests may use up in a step: the review's bytes, the step's time. */
  #allowance(inquiry: Inquiry, deadline: Deadline): Allowance {
    return {
      deadline,
      take: (count) => {
        inquiry.read += count;
        inquiry.heard = true;
        this.#take(count);
      },
      crowded: (milliseconds) => {
        inquiry.crowded = Math.max(inquiry.crowded, milliseconds);
      },
      overheard: (count) => {
        inquiry.read += count;
        inquiry.heard = true;
      },
      sent: () => {
        inquiry.requests += 1;
      },
      review: this,
      named: inquiry.named,
      waited: () => {
        inquiry.waited = true;
      },
    };
  }
}

const late = () => new Refusal('deadline', 'the registry did not answer in time');

type Step = (inquiry: Inquiry, deadline: Deadline) => Promise<void> | undefined;
