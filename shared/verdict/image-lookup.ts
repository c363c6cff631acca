import type { Json } from '../expression/value.ts';
import type { Digest } from '../image/digest.ts';
import { type ImageReference, imageKey, parseReference } from '../image/reference.ts';
import { repositoryName } from '../image/repository.ts';
import { type Deadline, type Elapsed, shareOf } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import { keyedBy, ownCredentials } from '../plan/credentials.ts';
import type { Question } from '../policy/select.ts';
import { quoted } from '../printable.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import { defaultReviewImages } from '../registry/allowance.ts';
import { type ImageContent, imageData, mostContentBytes, readImageContent } from '../registry/image-data.ts';
import type { Allowance, HeldImage, Registries } from '../registry/registry.ts';
import { blameIn } from './blame.ts';
import { imageOfDigest, imageOfTag } from './fetching.ts';
import { allowanceFor, hostRefusal, type Look, late, type Named, noteEnd, openLook } from './look.ts';
import type { Review } from './review.ts';

export interface LookupPorts {
  readonly registries: Registries;
  readonly elapsed: Elapsed;
  /** Distinct images that one review may ask about; 64 by default. */
  readonly reviewImages?: number | undefined;
}

/** Distinct images that the contexts of a review's rules may name. */
const mostLookups = 8;
/**
 * What is parsed of them, all together: it is held until the review is answered, which whoever wrote the object may put off. Honest images
 * have some hundreds of values each, in some KB.
 */
const mostValues = 20_000;
/** Of the time that is left for lookups, what one may take: what never answers leaves time for the next. */
const lookupShare = 0.5;

/** Of a review's time: whoever is asked for after so much of it has waited for others. */
const mostOfTime = 0.5;

/** An image with what it is made of. */
interface Read {
  readonly image: HeldImage;
  readonly content: ImageContent;
}

/**
 * What registries say of the images that contexts of rules name (`imageRegistry`), for one review: each image is asked for once, at its
 * registry and never from the ledger, by the rules that hold for images under review: their hosts, bytes, turns, and whose doing a failure is.
 */
export class ImageLookup {
  /** By the reference that was asked for: what was said of it. */
  readonly known = new Map<string, Json | Refusal>();
  readonly #ports: LookupPorts;
  readonly #review: Review;
  readonly #readings = new Map<string, Promise<Read | Refusal>>();
  readonly #fetched = new Map<string, HeldImage>();
  /** What the tags of images under review name: a tag is resolved once a review, whoever asks. */
  readonly #resolved = new Map<string, Digest>();
  readonly #looks: Look[] = [];
  /** What is found out about the images under review. */
  #beside: readonly Look[] = [];
  readonly #questions: readonly Question[];
  #spent = 0;
  #values = 0;
  #bytes = 0;

  /** @param questions what is asked of the images under review: whose hosts are called in any case. */
  constructor(ports: LookupPorts, review: Review, questions: readonly Question[]) {
    this.#ports = ports;
    this.#review = review;
    this.#questions = questions;
  }

  /** The images that were asked about, as targets of plans name them: they count towards what a review may ask about. */
  get images(): readonly string[] {
    return [...this.#readings.keys()];
  }

  /** Milliseconds that lookups took whose registries were answering, or whose registries the object said: for these the images under review have waited. */
  get spent(): number {
    return this.#spent;
  }

  /** Tells of the images under review, for which lookups wait as well. */
  waitsFor(inquiries: readonly Look[]): void {
    this.#beside = inquiries;
  }

  /** Tells what a tag under review names, so that conditions are about the image that is verified and pinned. */
  resolved({ reference, credentials }: Named, digest: Digest): void {
    this.#resolved.set(keyedBy(credentials, imageKey(reference)), digest);
  }

  /** The image as it was fetched for a lookup, so that whoever asks for the same one need not ask again. */
  fetched({ reference, credentials }: Named): HeldImage | undefined {
    return this.#fetched.get(keyedBy(credentials, imageKey(reference)));
  }

  /**
   * What Kyverno's `imageRegistry` has for a reference, as it is written; `chosen`: the object may say which one it is. Never throws: what goes wrong is the answer. Refusals:
   * image-unparsable, host-refused, too-many-images, and those of the registry.
   */
  async lookUp(text: string, deadline: Deadline, chosen = false): Promise<Json | Refusal> {
    const said = await this.#said(text, deadline, chosen);
    this.known.set(text, said);
    return said;
  }

  async #said(text: string, deadline: Deadline, chosen: boolean): Promise<Json | Refusal> {
    const parsed = parseReference(text);
    if ('problem' in parsed)
      return new Refusal('image-unparsable', `${quoted(text, 100)} is no image reference: ${parsed.problem}`);
    const { reference } = parsed;
    const read = await this.#once(reference, deadline, chosen);
    if (read instanceof Refusal) return read;
    // JSON by its making: of the texts of a reference, and of what was parsed within bounds.
    return imageData(text, reference, read.image, read.content) as Json;
  }

