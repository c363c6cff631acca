import { blameCaller, type Shortage } from '../admission/budget.ts';
import { type ImageReference, imageKey } from '../image/reference.ts';
import { type Deadline, type Elapsed, shareOf } from '../net/deadline.ts';
import { inTime, isPromise } from '../net/in-time.ts';
import type { Entry, Rule, WantedAttestation } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import type { Check } from '../trust/check.ts';
import { type CredentialsRef, keyedBy } from './credentials.ts';
import type { EntryPlan, Plan, PlannedAttestation, Purpose, QuestionPlan, Target, TargetCheck } from './plan.ts';
import type { TrustSource } from './trust-source.ts';

export interface PlanOptions {
  readonly purpose: Purpose;
  readonly trust: TrustSource;
  readonly deadline: Deadline;
  readonly elapsed: Elapsed;
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage: Shortage | undefined;
}

/** Of the time that is left, what waiting for keys may take: an entry whose keys never come leaves time for the others. */
const trustShare = 0.5;

/**
 * Says once what the questions need. At once where every check is known; else once the checks that are on their way have come, each
 * one that does not being its entry's own refusal.
 */
export function planQuestions(questions: readonly Question[], options: PlanOptions): Plan | Promise<Plan> {
  const planner = new Planner(options, undefined);
  const plan = planner.plan(questions);
  const { awaited } = planner;
  if (awaited === undefined) return plan;
  return arrived(awaited, options).then((known) => new Planner(options, known).plan(questions));
}

type GivenCheck = Check | Refusal;
/** Who asks a check: an entry of the image's signatures, or one of its attestations. */
type Asker = Entry | WantedAttestation;
type Awaited = ReadonlyMap<Asker, Promise<GivenCheck>>;

async function arrived(
  awaited: Awaited,
  { deadline, elapsed, shortage }: PlanOptions,
): Promise<ReadonlyMap<Asker, GivenCheck>> {
  const share = shareOf(deadline, trustShare, elapsed);
  const arriving = [...awaited].map(async ([asker, promise]): Promise<[Asker, GivenCheck]> => {
    const late = () => new Refusal('deadline', `${asker.path}: what its attestors name did not come in time`);
    const given = await inTime(promise, share, late).catch(asRefusal);
    return [asker, given instanceof Refusal ? blameCaller(given, shortage) : given];
  });
  const known = new Map(await Promise.all(arriving));
  share.stop();
  return known;
}

class Planner {
  readonly #purpose: Purpose;
  readonly #trust: TrustSource;
  readonly #deadline: Deadline;
  readonly #known: ReadonlyMap<Asker, GivenCheck> | undefined;
  readonly #targets = new Map<string, DraftTarget>();
  /** By reference, which all rules share: a long name takes long to write, and its author chooses how long it is. */
  readonly #images = new Map<ImageReference, string>();
  /** One for all images: a refusal notes where it was made, which takes longer than all else. */
  #undigested: Refusal | undefined;
  #awaited: Map<Asker, Promise<GivenCheck>> | undefined;

  /** @param known what has been waited for. */
  constructor({ purpose, trust, deadline }: PlanOptions, known: ReadonlyMap<Asker, GivenCheck> | undefined) {
    this.#purpose = purpose;
    this.#trust = trust;
    this.#deadline = deadline;
    this.#known = known;
  }

  /** The checks that the plan lacks, because they are on their way. */
  get awaited(): Awaited | undefined {
    return this.#awaited;
  }

  plan(questions: readonly Question[]): Plan {
    const planned: QuestionPlan[] = [];
    let last: QuestionPlan | undefined;
    for (const question of questions) {
      const next: QuestionPlan =
        last !== undefined && isSame(question, last.question) ? { ...last, question } : this.#question(question);
      planned.push(next);
      last = next;
    }
    return { targets: this.#targets, questions: planned };
  }

  #question(question: Question): QuestionPlan {
    const { reference, rule, problem } = question;
    if (question.ask !== 'verify' || reference === undefined || problem !== undefined)
      return { question, image: '', entries: [] };
    const image = this.#image(reference);
    const entries: EntryPlan[] = [];
    for (const entry of question.entries) {
      const planned = this.#entry(entry, { reference, image, rule });
      if (planned !== undefined) entries.push(planned);
    }
    return { question, image, entries };
  }

