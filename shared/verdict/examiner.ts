import { type Found, foundFor, foundHash } from '../evidence/found.ts';
import type { Digest } from '../image/digest.ts';
import { repositoryName } from '../image/repository.ts';
import type { Session } from '../ledger/ledger.ts';
import { type Clock, shareOf } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import { inSlices } from '../net/slices.ts';
import type { TargetCheck } from '../plan/plan.ts';
import { asRefusal, type NoReason, Refusal } from '../reasons.ts';
import { attachedTooSlow } from '../registry/reading.ts';
import type { Allowance } from '../registry/registry.ts';
import { KnownRevocations } from '../revocation/known.ts';
import type { Revocations } from '../revocation/revocation.ts';
import type { Artifact } from '../verify/artifact.ts';
import { signerProfiles } from '../verify/notary/statement.ts';
import type { Outcome } from '../verify/outcome.ts';
import { type VerifyInput, verifyInSlices } from '../verify/verify.ts';
import { blame, type Circumstances } from './blame.ts';
import { Gatherer, type GathererPorts } from './gatherer.ts';
import { asksStated, type Finding, type Inquiry, unanswered } from './inquiry.ts';
import { late } from './look.ts';
import type { Review } from './review.ts';
import { guardsOf, SharedWork } from './shared-work.ts';
import type { SigningStatus } from './signing-status.ts';
import { type ReadStatement, readStatementsInSlices } from './statements.ts';

export interface ExaminerPorts extends GathererPorts {
  readonly clock: Clock;
  /** Who is asked whether something was revoked; `undefined`: nobody. */
  readonly revocations?: Revocations;
  /** Asked where nothing is attached that counts. */
  readonly signing?: SigningStatus;
}

/** Of a step's time, what asking whether certificates were revoked may take: what nobody could say in time is judged as that. */
const revocationShare = 0.75;
/** Of the review's time, what has to be left when that is asked first, for it to be those asked who were slow, and not what was read before. */
const fairShare = 0.5;

/** Has what is attached to the images of one review fetched, and verifies it: a digest once, whichever tags of the review name it. */
export class Examiner {
  readonly #ports: ExaminerPorts;
  readonly #session: Session;
  readonly #review: Review;
  readonly #circumstances: Circumstances;
  readonly #inquiries: readonly Inquiry[];
  /** What was done at a digest, until no image that has it is left to be examined. */
  readonly #work: SharedWork;
  readonly #gatherer: Gatherer;
  readonly #examined = new Set<Inquiry>();

  /** @param inquiries all of the review's. */
  constructor(ports: ExaminerPorts, review: Review, circumstances: Circumstances, inquiries: readonly Inquiry[]) {
    this.#ports = ports;
    this.#review = review;
    this.#session = review.session;
    this.#circumstances = circumstances;
    this.#inquiries = inquiries;
    this.#work = new SharedWork(review.session);
    this.#gatherer = new Gatherer(ports, this.#work, circumstances);
  }

  /** Everything attached is fetched, each source once, and every check is verified over it. Throws Refusal where the image is refused. */
  async examine(inquiry: Inquiry, allowance: Allowance, digest: Digest, checks: readonly TargetCheck[]): Promise<void> {
    try {
      await this.#examine(inquiry, allowance, digest, checks);
    } finally {
      this.#examined.add(inquiry);
      if (inquiry.image !== undefined) inquiry.image = { ...inquiry.image, bytes: undefined };
      // The object's other images may take as long as their registries like, for which none of it is held.
      if (!this.#inquiries.some((other) => this.#mayExamine(other, inquiry, digest))) this.#work.letGo(digest);
    }
  }

  async #examine(
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    checks: readonly TargetCheck[],
  ): Promise<void> {
    const [image, gathered] = await this.#gatherer.gather(inquiry, allowance, digest, checks);
    try {
      const artifact = await this.#gatherer.artifactOf(inquiry, allowance, image, gathered);
      for (const one of checks) {
        const found = foundFor(one.check, inquiry.target.reference.repository, gathered);
        inquiry.findings[one.at] = await this.#finding(inquiry, artifact, found, one, allowance);
      }
    } finally {
      for (const { release } of gathered.values()) release?.();
    }
  }