  #once(reference: ImageReference, deadline: Deadline, chosen: boolean): Promise<Read | Refusal> {
    const key = imageKey(reference);
    let reading = this.#readings.get(key);
    if (reading !== undefined) return reading;
    const { reviewImages = defaultReviewImages } = this.#ports;
    const most = Math.min(mostLookups, reviewImages);
    if (this.#readings.size >= most) {
      const told = `the contexts of the rules name more than ${most} distinct images`;
      return Promise.resolve(new Refusal('too-many-images', told));
    }
    reading = this.#read(reference, deadline, chosen);
    this.#readings.set(key, reading);
    return reading;
  }

  async #read(reference: ImageReference, deadline: Deadline, chosen: boolean): Promise<Read | Refusal> {
    const { hosts, shortage, budget } = this.#review;
    const { elapsed } = this.#ports;
    const target = { reference, credentials: ownCredentials };
    // What an object names beside its images is called where the rules or the settings name it, or else it could have any host called.
    const isStranger = chosen && !this.#isOwn(reference.repository.registry);
    const others = isStranger ? () => false : chosen ? hosts.others : () => hosts.said;
    const refused = hostRefusal(target, { ...hosts, others });
    if (refused !== undefined) return refused;
    // Nobody but the object's author said that this registry is to be asked: that it fails is their doing.
    const look = openLook(target, isStranger && hosts.written !== 'all' ? { ...hosts, written: none } : hosts);
    look.heldUp = this.#heldUp();
    this.#looks.push(look);
    const began = elapsed();
    const share = shareOf(deadline, lookupShare, elapsed);
    try {
      return await inTime(this.#ask(look, allowanceFor(look, this.#review, share)), share, late);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      noteEnd(look, refusal);
      const images = this.#looks.length + this.#beside.length;
      const circumstances = { shortage, budget, images, inquiries: this.#looks };
      return blameIn(reference.repository, look, refusal, circumstances);
    } finally {
      share.stop();
      // One that the policies name and that does not answer at all is down, and that others waited for it is nobody's doing.
      if (look.heard || !look.written) this.#spent += elapsed() - began;
    }
  }

  /**
   * Milliseconds for which the object's other images kept a lookup waiting. One that comes after most of the time has gone waited for them,
   * unless a registry that the policies name was silent: whoever writes an object could have what hangs at a host of their own use it up.
   */
  #heldUp(): number {
    const { budget, deadline } = this.#review;
    const passed = budget - deadline.remaining();
    const isSilent = [...this.#looks, ...this.#beside].some(({ written, silent }) => written && silent);
    return passed > mostOfTime * budget && !isSilent ? passed : this.#spent;
  }

  /** Whether an image under review is at a registry. */
  #isOwn(registry: string): boolean {
    return this.#questions.some(({ reference }) => reference?.repository.registry === registry);
  }

  async #ask(look: Look, allowance: Allowance): Promise<Read> {
    const { session } = this.#review;
    const { reference, credentials } = look.target;
    const { repository } = reference;
    // Before anything is fetched: what is shared, or remembered of it later, is guarded by this.
    await session.guard([repository]);
    const image = await this.#image(look.target, allowance);
    look.image = image;
    this.#keep(look.target, image);
    const name = keyedBy(credentials, `content#${repositoryName(repository)}@${image.digest}`);
    const content = await session.share(name, [{ repository }], allowance, (aboard) =>
      readImageContent(this.#ports.registries.as(credentials), repository, image, aboard, this.#ports.elapsed),
    );
    this.#take(content);
    return { image, content };
  }

  #take({ values, bytes }: ImageContent): void {
    this.#values += values;
    this.#bytes += bytes;
    if (this.#values <= mostValues && this.#bytes <= mostContentBytes) return;
    const told = `the images that the contexts of the rules name hold over ${mostValues} values, or ${mostContentBytes} bytes of JSON`;
    throw new Refusal('review-too-large', told);
  }

  async #image(target: Named, allowance: Allowance): Promise<HeldImage> {
    const before = this.fetched(target);
    if (before !== undefined) return before;
    const { reference, credentials } = target;
    const { repository, tag = 'latest' } = reference;
    const digest = reference.digest ?? this.#resolved.get(keyedBy(credentials, imageKey(reference)));
    const { registries } = this.#ports;
    const fetching =
      digest === undefined
        ? imageOfTag(registries, repository, tag, credentials)
        : imageOfDigest(registries, repository, digest, credentials);
    return this.#review.session.share(fetching.name, fetching.guards, allowance, fetching.fetch);
  }

  /** Under the name that it was asked for by, and under its digest. */
  #keep({ reference, credentials }: Named, image: HeldImage): void {
    const byDigest = { repository: reference.repository, digest: image.digest };
    for (const name of [reference, byDigest]) this.#fetched.set(keyedBy(credentials, imageKey(name)), image);
  }
}

const none: ReadonlySet<string> = new Set();
