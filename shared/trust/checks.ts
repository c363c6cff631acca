import type { Entry } from '../policy/policy.ts';
import { asRefusal, type Refusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import type { Check } from './check.ts';

/** The check of an entry, or why there can be none. */
export type Checks = (entry: Entry) => Check | Refusal;

/** Builds each entry's check once, for as long as its policy set lives. */
export function createChecks(): Checks {
  const built = new WeakMap<Entry, Check | Refusal>();
  return (entry) => {
    const known = built.get(entry);
    if (known !== undefined) return known;
    const check = build(entry);
    built.set(entry, check);
    return check;
  };
}

function build(entry: Entry): Check | Refusal {
  try {
    return buildCheck(entry);
  } catch (thrown) {
    return asRefusal(thrown);
  }
}
