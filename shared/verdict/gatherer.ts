import { type Found, foundInSlices, holdsForOthers, nothingFound } from '../evidence/found.ts';
import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Holds } from '../ledger/flights.ts';
import { type Elapsed, shareOf } from '../net/deadline.ts';
import { inSlices } from '../net/slices.ts';
import { type CredentialsRef, keyedBy } from '../plan/credentials.ts';
import type { TargetCheck } from '../plan/plan.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import type { Allowance, Asked, HeldImage, Registries, Unread } from '../registry/registry.ts';
import { isOfNotary } from '../trust/accepted.ts';
import type { Wants } from '../trust/check.ts';
import type { Artifact } from '../verify/artifact.ts';
import { blameIn, type Circumstances } from './blame.ts';
import { imageOfDigest, wholeImage } from './fetching.ts';
import type { Inquiry } from './inquiry.ts';
import { guardsOf, type SharedWork } from './shared-work.ts';

export interface GathererPorts {
  readonly registries: Registries;
  readonly elapsed: Elapsed;
}

/** Of a step's time, what reading what is attached may take: a source that never answers must leave time to verify what the others hold. */
const attachedShare = 0.9;
/**
 * Images for which a review asks at once for the image and for what is attached to it. With more of them each image is asked for
 * first, which takes a round longer, so that one that is not there costs one request.
 */
const askedAtOnce = 16;

/** Fetches the images of one review, and what is attached to them. */
export class Gatherer {
  readonly #ports: GathererPorts;
  readonly #work: SharedWork;
  readonly #circumstances: Circumstances;

  constructor(ports: GathererPorts, work: SharedWork, circumstances: Circumstances) {
    this.#ports = ports;
    this.#work = work;
    this.#circumstances = circumstances;
  }

