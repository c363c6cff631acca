import type { Entry } from '../policy/policy.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import type { Check } from './check.ts';
import type { TrustRoot } from './root/trust-root.ts';

/** The check of an entry, or why there can be none. */
export type Checks = (entry: Entry) => Check | Refusal;

/** Builds each entry's check once, for as long as its policy set lives. `root`: what is trusted beside the policies. */
export function createChecks(root?: TrustRoot): Checks {
  const built = new WeakMap<Entry, Check | Refusal>();
  return (entry) => {
    const known = built.get(entry);
    if (known !== undefined) return known;
    const check = build(entry, root);
    built.set(entry, check);
    return check;
  };
}

function build(entry: Entry, root: TrustRoot | undefined): Check | Refusal {
  try {
    return buildCheck(entry, root);
  } catch (thrown) {
    return asRefusal(thrown);
  }
}
