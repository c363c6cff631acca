import type { AdmissionRequest } from './admission/review.ts';
import { type Found, foundFor, foundIn, holdsForOthers, nothingFound } from './evidence/found.ts';
import type { Digest } from './image/digest.ts';
import type { ImageReference } from './image/reference.ts';
import { type Repository, repositoryName } from './image/repository.ts';
import type { Ledger, Session } from './ledger/ledger.ts';
import { type Clock, type Deadline, shareOf } from './net/deadline.ts';
import type { Rule } from './policy/policy.ts';
import { type Question, selectQuestions } from './policy/select.ts';
import { type Purpose, taskOf } from './policy/task.ts';
import { asRefusal, Refusal } from './reasons.ts';
import { byteBudget } from './registry/allowance.ts';
import type { Allowance, Image, Registry } from './registry/registry.ts';
import { createChecks } from './trust/checks.ts';
import { type AskedCheck, askCheck, type Inquiry, inquiryKey, openInquiry, wanted } from './verdict/inquiry.ts';
import { judge } from './verdict/judge.ts';
import type { Verdict } from './verdict/verdict.ts';
import { verify } from './verify/verify.ts';

export interface Ports {
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The only registry hosts that an image may make us call; `undefined`: any (the command line, `serve`). */
  readonly hosts?: ReadonlySet<string>;
  /** Bytes that one review may fetch; 64 MiB by default. */
  readonly reviewBytes?: number;
}

export interface Pipeline {
  /** The verdicts of `rules` on an admission request. What goes wrong on the way is a verdict. */
  review(rules: readonly Rule[], request: AdmissionRequest, purpose: Purpose, deadline: Deadline): Promise<Verdict[]>;
  /** The verdicts on questions that were put without an object. */
  answer(questions: readonly Question[], purpose: Purpose, deadline: Deadline): Promise<Verdict[]>;
}