  /** The image itself and what is attached to it in each signature repository, all asked at once. */
  async gather(
    inquiry: Inquiry,
    allowance: Allowance,
    digest: Digest,
    checks: readonly TargetCheck[],
  ): Promise<[HeldImage, ReadonlyMap<string, Found>]> {
    const { reference, credentials } = inquiry.target;
    const { repository } = reference;
    const asked = askedBy(checks);
    const image = this.#imageOf(inquiry, digest, allowance);
    if (this.#circumstances.images > askedAtOnce) await image;
    const repositories = new Map<string, Repository>();
    for (const { check } of checks) {
      for (const one of check.repositories) repositories.set(repositoryName(one ?? repository), one ?? repository);
    }
    const deadline = shareOf(allowance.deadline, attachedShare, this.#ports.elapsed);
    const gathering = [...repositories].map(
      async ([name, signedIn]) =>
        [
          name,
          signedIn,
          await this.#attached(signedIn, digest, credentials, { ...allowance, deadline }, asked),
        ] as const,
    );
    // Not before each source has ended: where the image is refused first, the others must still end in time.
    void Promise.all(gathering).finally(() => deadline.stop());
    const [ready, ...gathered] = await Promise.all([image, ...gathering]).catch((thrown: unknown) => {
      // The image is refused before what is attached to it has been read.
      for (const one of gathering) void one.then(([, , { release }]) => release?.());
      throw thrown;
    });
    // Only now: whose doing it is that something was not read depends on whether the registry answered for the image.
    const found = gathered.map(([name, signedIn, one]) => {
      const blamed = (refusal: Refusal) => blameIn(signedIn, inquiry, refusal, this.#circumstances);
      const unreadable = one.unreadable.map(blamed);
      const unreadableAttestations = one.unreadableAttestations.map(blamed);
      return [name, { ...one, unreadable, unreadableAttestations }] as const;
    });
    return [ready, new Map(found)];
  }

  async #imageOf(inquiry: Inquiry, digest: Digest, allowance: Allowance): Promise<HeldImage> {
    if (inquiry.image?.digest === digest) return inquiry.image;
    const { reference, credentials } = inquiry.target;
    const { name, guards, fetch } = imageOfDigest(this.#ports.registries, reference.repository, digest, credentials);
    inquiry.image = await this.#work.share(digest, name, guards, allowance, fetch);
    return inquiry.image;
  }

  async #attached(
    repository: Repository,
    digest: Digest,
    credentials: CredentialsRef,
    allowance: Allowance,
    asked: Asked,
  ): Promise<Found> {
    const { cosign, notary, predicateTypes, artifactTypes } = asked;
    const list = JSON.stringify([cosign, notary, [...predicateTypes].sort(), [...artifactTypes].sort()]);
    const name = keyedBy(credentials, `gather#${repositoryName(repository)}@${digest}#${list}`);
    const { elapsed } = this.#ports;
    const what = `what is attached to ${repositoryName(repository)}@${digest} was read`;
    const fetch = async (aboard: Allowance) => {
      const registry = this.#ports.registries.as(credentials);
      const attached = await registry.attached(repository, digest, aboard, asked);
      const { release = () => undefined } = attached;
      try {
        const found = await inSlices(foundInSlices(attached, asked), { ...aboard, elapsed, what });
        // Statements that were asked for stay at hand, and take the room until they have been verified.
        if (predicateTypes.size + artifactTypes.size > 0) return { ...found, release };
        release();
        return found;
      } catch (thrown) {
        release();
        throw thrown;
      }
    };
    try {
      const holds: Holds<Found> = (found, behind) => holdsForOthers(found, behind, asked);
      return await this.#work.share(digest, name, guardsOf(repository, digest), allowance, fetch, holds);
    } catch (thrown) {
      return nothingFound(asRefusal(thrown));
    }
  }

  /**
   * The attestations of an image that has nothing else, in the repositories that a check reads: a denial names them. They are asked for on
   * the way to it alone, and whatever fails then leaves the denial as it is.
   */
  async attestedIn(
    inquiry: Inquiry,
    { check }: TargetCheck,
    digest: Digest,
    allowance: Allowance,
  ): Promise<readonly Unread[]> {
    const { reference, credentials } = inquiry.target;
    const deadline = shareOf(allowance.deadline, attachedShare, this.#ports.elapsed);
    const asking = check.repositories.map(async (signedIn) => {
      const repository = signedIn ?? reference.repository;
      const name = keyedBy(credentials, `attested#${repositoryName(repository)}@${digest}`);
      const fetch = (aboard: Allowance) => this.#ports.registries.as(credentials).attested(repository, digest, aboard);
      const guards = guardsOf(repository, digest);
      return this.#work.share(digest, name, guards, { ...allowance, deadline }, fetch).catch(() => []);
    });
    const unread = await Promise.all(asking);
    deadline.stop();
    return unread.flat();
  }

  /** The image with its bytes, where there is a signature over them. */
  async artifactOf(
    inquiry: Inquiry,
    allowance: Allowance,
    { digest, bytes, size, mediaType }: HeldImage,
    gathered: ReadonlyMap<string, Found>,
  ): Promise<Artifact> {
    if (bytes !== undefined) return { digest, bytes, mediaType };
    const isSignedItself = [...gathered.values()].some(({ evidence: { evidence } }) =>
      evidence.some((one) => one.kind !== 'attestation' && one.signed.format === 'manifest'),
    );
    if (!isSignedItself) return { digest, bytes, size, mediaType, isSigned: () => false };
    const { reference, credentials } = inquiry.target;
    const { name, guards, fetch } = wholeImage(this.#ports.registries, reference.repository, digest, credentials);
    return this.#work.share(digest, name, guards, allowance, fetch);
  }
}

/** What the checks ask for. */
function askedBy(checks: readonly TargetCheck[]): Asked {
  const wanted = checks.map(({ check: { wants } }) => wants);
  const [ofNotary, ofCosign] = [wanted.filter(isOfNotary), wanted.filter((wants) => !isOfNotary(wants))];
  return {
    cosign: ofCosign.length > 0,
    notary: ofNotary.some(({ what }) => what === 'signature'),
    predicateTypes: typesOf(ofCosign),
    artifactTypes: typesOf(ofNotary),
  };
}

function typesOf(wanted: readonly Wants[]): ReadonlySet<string> {
  return new Set(wanted.flatMap((wants) => (wants.what === 'attestation' ? [wants.predicateType] : [])));
}
