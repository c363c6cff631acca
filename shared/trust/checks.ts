import type { Entry } from '../policy/policy.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import type { Check } from './check.ts';
import type { TrustRoot } from './root/trust-root.ts';

/** The check of an entry, or why there can be none. */
export type BuiltCheck = Check | Refusal;

/** The checks of entries, each built once for as long as its policy set lives, and once more when the trust root changes. */
export interface Checks {
  /** The check of an entry that says itself whom it trusts; `undefined`: it rests on a trust root. */
  own(entry: Entry): BuiltCheck | undefined;
  /** The check of an entry with what this root trusts; `undefined`: there is none. */
  under(entry: Entry, root: TrustRoot | undefined): BuiltCheck;
}

export function createChecks(): Checks {
  const owns = new WeakMap<Entry, { readonly check: BuiltCheck | undefined }>();
  /** Under the root of last time: one that has been replaced does not come back. */
  const rooted = new WeakMap<Entry, { readonly hash: string | undefined; readonly check: BuiltCheck }>();
  return {
    own(entry) {
      let known = owns.get(entry);
      if (known === undefined) {
        known = { check: buildOwn(entry) };
        owns.set(entry, known);
      }
      return known.check;
    },
    under(entry, root) {
      const before = rooted.get(entry);
      if (before !== undefined && before.hash === root?.hash) return before.check;
      const check = build(entry, root);
      rooted.set(entry, { hash: root?.hash, check });
      return check;
    },
  };
}

function buildOwn(entry: Entry): BuiltCheck | undefined {
  const root = new Witness();
  const check = build(entry, root);
  return root.asked ? undefined : check;
}

function build(entry: Entry, root: TrustRoot | undefined): BuiltCheck {
  try {
    return buildCheck(entry, root);
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
