import type { Entry, WantedAttestation } from '../policy/policy.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import type { Check } from './check.ts';
import { type KmsAnswers, kmsAddresses, noAnswers, sameAnswers } from './kms.ts';
import type { TrustRoot } from './root/trust-root.ts';

/** The check of an entry, or why there can be none. */
export type BuiltCheck = Check | Refusal;

/** What a check is asked about: an entry's signatures, or the statements of one of its attestations. */
export interface Subject {
  readonly entry: Entry;
  readonly attestation?: WantedAttestation | undefined;
}

/**
 * The checks of entries, each built once for as long as its policy set lives, and once more when the trust root changes, or a key in a
 * KMS that it names.
 */
export interface Checks {
  /** The keys in a KMS that it names, by their addresses. */
  addresses(subject: Subject): readonly string[];
  /** The check of one that says itself whom it trusts, with these keys of a KMS; `undefined`: it rests on a trust root. */
  own(subject: Subject, kms?: KmsAnswers): BuiltCheck | undefined;
  /** The check with what this root trusts; `undefined`: there is none. */
  under(subject: Subject, root: TrustRoot | undefined, kms?: KmsAnswers): BuiltCheck;
}

/** What is known of a subject. Its checks are those of last time: a root or a key that has been replaced does not come back. */
interface Known {
  readonly addresses: readonly string[];
  own?: { readonly kms: KmsAnswers; readonly check: BuiltCheck | undefined };
  rooted?: { readonly kms: KmsAnswers; readonly hash: string | undefined; readonly check: BuiltCheck };
}

export function createChecks(): Checks {
  const subjects = new WeakMap<Entry | WantedAttestation, Known>();

  function known({ entry, attestation }: Subject): Known {
    let found = subjects.get(attestation ?? entry);
    if (found === undefined) {
      found = { addresses: kmsAddresses((attestation ?? entry).attestors) };
      subjects.set(attestation ?? entry, found);
    }
    return found;
  }

  return {
    addresses: (subject) => known(subject).addresses,
    own(subject, kms = noAnswers) {
      const found = known(subject);
      if (found.own === undefined || !sameAnswers(found.own.kms, kms))
        found.own = { kms, check: buildOwn(subject, kms) };
      return found.own.check;
    },
    under(subject, root, kms = noAnswers) {
      const found = known(subject);
      const { rooted } = found;
      if (rooted !== undefined && rooted.hash === root?.hash && sameAnswers(rooted.kms, kms)) return rooted.check;
      found.rooted = { kms, hash: root?.hash, check: build(subject, root, kms) };
      return found.rooted.check;
    },
  };
}

function buildOwn(subject: Subject, kms: KmsAnswers): BuiltCheck | undefined {
  const root = new Witness();
  const check = build(subject, root, kms);
  return root.asked ? undefined : check;
}

function build({ entry, attestation }: Subject, root: TrustRoot | undefined, kms: KmsAnswers): BuiltCheck {
  try {
    return buildCheck(entry, root, kms, attestation);
  } catch (thrown) {
    return asRefusal(thrown);
  }
}

/** Trusts nothing, and notes whether it was looked at: so nobody but whoever builds a check says what it needs of a root. */
class Witness implements TrustRoot {
  asked = false;

  get authorities(): TrustRoot['authorities'] {
    return this.#nothing();
  }
  get certificateLogs(): TrustRoot['certificateLogs'] {
    return this.#nothing();
  }
  get transparencyLogs(): TrustRoot['transparencyLogs'] {
    return this.#nothing();
  }
  get timestampAuthorities(): TrustRoot['timestampAuthorities'] {
    return this.#nothing();
  }
  get hash(): string {
    this.asked = true;
    return '';
  }

  #nothing(): readonly never[] {
    this.asked = true;
    return [];
  }
}
