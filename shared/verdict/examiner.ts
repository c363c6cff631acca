import { type Found, foundFor, foundHash, foundInSlices, holdsForOthers, nothingFound } from '../evidence/found.ts';
import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Session, ShareGuard } from '../ledger/ledger.ts';
import { type Clock, type Elapsed, shareOf } from '../net/deadline.ts';
import { inSlices } from '../net/slices.ts';
import { type CredentialsRef, keyedBy } from '../plan/credentials.ts';
import type { TargetCheck } from '../plan/plan.ts';
import { asRefusal } from '../reasons.ts';
import type { Allowance, Image, Registries } from '../registry/registry.ts';
import type { Outcome } from '../verify/outcome.ts';
import { type VerifyInput, verifyInSlices } from '../verify/verify.ts';
import { blame, blameIn, type Circumstances } from './blame.ts';
import { imageOfDigest } from './fetching.ts';
import type { Inquiry } from './inquiry.ts';

export interface ExaminerPorts {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
}

/** Of a step's time, what reading what is attached may take: a source that never answers must leave time to verify what the others hold. */
const attachedShare = 0.9;
/**
 * Images for which a review asks at once for the image and for what is attached to it. With more of them each image is asked for
 * first, which takes a round longer, so that one that is not there costs one request.
 */
const askedAtOnce = 16;

/** Fetches what is attached to the images of one review and verifies it: a digest once, whichever tags of the review name it. */
export class Examiner {
  readonly #ports: ExaminerPorts;
  readonly #session: Session;
  readonly #circumstances: Circumstances;
  readonly #done = new Map<string, Promise<unknown>>();

  constructor(ports: ExaminerPorts, session: Session, circumstances: Circumstances) {
    this.#ports = ports;
    this.#session = session;
    this.#circumstances = circumstances;
  }

  /** Everything attached is fetched, each source once, and every check is verified over it. Throws Refusal where the image is refused. */
  async examine(inquiry: Inquiry, allowance: Allowance, digest: Digest, checks: readonly TargetCheck[]): Promise<void> {
    const { repository } = inquiry.target.reference;
    const [image, found] = await this.#gatherAll(inquiry, allowance, digest, checks);
    for (const one of checks) {
      const { check, rule } = one;
      const now = this.#ports.clock();
      const input = { ...foundFor(check, repository, found), image, repository, check, now };
      const outcome = await this.#verify(inquiry, input, one, allowance);
      inquiry.findings[one.at] = { from: 'registry', outcome };
      if (!outcome.pass) continue;
      const { signers, evidence, validUntil } = outcome;
      const verifiedAt = this.#ports.clock();
      const until = validUntil === undefined ? {} : { validUntil };
      const verification = { digest, signers, evidence, verifiedAt, ...until };
      const askedBy = { policy: rule.policy, rule: rule.name };
      this.#session.recordVerification(repository, digest, one, verification, askedBy);
    }
  }

  /**
   * The outcome of a check at a digest: verified once, whichever tags name the digest and whichever reviews ask at the time, as long as they
   * found the same. What one review had no time or bytes to read says nothing about another's.
   */
  async #verify(
    inquiry: Inquiry,
    input: VerifyInput,
    { hash, repositories }: TargetCheck,
    allowance: Allowance,
  ): Promise<Outcome> {
    const { image, repository } = input;
    const { digest } = image;
    const guards = repositories.flatMap((one) => guardsOf(one, digest));
    const what = `the signatures of ${repositoryName(repository)}@${digest} were verified`;
    const { elapsed } = this.#ports;
    const work = (aboard: Allowance) => inSlices(verifyInSlices(input), { ...aboard, elapsed, what });
    try {
      const name = `verify#${repositoryName(repository)}@${digest}#${hash}#${foundHash(input)}`;
      return await this.#once(name, () => this.#session.share(name, guards, allowance, work));
    } catch (thrown) {
      const { reason, message } = blame(inquiry, asRefusal(thrown), this.#circumstances);
      return { pass: false, reason, message, attestors: [] };
    }
  }

  /** The image itself and what is attached to it in each signature repository, all asked at once. */
  async #gatherAll(
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    checks: readonly TargetCheck[],
  ): Promise<[Image, ReadonlyMap<string, Found>]> {
    const { reference, credentials } = inquiry.target;
    const { repository } = reference;
    const image = this.#imageOf(inquiry, digest, allowance);
    if (this.#circumstances.images > askedAtOnce) await image;
    const repositories = new Map<string, Repository>();
    for (const { check } of checks) {
      for (const one of check.repositories) repositories.set(repositoryName(one ?? repository), one ?? repository);
    }
    const deadline = shareOf(allowance.deadline, attachedShare, this.#ports.elapsed);
    const gathering = [...repositories].map(
      async ([name, signedIn]) =>
        [name, signedIn, await this.#gather(signedIn, digest, credentials, { ...allowance, deadline })] as const,
    );
    // Not before each source has ended: where the image is refused first, the others must still end in time.
    void Promise.all(gathering).finally(() => deadline.stop());
    const [ready, ...gathered] = await Promise.all([image, ...gathering]);
    // Only now: whose doing it is that something was not read depends on whether the registry answered for the image.
    const found = gathered.map(([name, signedIn, one]) => {
      const unreadable = one.unreadable.map((refusal) => blameIn(signedIn, inquiry, refusal, this.#circumstances));
      return [name, unreadable.length === 0 ? one : { ...one, unreadable }] as const;
    });
    return [ready, new Map(found)];
  }

  async #imageOf(inquiry: Inquiry, digest: Digest, allowance: Allowance): Promise<Image> {
    if (inquiry.image?.digest === digest) return inquiry.image;
    const { reference, credentials } = inquiry.target;
    const { name, guards, fetch } = imageOfDigest(this.#ports.registries, reference.repository, digest, credentials);
    inquiry.image = await this.#once(name, () => this.#session.share(name, guards, allowance, fetch));
    return inquiry.image;
  }

  async #gather(
    repository: Repository,
    digest: Digest,
    credentials: CredentialsRef,
    allowance: Allowance,
  ): Promise<Found> {
    const name = keyedBy(credentials, `gather#${repositoryName(repository)}@${digest}`);
    const { elapsed } = this.#ports;
    const what = `what is attached to ${repositoryName(repository)}@${digest} was read`;
    const fetch = async (aboard: Allowance) => {
      const registry = this.#ports.registries.as(credentials);
      const attached = await registry.attached(repository, digest, aboard);
      try {
        return await inSlices(foundInSlices(attached), { ...aboard, elapsed, what });
      } finally {
        attached.release?.();
      }
    };
    try {
      return await this.#once(name, () =>
        this.#session.share(name, guardsOf(repository, digest), allowance, fetch, holdsForOthers),
      );
    } catch (thrown) {
      return nothingFound(asRefusal(thrown));
    }
  }

  #once<T>(name: string, work: () => Promise<T>): Promise<T> {
    // One name stands for one kind of work, so the value is of the type that this caller's work would give.
    const before = this.#done.get(name) as Promise<T> | undefined;
    if (before !== undefined) return before;
    const doing = work();
    this.#done.set(name, doing);
    return doing;
  }
}

/** A repository, and a digest in it, guard what was read of the digest there. */
function guardsOf(repository: Repository, digest: Digest): readonly ShareGuard[] {
  return [{ repository }, { repository, digest }];
}
