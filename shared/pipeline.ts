import type { AdmissionRequest } from './admission/review.ts';
import type { Gathered } from './evidence/evidence.ts';
import { readEvidence } from './evidence/read.ts';
import type { Digest } from './image/digest.ts';
import { formatReference, type ImageReference } from './image/reference.ts';
import { type Repository, repositoryName } from './image/repository.ts';
import type { CheckQuery, Ledger, Session } from './ledger/ledger.ts';
import type { Verification } from './ledger/verification.ts';
import type { Clock, Deadline } from './net/deadline.ts';
import type { Metrics } from './net/metrics.ts';
import type { Entry, Rule } from './policy/policy.ts';
import { type Question, selectQuestions } from './policy/select.ts';
import { asRefusal, Refusal } from './reasons.ts';
import { reviewAllowance } from './registry/allowance.ts';
import type { Allowance, Image, Registry } from './registry/registry.ts';
import { buildCheck } from './trust/build.ts';
import type { Check } from './trust/check.ts';
import { combine, type EntryVerdict, settledVerdict, type Verdict } from './verdict/verdict.ts';
import type { Outcome } from './verify/outcome.ts';
import { verify } from './verify/verify.ts';

/** What is asked of an image: mutate and validate as the webhooks do; verify as someone at the command line would. */
export type Purpose = 'mutate' | 'validate' | 'verify';

export interface Ports {
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The only registry hosts that an image may make us call; `undefined`: any (the command line, `serve`). */
  readonly hosts?: ReadonlySet<string>;
  /** Bytes that one review may fetch; 64 MiB by default. */
  readonly reviewBytes?: number;
}

export interface Pipeline {
  /** The verdicts of `rules` on an admission request. Never throws: what goes wrong is a verdict. */
  review(rules: readonly Rule[], request: AdmissionRequest, purpose: Purpose, deadline: Deadline): Promise<Verdict[]>;
  /** The verdicts on questions that were put without an object. */
  answer(questions: readonly Question[], purpose: Purpose, deadline: Deadline): Promise<Verdict[]>;
}

