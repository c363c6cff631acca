import type { Shortage } from './admission/budget.ts';
import type { AdmissionRequest } from './admission/review.ts';
import type { Digest } from './image/digest.ts';
import type { Repository } from './image/repository.ts';
import type { Ledger, Session } from './ledger/ledger.ts';
import { type Clock, type Deadline, type Elapsed, shareOf } from './net/deadline.ts';
import { inTime, isPromise } from './net/in-time.ts';
import { inSlices } from './net/slices.ts';
import type { Hosts } from './plan/hosts.ts';
import type { Plan, Purpose, QuestionPlan, TargetCheck } from './plan/plan.ts';
import { planQuestions } from './plan/planner.ts';
import { type TrustSource, trustOfPolicies } from './plan/trust-source.ts';
import { ImageNeeded } from './policy/context.ts';
import type { Rule } from './policy/policy.ts';
import { isToBePrepared, isVarying, prepareInSlices } from './policy/prepare.ts';
import { type Question, selectInSlices } from './policy/select.ts';
import type { Stated } from './policy/stated.ts';
import { asRefusal, Refusal } from './reasons.ts';
import { defaultReviewImages } from './registry/allowance.ts';
import type { Allowance, Registries } from './registry/registry.ts';
import type { Revocations } from './revocation/revocation.ts';
import type { Slices } from './slices.ts';
import { applyOne } from './verdict/apply-one.ts';
import { blame, type Circumstances } from './verdict/blame.ts';
import { Examiner } from './verdict/examiner.ts';
import { imageOfTag } from './verdict/fetching.ts';
import { dropUnmet, predicatesWanted, takePredicates } from './verdict/hits.ts';
import { ImageLookup } from './verdict/image-lookup.ts';
import { countImages, type Inquiry, openInquiries, refuseDisagreement, unanswered, wanted } from './verdict/inquiry.ts';
import { judge } from './verdict/judge.ts';
import { allowanceFor, late, noteEnd } from './verdict/look.ts';
import { beginReview, type Review } from './verdict/review.ts';
import type { SigningStatus } from './verdict/signing-status.ts';
import { readPredicatesInSlices } from './verdict/statements.ts';
import type { Verdict } from './verdict/verdict.ts';
import { asksAnyConditions, weighInSlices } from './verdict/weigher.ts';

export interface Ports {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** Who is asked whether something was revoked; nobody by default, and then it is not known. */
  readonly revocations?: Revocations;
  /** The policies alone by default. */
  readonly trust?: TrustSource;
  /** Asked where an image has no signature of the Notary Project; without it none is about to come. */
  readonly signing?: SigningStatus;
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
  /** Names that count in place of what the request and contexts say: on the command line alone. */
  readonly stated?: Stated | undefined;
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

  async function answer(
    asked: readonly Question[],
    call: Call,
    site: Site,
    request?: AdmissionRequest,
  ): Promise<Verdict[]> {
    const { purpose, deadline, shortage } = call;
    const review = beginReview({ ...site, deadline, shortage, bytes: ports.reviewBytes });
    // Of rules about images alone no context is evaluated, so nothing is looked up.
    const lookups = isToBePrepared(asked) ? new ImageLookup(ports, review, asked) : undefined;
    const questions = lookups === undefined ? asked : await prepared(asked, request, call, site.hosts, lookups);
    const planned = planQuestions(questions, { purpose, trust, deadline, elapsed, shortage });
    const plan = isPromise(planned) ? await planned : planned;
    const inquiries = openInquiries(plan, site.hosts, elapsed());
    await settle(ports, plan, inquiries, deadline, review, lookups);
    return applyOne(plan.questions, judgeAll(plan, inquiries));
  }

  /** The questions as they are for this object. The time that it takes is the object's doing: its author says how much is in it. */
  async function prepared(
    questions: readonly Question[],
    request: AdmissionRequest | undefined,
    call: Call,
    { asked: named }: Hosts,
    lookups: ImageLookup,
  ): Promise<readonly Question[]> {
    const deadline = shareOf(call.deadline, shares.prepare, elapsed);
    const what = 'the rules were prepared for the object';
    const isNamed = (registry: string) => named === 'all' || named.has(registry);
    const preparation = { request, now: ports.clock(), imageData: lookups.known, isNamed, stated: call.stated };
    const prepare = () => inSlices(prepareInSlices(questions, preparation), { deadline, review: call, elapsed, what });
    try {
      return await withImages(lookups, deadline, prepare);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      const problem = refusal.late ? new Refusal('object-too-slow', refusal.message, { cause: refusal }) : refusal;
      return questions.map((question) => (isVarying(question) ? { ...question, problem } : question));
    } finally {
      deadline.stop();
    }
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
    answer: (questions, call, site) => answer(questions, call, site),
    async review(rules, request, call, site) {
      const slices = selectInSlices(rules, request);
      // One slice is all that a common object needs.
      const { done, value } = slices.next();
      return answer(done ? value : await selected(slices, call), call, site, request);
    },
  };
}