/** The line from a review to its verdicts: what each stage leaves is what the next one takes. */
export function createPipeline(ports: Ports): Pipeline {
  const checks = createChecks();

  async function answer(questions: readonly Question[], purpose: Purpose, deadline: Deadline): Promise<Verdict[]> {
    const inquiries = new Map<string, Inquiry>();
    for (const question of questions) inquire(question, purpose, inquiries);
    await new Run(ports, deadline).settle([...inquiries.values()]);

    const verdicts: Verdict[] = [];
    for (const question of questions) {
      const { reference } = question;
      const inquiry = reference === undefined ? undefined : inquiries.get(inquiryKey(reference));
      const verdict = judge(question, inquiry, purpose, checks);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    return verdicts;
  }

  /** Notes what must be found out about a question's image, once for all who ask. */
  function inquire({ ask, reference, entries, rule }: Question, purpose: Purpose, inquiries: Map<string, Inquiry>) {
    if (ask !== 'verify' || reference === undefined) return;
    for (const entry of entries) {
      const task = taskOf(entry, reference, purpose);
      if (task !== 'verify' && task !== 'resolve' && task !== 'unpinned') continue;
      const check = entry.attestors.length > 0 ? checks(entry) : undefined;
      if (check instanceof Refusal) continue;
      const inquiry = inquiries.get(inquiryKey(reference)) ?? open(reference, inquiries);
      if (check !== undefined) askCheck(inquiry, check, entry, rule);
    }
  }

  function open(reference: ImageReference, inquiries: Map<string, Inquiry>): Inquiry {
    const inquiry = openInquiry(reference, ports.clock());
    const { registry } = reference.repository;
    if (ports.hosts !== undefined && !ports.hosts.has(registry)) {
      inquiry.refusal = new Refusal('host-refused', `${registry} is none of the registries that may be called`);
    }
    inquiries.set(inquiryKey(reference), inquiry);
    return inquiry;
  }

  return {
    answer,
    review: (rules, request, purpose, deadline) => answer(selectQuestions(rules, request), purpose, deadline),
  };
}

/**
 * Of the time that is left, what a step may take. A registry that never answers must not use up the time of the other images:
 * under failurePolicy Ignore whoever adds such an image would have the others admitted.
 */
const shares = { resolve: 0.5, fetch: 0.9, attached: 0.9 } as const;

/** One review's way through ledger and registry: point, resolve, look up, fetch. */
class Run {
  readonly #ports: Ports;
  readonly #deadline: Deadline;
  readonly #take: (count: number) => void;

  constructor(ports: Ports, deadline: Deadline) {
    this.#ports = ports;
    this.#deadline = deadline;
    this.#take = byteBudget(ports.reviewBytes);
  }

  /** Finds out what is to be known of every image, side by side. */
  async settle(inquiries: readonly Inquiry[]): Promise<void> {
    const open = inquiries.filter((inquiry) => inquiry.refusal === undefined);
    if (open.length === 0) return;
    const session = this.#ports.ledger.begin(this.#deadline);

    await session.point(open.map(wanted));
    await this.#each(open, shares.resolve, (inquiry, step) => this.#resolve(session, inquiry, step));
    await session.lookUp(open.map(wanted));
    await this.#each(open, shares.fetch, (inquiry, step) => this.#fetch(session, inquiry, step));
    await session.flush();
  }

  /** Runs a step for every image side by side; an image's refusal is its own. */
  async #each(inquiries: readonly Inquiry[], share: number, step: Step): Promise<void> {
    const deadline = shareOf(this.#deadline, share, this.#ports.clock);
    const pending: Promise<void>[] = [];
    for (const inquiry of inquiries) {
      if (inquiry.refusal !== undefined) continue;
      const working = step(inquiry, this.#allowance(inquiry, deadline));
      if (working === undefined) continue;
      const done = inTime(working, deadline).catch((thrown: unknown) => {
        inquiry.refusal = asRefusal(thrown);
      });
      pending.push(done);
    }
    if (pending.length > 0) await Promise.all(pending);
    deadline.stop();
    const now = this.#ports.clock();
    for (const inquiry of inquiries) inquiry.ms = now - inquiry.startedAt;
  }

  /** The digest that the tag names: the ledger's pointer, else the registry. */
  #resolve(session: Session, inquiry: Inquiry, allowance: Allowance): Promise<void> | undefined {
    const { repository, tag } = inquiry.reference;
    if (inquiry.digest !== undefined || tag === undefined) return undefined;
    inquiry.digest = session.pointer(repository, tag);
    inquiry.pointed = inquiry.digest !== undefined;
    return inquiry.pointed ? undefined : this.#resolveAtRegistry(session, inquiry, allowance, repository, tag);
  }

  async #resolveAtRegistry(
    session: Session,
    inquiry: Inquiry,
    allowance: Allowance,
    repository: Repository,
    tag: string,
  ): Promise<void> {
    inquiry.source = 'registry';
    inquiry.pointed = false;
    const image = await session.share(`resolve#${repositoryName(repository)}:${tag}`, [{ repository, tag }], () =>
      this.#ports.registry.resolve(repository, tag, allowance),
    );
    inquiry.image = image;
    inquiry.digest = image.digest;
    session.recordPointer(repository, tag, image.digest);
  }

  /** What the ledger does not know about the digest is fetched and verified. */
  #fetch(session: Session, inquiry: Inquiry, allowance: Allowance): Promise<void> | undefined {
    const { digest, reference } = inquiry;
    if (digest === undefined) return undefined;
    const missing: AskedCheck[] = [];
    for (const asked of inquiry.checks.values()) {
      const verification = session.verification(reference.repository, digest, asked.query);
      if (verification === undefined) missing.push(asked);
      else asked.answer = { from: 'ledger', verification };
    }
    if (missing.length === 0) return undefined;
    inquiry.source = 'registry';
    const verified = this.#fetchAndVerify(session, inquiry, allowance, digest, missing);
    return inquiry.pointed ? this.#askAgain(session, inquiry, allowance, digest, verified) : verified;
  }

  /** A denial rests on the registry as it is: where a remembered tag led to one, the tag is resolved once more. */
  async #askAgain(
    session: Session,
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    verified: Promise<void>,
  ): Promise<void> {
    const { repository, tag } = inquiry.reference;
    const refusal = await verified.then(() => undefined, asRefusal);
    const asked = [...inquiry.checks.values()];
    const denied = asked.some(({ answer }) => answer?.from === 'registry' && !answer.outcome.pass);
    if (tag === undefined || (refusal === undefined && !denied)) return;
    await this.#resolveAtRegistry(session, inquiry, allowance, repository, tag);
    if (inquiry.digest !== undefined && inquiry.digest !== digest) {
      await this.#fetchAndVerify(session, inquiry, allowance, inquiry.digest, asked);
    } else if (refusal !== undefined) throw refusal;
  }

  /** Everything attached is fetched, each source once, and every check is verified over it. */
  async #fetchAndVerify(
    session: Session,
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    asked: readonly AskedCheck[],
  ): Promise<void> {
    const { repository } = inquiry.reference;
    const [image, found] = await this.#gatherAll(session, inquiry, allowance, digest, asked);
    for (const one of asked) {
      const { check, query, asker } = one;
      const outcome = verify({ ...foundFor(check, repository, found), image, repository, check });
      one.answer = { from: 'registry', outcome };
      if (!outcome.pass) continue;
      const { signers, evidence, validUntil } = outcome;
      const verifiedAt = this.#ports.clock();
      const until = validUntil === undefined ? {} : { validUntil };
      const verification = { digest, signers, evidence, verifiedAt, ...until };
      session.recordVerification(repository, digest, query, verification, { policy: asker.policy, rule: asker.name });
    }
  }

  /** The image itself and what is attached to it in each signature repository, all asked at once. */
  async #gatherAll(
    session: Session,
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    asked: readonly AskedCheck[],
  ): Promise<[Image, ReadonlyMap<string, Found>]> {
    const { repository } = inquiry.reference;
    const known = inquiry.image?.digest === digest ? inquiry.image : undefined;
    const image =
      known ??
      session.share(`image#${repositoryName(repository)}@${digest}`, [{ repository }], () =>
        this.#ports.registry.image(repository, digest, allowance),
      );
    const places = new Map<string, Repository>();
    for (const { check } of asked) {
      for (const place of check.repositories) places.set(repositoryName(place ?? repository), place ?? repository);
    }
    // A source that never answers must leave time to verify what the others hold.
    const deadline = shareOf(allowance.deadline, shares.attached, this.#ports.clock);
    const gathering = [...places].map(
      async ([name, place]) => [name, await this.#gather(session, place, digest, { ...allowance, deadline })] as const,
    );
    // Not before each source has ended: where the image is refused first, the others must still end in time.
    void Promise.all(gathering).finally(() => deadline.stop());
    const [ready, ...found] = await Promise.all([image, ...gathering]);
    return [ready, new Map(found)];
  }

  async #gather(session: Session, place: Repository, digest: Digest, allowance: Allowance): Promise<Found> {
    const guards = [{ repository: place }, { repository: place, digest }];
    const fetch = async () => foundIn(await this.#ports.registry.attached(place, digest, allowance));
    try {
      return await session.share(`gather#${repositoryName(place)}@${digest}`, guards, fetch, holdsForOthers);
    } catch (thrown) {
      return nothingFound(asRefusal(thrown));
    }
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

type Step = (inquiry: Inquiry, allowance: Allowance) => Promise<void> | undefined;

/** The answer goes out in time even where a source never answers. */
function inTime(work: Promise<void>, { signal }: Deadline): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Refusal('deadline', 'the time for this step ended before the registry answered'));
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}