export function createPipeline(ports: Ports): Pipeline {
  const checks = new WeakMap<Entry, Check | Refusal>();

  async function answer(questions: readonly Question[], purpose: Purpose, deadline: Deadline): Promise<Verdict[]> {
    const run = new Run(ports, checks, purpose, deadline);
    for (const question of questions) run.open(question);
    await run.settle();
    const verdicts: Verdict[] = [];
    for (const question of questions) {
      const verdict = run.verdict(question);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    return verdicts;
  }

  return {
    answer,
    review: (rules, request, purpose, deadline) => answer(selectQuestions(rules, request), purpose, deadline),
  };
}

/** One distinct image of a run, whichever slots name it, with every check that is asked of it. */
interface Inquiry {
  readonly reference: ImageReference;
  readonly checks: Map<string, AskedCheck>;
  readonly startedAt: number;
  digest: Digest | undefined;
  /** The digest is the ledger's word for where the tag points: good for a pass, never for a denial. */
  pointed: boolean;
  image: Image | undefined;
  /** Why nothing can be said about this image. */
  refusal?: Refusal;
  requests: number;
  source: 'registry' | 'ledger';
  ms: number;
}

interface AskedCheck {
  readonly check: Check;
  readonly query: CheckQuery;
  readonly asker: Rule;
  answer?: Answer;
}

type Answer =
  | { readonly from: 'ledger'; readonly verification: Verification }
  | { readonly from: 'registry'; readonly outcome: Outcome };

/** What an entry wants to know of an image. `undefined`: nothing, for this purpose. */
type Task = 'verify' | 'resolve' | 'digest-missing' | 'no-attestors' | undefined;

/** The line for one set of questions: point, resolve, look up, fetch; each image and check once, whoever asks. */
class Run {
  readonly #ports: Ports;
  readonly #checks: WeakMap<Entry, Check | Refusal>;
  readonly #purpose: Purpose;
  readonly #deadline: Deadline;
  readonly #inquiries = new Map<string, Inquiry>();
  readonly #allowance: Allowance;

  constructor(ports: Ports, checks: WeakMap<Entry, Check | Refusal>, purpose: Purpose, deadline: Deadline) {
    this.#ports = ports;
    this.#checks = checks;
    this.#purpose = purpose;
    this.#deadline = deadline;
    this.#allowance = reviewAllowance(deadline, ports.reviewBytes);
  }

  /** Notes what a question needs to be known. */
  open(question: Question): void {
    const { reference } = question;
    if (question.ask !== 'verify' || reference === undefined) return;
    for (const entry of question.entries) {
      const task = this.#task(entry, reference);
      if (task !== 'verify' && task !== 'resolve') continue;
      const check = task === 'verify' ? this.#check(entry) : undefined;
      if (check instanceof Refusal) continue;
      const inquiry = this.#inquiry(reference);
      if (check === undefined || inquiry.checks.has(checkKey(check, entry))) continue;
      const repositories = [reference.repository];
      for (const repository of check.repositories) if (repository !== undefined) repositories.push(repository);
      inquiry.checks.set(checkKey(check, entry), {
        check,
        query: { hash: check.hash, repositories, useCache: entry.useCache },
        asker: question.rule,
      });
    }
  }

  /** Finds out what is to be known of every image, side by side. */
  async settle(): Promise<void> {
    const open = [...this.#inquiries.values()].filter((inquiry) => inquiry.refusal === undefined);
    if (open.length === 0) return;
    const session = this.#ports.ledger.begin(this.#deadline);

    await session.point(open.map(wanted));
    await this.#each(open, (inquiry) => this.#resolve(session, inquiry));
    await session.lookUp(open.filter((inquiry) => inquiry.digest !== undefined).map(wanted));
    await this.#each(open, (inquiry) => this.#fetchAndVerify(session, inquiry));
    await session.flush();
  }

  /** `undefined` where the purpose asks nothing of this image. */
  verdict(question: Question): Verdict | undefined {
    const { reference } = question;
    if (question.ask === 'unchanged')
      return settledVerdict(question, 'unchanged', 'the image is as it was before the update');
    if (question.ask === 'skipped') return settledVerdict(question, 'image-skipped', 'covered by skipImageReferences');
    if (reference === undefined) {
      const problem = question.problem ?? new Refusal('internal-error', 'an image without a reference');
      return settledVerdict(question, problem.code, problem.message);
    }
    const inquiry = this.#inquiries.get(formatReference(reference));
    const verdicts: EntryVerdict[] = [];
    for (const entry of question.entries) {
      const verdict = this.#entryVerdict(entry, reference, inquiry);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    const [first, ...rest] = verdicts;
    if (first === undefined) return undefined;
    const effort = inquiry ?? { requests: 0, ms: 0, source: 'none' as const };
    const digest = inquiry?.digest ?? reference.digest;
    return combine(question, [first, ...rest], digest, {
      requests: effort.requests,
      ms: effort.ms,
      source: effort.source,
    });
  }

  #entryVerdict(entry: Entry, reference: ImageReference, inquiry: Inquiry | undefined): EntryVerdict | undefined {
    const task = this.#task(entry, reference);
    if (task === undefined) return undefined;
    if (task === 'digest-missing') {
      return without(entry, task, `${formatReference(reference)} has no digest, and verifyDigest asks for one`);
    }
    if (task === 'no-attestors') return without(entry, task, 'required is set and the entry has no attestors');
    if (inquiry?.refusal !== undefined) return without(entry, inquiry.refusal.code, inquiry.refusal.message);
    if (task === 'resolve')
      return without(entry, 'digest-resolved', `the digest is ${inquiry?.digest ?? reference.digest}`);

    const check = this.#check(entry);
    if (check instanceof Refusal) return without(entry, check.code, check.message);
    const answer = inquiry?.checks.get(checkKey(check, entry))?.answer;
    if (answer === undefined) return without(entry, 'internal-error', 'the image was not looked at');
    if (answer.from === 'ledger') {
      return {
        entry,
        code: 'verified',
        message: verifiedMessage(answer.verification),
        signers: answer.verification.signers,
        attestors: [],
      };
    }
    const { outcome } = answer;
    if (!outcome.pass)
      return { entry, code: outcome.code, message: outcome.message, signers: [], attestors: outcome.attestors };
    return {
      entry,
      code: 'verified',
      message: verifiedMessage(outcome),
      signers: outcome.signers,
      attestors: outcome.attestors,
    };
  }

  /**
   * mutate verifies whatever has attestors and pins; validate checks `verifyDigest` and, where `required`, verifies again
   * instead of believing an annotation (a hit in the ledger, as a rule).
   */
  #task(entry: Entry, reference: ImageReference): Task {
    const hasAttestors = entry.attestors.length > 0;
    if (this.#purpose === 'validate') {
      if (entry.verifyDigest && reference.digest === undefined) return 'digest-missing';
      if (!entry.required) return undefined;
      return hasAttestors ? 'verify' : 'no-attestors';
    }
    if (hasAttestors) return 'verify';
    if (this.#purpose === 'verify' && entry.required) return 'no-attestors';
    return entry.mutateDigest && reference.digest === undefined ? 'resolve' : undefined;
  }

  #check(entry: Entry): Check | Refusal {
    const known = this.#checks.get(entry);
    if (known !== undefined) return known;
    let check: Check | Refusal;
    try {
      check = buildCheck(entry);
    } catch (thrown) {
      check = asRefusal(thrown);
    }
    this.#checks.set(entry, check);
    return check;
  }

  #inquiry(reference: ImageReference): Inquiry {
    const key = formatReference(reference);
    let inquiry = this.#inquiries.get(key);
    if (inquiry === undefined) {
      inquiry = {
        reference,
        checks: new Map(),
        startedAt: this.#ports.clock(),
        digest: reference.digest,
        pointed: false,
        image: undefined,
        requests: 0,
        source: 'ledger',
        ms: 0,
      };
      const host = reference.repository.registry;
      if (this.#ports.hosts !== undefined && !this.#ports.hosts.has(host)) {
        inquiry.refusal = new Refusal('host-refused', `${host} is none of the registries that may be called`);
      }
      this.#inquiries.set(key, inquiry);
    }
    return inquiry;
  }

  /** Runs a step for every image side by side; an image's refusal is its own. */
  async #each(inquiries: readonly Inquiry[], step: (inquiry: Inquiry) => Promise<void> | undefined): Promise<void> {
    const pending: Promise<void>[] = [];
    for (const inquiry of inquiries) {
      if (inquiry.refusal !== undefined) continue;
      const working = step(inquiry);
      if (working === undefined) continue;
      pending.push(
        this.#inTime(working).catch((thrown: unknown) => {
          inquiry.refusal = asRefusal(thrown);
        }),
      );
    }
    if (pending.length > 0) await Promise.all(pending);
    const now = this.#ports.clock();
    for (const inquiry of inquiries) inquiry.ms = now - inquiry.startedAt;
  }

  /** The digest that the tag names: the ledger's pointer, else the registry. */
  #resolve(session: Session, inquiry: Inquiry): Promise<void> | undefined {
    const { repository, tag } = inquiry.reference;
    if (inquiry.digest !== undefined || tag === undefined) return undefined;
    inquiry.digest = session.pointer(repository, tag);
    inquiry.pointed = inquiry.digest !== undefined;
    return inquiry.pointed ? undefined : this.#resolveAtRegistry(session, inquiry, repository, tag);
  }

  #resolveAtRegistry(session: Session, inquiry: Inquiry, repository: Repository, tag: string): Promise<void> {
    inquiry.source = 'registry';
    inquiry.pointed = false;
    return session
      .share(`resolve#${repositoryName(repository)}:${tag}`, [{ repository, tag }], () =>
        this.#ports.registry.resolve(repository, tag, this.#counted(inquiry)),
      )
      .then((image) => {
        inquiry.image = image;
        inquiry.digest = image.digest;
        session.recordPointer(repository, tag, image.digest);
      });
  }

  /** What the ledger does not know is fetched, each source once, and every check is verified over it. */
  #fetchAndVerify(session: Session, inquiry: Inquiry): Promise<void> | undefined {
    const { digest } = inquiry;
    const { repository } = inquiry.reference;
    if (digest === undefined) return undefined;
    const missing: AskedCheck[] = [];
    for (const asked of inquiry.checks.values()) {
      const verification = session.verification(repository, digest, asked.query);
      if (verification === undefined) missing.push(asked);
      else asked.answer = { from: 'ledger', verification };
    }
    if (missing.length === 0) return undefined;
    inquiry.source = 'registry';
    const found = this.#fetch(session, inquiry, digest, missing);
    return inquiry.pointed ? this.#askAgain(session, inquiry, digest, found) : found;
  }

  /** A denial rests on the registry as it is: where a remembered tag led to one, the tag is resolved once more. */
  async #askAgain(session: Session, inquiry: Inquiry, digest: Digest, first: Promise<void>): Promise<void> {
    const { repository, tag } = inquiry.reference;
    const refusal = await first.then(() => undefined, asRefusal);
    const denied = [...inquiry.checks.values()].some(
      ({ answer }) => answer?.from === 'registry' && !answer.outcome.pass,
    );
    if (tag === undefined || (refusal === undefined && !denied)) return;
    await this.#resolveAtRegistry(session, inquiry, repository, tag);
    if (inquiry.digest !== undefined && inquiry.digest !== digest) {
      await this.#fetch(session, inquiry, inquiry.digest, [...inquiry.checks.values()]);
    } else if (refusal !== undefined) throw refusal;
  }

  /** Everything attached is fetched, each source once, and every check is verified over it. */
  async #fetch(session: Session, inquiry: Inquiry, digest: Digest, asked: readonly AskedCheck[]): Promise<void> {
    const { repository } = inquiry.reference;
    const { image, found } = await this.#gatherAll(session, inquiry, digest, asked);
    for (const one of asked) {
      const { check, query, asker } = one;
      const outcome = verify({ ...mergedFor(check, repository, found), image, repository, check });
      one.answer = { from: 'registry', outcome };
      if (!outcome.pass) continue;
      const { signers, evidence, validUntil } = outcome;
      const verification: Verification = {
        digest,
        signers,
        evidence,
        verifiedAt: this.#ports.clock(),
        ...(validUntil === undefined ? {} : { validUntil }),
      };
      session.recordVerification(repository, digest, query, verification, { policy: asker.policy, rule: asker.name });
    }
  }

  /** The image itself and what is attached to it in each signature repository, all asked at once. */
  async #gatherAll(
    session: Session,
    inquiry: Inquiry,
    digest: Digest,
    asked: readonly AskedCheck[],
  ): Promise<{ image: Image; found: ReadonlyMap<string, Found> }> {
    const { repository } = inquiry.reference;
    const allowance = this.#counted(inquiry);
    const image =
      (inquiry.image?.digest === digest ? inquiry.image : undefined) ??
      session.share(`image#${repositoryName(repository)}@${digest}`, [{ repository }], () =>
        this.#ports.registry.image(repository, digest, allowance),
      );
    const repositories = new Map<string, Repository>();
    for (const { check } of asked) {
      for (const place of check.repositories)
        repositories.set(repositoryName(place ?? repository), place ?? repository);
    }
    const gathering = [...repositories].map(
      async ([name, place]) => [name, await this.#gather(session, place, digest, allowance)] as const,
    );
    const [ready, ...found] = await Promise.all([image, ...gathering]);
    return { image: ready, found: new Map(found) };
  }

  async #gather(session: Session, place: Repository, digest: Digest, allowance: Allowance): Promise<Found> {
    const guards = [{ repository: place }, { repository: place, digest }];
    try {
      return await session.share(`gather#${repositoryName(place)}@${digest}`, guards, async () => {
        const attached = await this.#ports.registry.attached(place, digest, allowance);
        return { evidence: readEvidence(attached.items), unreadable: attached.unreadable };
      });
    } catch (thrown) {
      return { evidence: { evidence: [], rejected: [] }, unreadable: [asRefusal(thrown)] };
    }
  }

  #counted(inquiry: Inquiry): Allowance {
    const whole = this.#allowance;
    return {
      deadline: whole.deadline,
      take: (count) => whole.take(count),
      sent: () => {
        inquiry.requests += 1;
        whole.sent();
      },
    };
  }

  /** The answer goes out in time even where a source never answers. */
  #inTime(work: Promise<void>): Promise<void> {
    const { signal } = this.#deadline;
    return new Promise((resolve, reject) => {
      const late = () => reject(new Refusal('deadline', 'the time for this review ended before the registry answered'));
      if (signal.aborted) late();
      signal.addEventListener('abort', late, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
    });
  }
}