  /** Whether another image is still to be examined that is the same one under another tag. */
  #mayExamine(other: Inquiry, { target }: Inquiry, digest: Digest): boolean {
    return (
      other.digest === digest &&
      other.refusal === undefined &&
      !this.#examined.has(other) &&
      repositoryName(other.target.reference.repository) === repositoryName(target.reference.repository) &&
      unanswered(other).length > 0
    );
  }

  async #finding(
    inquiry: Inquiry,
    image: Artifact,
    found: Found,
    one: TargetCheck,
    allowance: Allowance,
  ): Promise<Finding> {
    const { digest } = image;
    const { repository } = inquiry.target.reference;
    const { check, rule } = one;
    const verify = (found: Found): Promise<Outcome> => {
      const { evidence } = found;
      const unreadable = check.wants.what === 'signature' ? found.unreadable : found.unreadableAttestations;
      const input = { evidence, unreadable, image, repository, check, now: this.#ports.clock() };
      return this.#verify(inquiry, input, found, one, allowance);
    };
    let outcome = await verify(found);
    if (!outcome.pass && outcome.reason === 'no-signature' && isEmpty(found)) {
      const unread = await this.#gatherer.attestedIn(inquiry, one, digest, allowance);
      if (unread.length > 0) outcome = await verify({ ...found, evidence: { ...found.evidence, unread } });
    }
    if (!outcome.pass && outcome.reason === 'no-signature')
      outcome = { ...outcome, ...(await this.#signingOf(inquiry, one, digest, allowance)) };
    if (!outcome.pass) return { from: 'registry', outcome };
    const statements = asksStated(check) ? await this.#statements(inquiry, outcome, digest, allowance) : undefined;
    if (statements instanceof Refusal) return { from: 'registry', outcome: { ...outcome, ...noOf(statements) } };
    // What was signed is not held beyond this.
    const { statements: _, ...outcomeHeld } = outcome;
    const { signers, evidence, notes, validUntil } = outcome;
    const verifiedAt = this.#ports.clock();
    const until = { ...(validUntil === undefined ? {} : { validUntil }), ...(notes === undefined ? {} : { notes }) };
    const kept =
      statements === undefined ? {} : { statements: statements.map(({ hash, by }) => ({ predicate: hash, by })) };
    const verification = { digest, signers, evidence, verifiedAt, ...until, ...kept };
    this.#session.recordVerification(repository, digest, one, verification, { policy: rule.policy, rule: rule.name });
    for (const { hash, bytes } of statements ?? []) {
      this.#session.recordPredicate(hash, bytes, one);
      const kept = this.#session.predicate(hash);
      if (kept !== undefined) this.#review.predicates().keep(hash, kept);
    }
    const stated = statements?.map(({ predicate, by }) => ({ predicate, by }));
    return { from: 'registry', outcome: outcomeHeld, ...(stated === undefined ? {} : { stated }) };
  }

  /** What to say in place of that there is no signature, where the registry itself is about to sign. */
  async #signingOf(
    inquiry: Inquiry,
    { check }: TargetCheck,
    digest: Digest,
    allowance: Allowance,
  ): Promise<{ readonly reason?: NoReason; readonly message?: string }> {
    const { repository } = inquiry.target.reference;
    const profiles = signerProfiles(check, repository);
    const { signing } = this.#ports;
    if (signing === undefined || profiles.length === 0) return {};
    const asking = signing.of(repository, digest, profiles, allowance);
    const status = await inTime(asking, allowance.deadline, late).catch(() => 'none');
    const name = `${repositoryName(repository)}@${digest}`;
    if (status === 'in-progress')
      return { reason: 'signing-in-progress', message: `Amazon ECR is signing ${name}, and has not ended` };
    return status === 'failed' ? { message: `Amazon ECR could not sign ${name} (signing status FAILED)` } : {};
  }

  /** What the statements that were let through say. */
  async #statements(
    inquiry: Inquiry,
    { statements = [] }: Extract<Outcome, { readonly pass: true }>,
    digest: Digest,
    allowance: Allowance,
  ): Promise<readonly ReadStatement[] | Refusal> {
    const { repository } = inquiry.target.reference;
    const { elapsed } = this.#ports;
    const what = `what is attested of ${repositoryName(repository)}@${digest} was read`;
    try {
      const predicates = this.#review.predicates();
      const reading = readStatementsInSlices(statements, predicates, (hash) => this.#session.predicate(hash));
      return await inSlices(reading, { ...allowance, elapsed, what });
    } catch (thrown) {
      return blame(inquiry, asRefusal(thrown), this.#circumstances);
    }
  }

  /**
   * The outcome of a check at a digest: verified once, whichever tags name the digest and whichever reviews ask at the time, as long as they
   * found the same. What one review had no time or bytes to read says nothing about another's.
   */
  async #verify(
    inquiry: Inquiry,
    input: VerifyInput,
    found: Found,
    { hash, repositories }: TargetCheck,
    allowance: Allowance,
  ): Promise<Outcome> {
    const { image, repository } = input;
    const { digest } = image;
    const guards = repositories.flatMap((one) => guardsOf(one, digest));
    const what = `the signatures of ${repositoryName(repository)}@${digest} were verified`;
    const { elapsed } = this.#ports;
    const work = async (aboard: Allowance): Promise<Outcome> => {
      const revocation = new KnownRevocations();
      let left: number | undefined;
      for (;;) {
        const outcome = await inSlices(verifyInSlices({ ...input, revocation }), { ...aboard, elapsed, what });
        left ??= aboard.deadline.remaining();
        const deadline = shareOf(aboard.deadline, revocationShare, elapsed);
        const more = await revocation.ask(this.#ports.revocations, { ...aboard, deadline });
        deadline.stop();
        if (more) continue;
        return outcome.pass || !revocation.late ? outcome : { ...outcome, late: { left } };
      }
    };
    try {
      const name = `verify#${repositoryName(repository)}@${digest}#${hash}#${foundHash(found)}`;
      // What one review had no time to find out, another one asks itself.
      const outcome = await this.#work.share(
        digest,
        name,
        guards,
        allowance,
        work,
        (found) => found.pass || found.late === undefined,
      );
      if (outcome.pass || outcome.late === undefined) return outcome;
      const isFair = outcome.late.left >= fairShare * this.#circumstances.budget;
      return this.#blamed(inquiry, outcome, digest, isFair);
    } catch (thrown) {
      const { reason, message } = blame(inquiry, asRefusal(thrown), this.#circumstances);
      return { pass: false, reason, message, attestors: [] };
    }
  }

  /**
   * Whose doing it is that there was no time to ask about revocations: the object's other images may have used it up, or what is attached to
   * this one. `isFair`: there was enough of it at first.
   */
  #blamed(
    inquiry: Inquiry,
    outcome: Extract<Outcome, { readonly pass: false }>,
    digest: Digest,
    isFair: boolean,
  ): Outcome {
    if (outcome.reason !== 'revocation-unavailable') return outcome;
    const refusal = new Refusal(outcome.reason, outcome.message, { late: true });
    const blamed = blame(inquiry, refusal, this.#circumstances);
    const { repository } = inquiry.target.reference;
    const { reason, message } =
      blamed.kind === 'unavailable' && !isFair
        ? attachedTooSlow(repository, digest, 'takes too long to read and verify', refusal)
        : blamed;
    return { ...outcome, reason, message };
  }
}

function noOf({ reason, message }: Refusal): {
  readonly pass: false;
  readonly reason: Refusal['reason'];
  readonly message: string;
} {
  return { pass: false, reason, message };
}

function isEmpty({ evidence: { evidence, rejected, unread } }: Found): boolean {
  return evidence.length + rejected.length + unread.length === 0;
}
