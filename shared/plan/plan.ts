import type { WebhookPurpose } from '../admission/path.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Entry, Rule, WantedAttestation } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import type { Refusal } from '../reasons.ts';
import type { Check } from '../trust/check.ts';
import type { CredentialsRef } from './credentials.ts';

/** What a review is for: mutate and validate as the webhooks ask; verify as someone at the command line would. */
export type Purpose = WebhookPurpose | 'verify';

/** All that has to be found out for a list of questions, and by what each is judged: made once, and only read from then on. */
export interface Plan {
  /** In the order in which they were first asked about; `at` is the index of each. */
  readonly targets: ReadonlyMap<string, Target>;
  /** In the questions' order. */
  readonly questions: readonly QuestionPlan[];
}

export interface QuestionPlan {
  readonly question: Question;
  /** The image's key among the targets that are read with the deployment's own credentials; empty: there is no image to look at. */
  readonly image: string;
  /** One for each entry that asks anything of the image; one list for all slots of which a rule asks the same. */
  readonly entries: readonly EntryPlan[];
}

/** What has to be known of an image for one entry. */
export type EntryPlan = RefusedEntry | ResolvedEntry | VerifiedEntry | UnpinnedEntry;

/** Settled without a look at the image. */
export interface RefusedEntry {
  readonly task: 'refuse';
  readonly entry: Entry;
  readonly refusal: Refusal;
}

/** The digest alone is asked for. */
export interface ResolvedEntry {
  readonly task: 'resolve';
  readonly entry: Entry;
  readonly target: Target;
}

export interface VerifiedEntry extends AskedOfTarget {
  readonly task: 'verify';
  readonly entry: Entry;
}

/** What an entry asks of a target. Where there is nothing of it, the digest alone is asked for. */
export interface AskedOfTarget {
  readonly target: Target;
  /** Of the image's signatures. */
  readonly check: TargetCheck | undefined;
  readonly attestations: readonly PlannedAttestation[];
}

/** An attestation that an entry wants, with the check that statements for it have to pass. */
export interface PlannedAttestation {
  readonly wanted: WantedAttestation;
  readonly check: TargetCheck;
}

/**
 * `refusal`, unless what mutate would have pinned the image by cannot be read: what made mutate let the image by under failurePolicy
 * Ignore must not come back as a denial.
 */
export interface UnpinnedEntry extends AskedOfTarget {
  readonly task: 'unpinned';
  readonly entry: Entry;
  readonly refusal: Refusal;
}

/** One distinct image, read with one source of credentials, with every check that is made on it: whichever slots and rules name it. */
export interface Target {
  readonly at: number;
  /** The same for every target that is the same image. */
  readonly image: string;
  readonly reference: ImageReference;
  readonly credentials: CredentialsRef;
  /** In the order in which rules asked for them; `at` is the index of each. */
  readonly checks: ReadonlyMap<string, TargetCheck>;
}

/** A check on a target, as the ledger is asked about it too. */
export interface TargetCheck {
  readonly at: number;
  readonly check: Check;
  /** The check's hash and, in it, the credentials that what it is made on is read with. */
  readonly hash: string;
  /** Every repository that is read for it, the image's own among them. */
  readonly repositories: readonly Repository[];
  readonly useCache: boolean;
  /** The rule that asked first; the ledger's list shows it. */
  readonly rule: Rule;
}