interface Found {
  readonly evidence: Gathered;
  readonly unreadable: readonly Refusal[];
}

/** What was found in the repositories that a check reads. */
function mergedFor(check: Check, own: Repository, found: ReadonlyMap<string, Found>): Found {
  const places = check.repositories
    .map((place) => found.get(repositoryName(place ?? own)))
    .filter((place) => place !== undefined);
  const [only] = places;
  if (places.length === 1 && only !== undefined) return only;
  return {
    evidence: {
      evidence: places.flatMap((place) => place.evidence.evidence),
      rejected: places.flatMap((place) => place.evidence.rejected),
    },
    unreadable: places.flatMap((place) => place.unreadable),
  };
}

function checkKey(check: Check, entry: Entry): string {
  return entry.useCache ? check.hash : `${check.hash}#uncached`;
}

function wanted(inquiry: Inquiry) {
  const { repository, tag } = inquiry.reference;
  const checks = [...inquiry.checks.values()].map((asked) => asked.query);
  if (inquiry.digest !== undefined) return { repository, digest: inquiry.digest, checks };
  return tag === undefined ? { repository, checks } : { repository, tag, checks };
}

function without(entry: Entry, code: EntryVerdict['code'], message: string): EntryVerdict {
  return { entry, code, message, signers: [], attestors: [] };
}

function verifiedMessage(by: { readonly signers: Verification['signers'] }): string {
  return `verified: ${by.signers.map((signer) => `${signer.attestor} by ${signer.identity.slice(0, 23)}`).join(', ')}`;
}