/** Work that is begun anew whenever it asks for an image that no registry was asked about yet. */
async function withImages<T>(lookups: ImageLookup, deadline: Deadline, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof ImageNeeded)) throw thrown;
      await lookups.lookUp(thrown.reference, deadline, thrown.chosen);
    }
  }
}

async function settle(
  ports: Ports,
  plan: Plan,
  inquiries: readonly Inquiry[],
  deadline: Deadline,
  review: Review,
  lookups: ImageLookup | undefined,
): Promise<void> {
  const open = inquiries.filter((inquiry) => inquiry.refusal === undefined);
  if (open.length === 0) return;
  const { reviewImages = defaultReviewImages } = ports;
  const images = countImages(open, lookups?.images ?? []);
  if (images <= reviewImages) return new Run(ports, plan, deadline, review, lookups, inquiries, images).settle(open);
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
const shares = { select: 0.25, prepare: 0.5, resolve: 0.5, weigh: 0.5, fetch: 0.9 } as const;

/** One review's way through ledger and registry. */
class Run {
  readonly #ports: Ports;
  readonly #plan: Plan;
  readonly #deadline: Deadline;
  readonly #session: Session;
  readonly #examiner: Examiner;
  readonly #circumstances: Circumstances;
  readonly #inquiries: readonly Inquiry[];
  readonly #review: Review;
  readonly #lookups: ImageLookup | undefined;

  constructor(
    ports: Ports,
    plan: Plan,
    deadline: Deadline,
    review: Review,
    lookups: ImageLookup | undefined,
    inquiries: readonly Inquiry[],
    images: number,
  ) {
    this.#ports = ports;
    this.#plan = plan;
    this.#inquiries = inquiries;
    this.#deadline = deadline;
    this.#review = review;
    this.#lookups = lookups;
    this.#circumstances = { shortage: review.shortage, images, inquiries, budget: review.budget };
    this.#session = review.session;
    if (lookups !== undefined) {
      for (const inquiry of inquiries) inquiry.heldUp = lookups.spent;
      lookups.waitsFor(inquiries);
    }
    this.#examiner = new Examiner(ports, review, this.#circumstances, inquiries);
  }

  /**
   * Finds out what is to be known of every image, all of them side by side, step by step:
   *
   * 1. point: the ledger says where tags point;
   * 2. resolve: the registry says it where the ledger does not know;
   * 3. look up: the ledger says what it knows of the digests;
   * 4. accept: hits are taken for findings, but for those whose statements do not meet the conditions of today;
   * 5. fetch: what is attached to the other images is read and verified; where only the ledger has said what a tag names, the
   *    registry is asked first;
   * 6. weigh: conditions are evaluated over what was attested.
   */
  async settle(open: readonly Inquiry[]): Promise<void> {
    await this.#session.point(open.map(wanted));
    for (const inquiry of open) this.#takeLookedUp(inquiry);
    await this.#each(open, shares.resolve, (inquiry, deadline) => this.#resolve(inquiry, deadline));
    await this.#session.lookUp(open.map(wanted));
    this.#accept(open);
    const weighs = asksAnyConditions(this.#plan);
    if (weighs) await this.#weighHits(open);
    await this.#each(open, shares.fetch, (inquiry, deadline) => this.#fetch(inquiry, deadline));
    refuseDisagreement(open);
    this.#refuseMoved(open);
    if (weighs) await this.#weigh(this.#deadline);
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
          noteEnd(inquiry, refusal);
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

  /** What a lookup has fetched is not asked for again. Its repository's generation was read before. */
  #takeLookedUp(inquiry: Inquiry): void {
    const { reference, credentials } = inquiry.target;
    const image = this.#lookups?.fetched(inquiry.target);
    if (image === undefined) return;
    inquiry.image = image;
    inquiry.heard = true;
    if (inquiry.digest !== undefined || reference.tag === undefined) return;
    inquiry.digest = image.digest;
    inquiry.source = 'registry';
    this.#session.recordPointer(reference.repository, reference.tag, credentials, image.digest);
  }

  #resolve(inquiry: Inquiry, deadline: Deadline): Promise<void> | undefined {
    const { reference, credentials } = inquiry.target;
    const { repository, tag } = reference;
    if (inquiry.digest !== undefined || tag === undefined) return undefined;
    inquiry.digest = this.#session.pointer(repository, tag, credentials);
    inquiry.pointed = inquiry.digest !== undefined;
    if (inquiry.pointed) return undefined;
    return this.#resolveAtRegistry(inquiry, allowanceFor(inquiry, this.#review, deadline), repository, tag);
  }

  async #resolveAtRegistry(inquiry: Inquiry, allowance: Allowance, repository: Repository, tag: string): Promise<void> {
    const { credentials } = inquiry.target;
    inquiry.source = 'registry';
    inquiry.pointed = false;
    inquiry.image = undefined;
    const { name, guards, fetch } = imageOfTag(this.#ports.registries, repository, tag, credentials);
    const image = await this.#session.share(name, guards, allowance, fetch);
    inquiry.image = image;
    inquiry.digest = image.digest;
    this.#session.recordPointer(repository, tag, credentials, image.digest);
  }

  /**
   * Takes a verification that the ledger holds for its check's finding. It says who signed and who attested what: what depends on the
   * time or the request is judged anew.
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

  /**
   * What the ledger knows of attestations is a hit only where it has what they state and that meets the conditions: a denial rests on
   * the registry as it is.
   */
  async #weighHits(inquiries: readonly Inquiry[]): Promise<void> {
    const wanted = inquiries.flatMap(predicatesWanted);
    if (wanted.length === 0) return;
    const hashes = [...new Set(wanted)];
    await this.#session.predicates(hashes);
    const { elapsed } = this.#ports;
    const deadline = shareOf(this.#deadline, shares.weigh, elapsed);
    const predicates = this.#review.predicates();
    const reading = readPredicatesInSlices(hashes, predicates, (hash) => this.#session.predicate(hash));
    const slicing = { deadline, review: this.#review, elapsed, what: 'what was attested was read' };
    // One that is not read in time, or is too much, is not at hand.
    await inSlices(reading, slicing).catch(asRefusal);
    for (const inquiry of inquiries) takePredicates(inquiry, (hash) => predicates.get(hash));
    await this.#weigh(deadline);
    deadline.stop();
    for (const inquiry of inquiries) dropUnmet(inquiry);
  }

  /**
   * A tag that moved between a lookup and its verification: what conditions were told is about another image than the one that would be
   * pinned.
   */
  #refuseMoved(inquiries: readonly Inquiry[]): void {
    for (const inquiry of inquiries) {
      const looked = this.#lookups?.fetched(inquiry.target)?.digest;
      if (looked === undefined || inquiry.digest === undefined || looked === inquiry.digest) continue;
      const told = `${inquiry.target.image} named ${looked}, and then ${inquiry.digest}: it was pushed while it was looked at; try again`;
      inquiry.refusal ??= new Refusal('digest-mismatch', told);
    }
  }

  /** Whose statements are too many to be weighed in time is not weighed, and its entry denied. */
  async #weigh(deadline: Deadline): Promise<void> {
    const { clock, elapsed } = this.#ports;
    const what = 'conditions were evaluated';
    const now = clock();
    const weigh = () =>
      inSlices(weighInSlices(this.#plan, this.#inquiries, now), { deadline, review: this.#review, elapsed, what });
    const lookups = this.#lookups;
    for (const { target, digest } of this.#inquiries) if (digest !== undefined) lookups?.resolved(target, digest);
    const weighing = lookups === undefined ? weigh() : withImages(lookups, deadline, weigh);
    await weighing.catch((thrown: unknown) => {
      const refusal = tooLongToWeigh(asRefusal(thrown));
      for (const inquiry of this.#inquiries) inquiry.unweighed = blame(inquiry, refusal, this.#circumstances);
    });
  }

  #fetch(inquiry: Inquiry, deadline: Deadline): Promise<void> | undefined {
    const { digest } = inquiry;
    if (digest === undefined) return undefined;
    const missing = unanswered(inquiry);
    if (missing.length === 0) return undefined;
    inquiry.source = 'registry';
    const allowance = allowanceFor(inquiry, this.#review, deadline);
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
    // What was weighed is of the image that the tag no longer names.
    if (digest !== pointed) inquiry.weighed.clear();
    await this.#examiner.examine(inquiry, allowance, digest, digest === pointed ? missing : [...checks.values()]);
  }
}

/** No registry is waited for: how much there is to weigh is the doing of those who attested, and of the object's author. */
function tooLongToWeigh(refusal: Refusal): Refusal {
  if (!refusal.late) return refusal;
  const told = `what is attested takes too long to weigh: ${refusal.message}`;
  return new Refusal('attached-too-slow', told, { cause: refusal });
}

type Step = (inquiry: Inquiry, deadline: Deadline) => Promise<void> | undefined;