  #image(reference: ImageReference): string {
    let image = this.#images.get(reference);
    if (image === undefined) {
      image = imageKey(reference);
      this.#images.set(reference, image);
    }
    return image;
  }

  /**
   * What an entry asks of an image; `undefined`: nothing, for this purpose. mutate verifies whatever wants somebody's word and pins; validate
   * checks `verifyDigest` and, where `required`, verifies again instead of believing an annotation (a hit in the ledger, as a rule).
   */
  #entry(entry: Entry, asked: Asked): EntryPlan | undefined {
    const { mutateDigest, verifyDigest, required } = entry;
    const verifies = entry.attestors.length + entry.attestations.length > 0;
    const tagged = asked.reference.digest === undefined;
    if (this.#purpose === 'validate') {
      if (verifyDigest && tagged) {
        const refusal = this.#digestMissing();
        return mutateDigest ? this.#unpinned(entry, asked, verifies, refusal) : { task: 'refuse', entry, refusal };
      }
      if (!required) return undefined;
    } else if (!verifies && !(this.#purpose === 'verify' && required)) {
      return mutateDigest && tagged ? { task: 'resolve', entry, target: this.#target(entry, asked) } : undefined;
    }
    return verifies ? this.#verified(entry, asked) : { task: 'refuse', entry, refusal: noAttestors() };
  }

  #digestMissing(): Refusal {
    this.#undigested ??= new Refusal('digest-missing', 'the image has no digest, and verifyDigest asks for one');
    return this.#undigested;
  }

  #verified(entry: Entry, asked: Asked): EntryPlan | undefined {
    if (entry.attestations.length === 0) return this.#signed(entry, asked);
    const check = entry.attestors.length === 0 ? 'unasked' : this.#check(entry);
    const stated = entry.attestations.map((wanted) => ({ wanted, check: this.#check(entry, wanted) }));
    const refusal = [check, ...stated.map((one) => one.check)].find((one) => one instanceof Refusal);
    if (refusal !== undefined) return { task: 'refuse', entry, refusal };
    const target = this.#target(entry, asked);
    const attestations: PlannedAttestation[] = [];
    for (const one of stated) {
      if (one.check === undefined || one.check instanceof Refusal) return undefined;
      attestations.push({ wanted: one.wanted, check: target.add(one.check, entry, asked.rule) });
    }
    if (check === undefined || check instanceof Refusal) return undefined;
    const signed = check === 'unasked' ? undefined : target.add(check, entry, asked.rule);
    return { task: 'verify', entry, target, check: signed, attestations };
  }

  #signed(entry: Entry, asked: Asked): EntryPlan | undefined {
    const check = this.#check(entry);
    if (check === undefined) return undefined;
    if (check instanceof Refusal) return { task: 'refuse', entry, refusal: check };
    const target = this.#target(entry, asked);
    return { task: 'verify', entry, target, check: target.add(check, entry, asked.rule), attestations: [] };
  }

  #unpinned(entry: Entry, asked: Asked, verifies: boolean, refusal: Refusal): EntryPlan | undefined {
    if (!verifies) {
      const target = this.#target(entry, asked);
      return { task: 'unpinned', entry, target, check: undefined, attestations: [], refusal };
    }
    const planned = this.#verified(entry, asked);
    if (planned?.task === 'verify') return { ...planned, task: 'unpinned', refusal };
    // Without a check mutate could not have pinned the image; where that was an outage it let the image by.
    if (planned?.task === 'refuse' && planned.refusal.kind !== 'unavailable') return { ...planned, refusal };
    return planned;
  }

  /** `undefined`: it is on its way. */
  #check(entry: Entry, attestation?: WantedAttestation): GivenCheck | undefined {
    const asker = attestation ?? entry;
    const known = this.#known?.get(asker);
    if (known !== undefined) return known;
    if (this.#awaited?.has(asker)) return undefined;
    const given = this.#trust.check({ entry, attestation }, this.#deadline);
    if (!isPromise(given)) return given;
    this.#awaited ??= new Map();
    this.#awaited.set(asker, given);
    return undefined;
  }

  #target(entry: Entry, { reference, image }: Asked): DraftTarget {
    const credentials = this.#trust.credentials(entry);
    const key = keyedBy(credentials, image);
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = new DraftTarget(this.#targets.size, image, reference, credentials);
      this.#targets.set(key, target);
    }
    return target;
  }
}

/** An image as a rule's question names it. */
interface Asked {
  readonly reference: ImageReference;
  readonly image: string;
  readonly rule: Rule;
}

class DraftTarget implements Target {
  readonly at: number;
  readonly image: string;
  readonly reference: ImageReference;
  readonly credentials: CredentialsRef;
  readonly checks = new Map<string, TargetCheck>();

  constructor(at: number, image: string, reference: ImageReference, credentials: CredentialsRef) {
    this.at = at;
    this.image = image;
    this.reference = reference;
    this.credentials = credentials;
  }

  /** Notes a check, once whoever asks for it. An entry that opts out of the cache is answered apart from those that do not. */
  add(check: Check, { useCache }: Entry, rule: Rule): TargetCheck {
    const key = useCache ? check.hash : `${check.hash}#uncached`;
    const before = this.checks.get(key);
    if (before !== undefined) return before;
    const repositories = [this.reference.repository];
    for (const repository of check.repositories) if (repository !== undefined) repositories.push(repository);
    const hash = keyedBy(this.credentials, check.hash);
    const asked = { at: this.checks.size, check, hash, repositories, useCache, rule };
    this.checks.set(key, asked);
    return asked;
  }
}

/** Whether a rule asks the same about the image of another slot: what it needs is worked out once, however many slots name it. */
function isSame({ entries, reference, ask, problem }: Question, before: Question): boolean {
  return (
    entries === before.entries && reference === before.reference && ask === before.ask && problem === before.problem
  );
}

function noAttestors(): Refusal {
  return new Refusal('no-attestors', 'required is set and the entry has no attestors');
}
