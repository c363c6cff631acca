import type { ReadTrustRoot } from '../trust/root/read.ts';
import type { TrustRoot, TrustRoots } from '../trust/root/trust-root.ts';

/** A trust root, and what is known of it. */
export interface FoundRoot extends ReadTrustRoot {
  /** In the words of messages: `the carried trust root`, a file's name. */
  readonly title: string;
  /** When it was known to be current, in milliseconds since 1970; `undefined`: nothing says so. */
  readonly date: number | undefined;
}

/** Days after which a trust root is told to be old: an instance adds logs and authorities some times a year. */
export const defaultOldDays = 90;
const dayMs = 24 * 3_600_000;

/** Whole days since it was known to be current. `now`: milliseconds since 1970. */
export function ageInDays({ date }: Pick<FoundRoot, 'date'>, now: number): number | undefined {
  return date === undefined ? undefined : Math.max(0, Math.floor((now - date) / dayMs));
}

/** What operators are told of a root that is older than `oldDays`. `now`: milliseconds since 1970. */
export function ageWarning(found: FoundRoot, now: number, oldDays: number): string | undefined {
  const age = ageInDays(found, now);
  if (age === undefined || age <= oldDays) return undefined;
  return `${found.title} is ${age} days old: newer logs and authorities are not believed, and withdrawn ones still are`;
}

/** What of it is not read, so not believed, in a line each. */
export function unreadWarnings({ title, unread }: FoundRoot): string[] {
  return unread.map((what) => `${title}: ${what}; it is not believed`);
}

/** A root that is loaded when a check first needs it, and once. A load that fails is tried again by whoever asks next. */
export function rootsOnce(load: () => Promise<TrustRoot>): TrustRoots {
  let loaded: TrustRoot | undefined;
  let loading: Promise<TrustRoot> | undefined;
  return () => {
    if (loaded !== undefined) return loaded;
    if (loading === undefined) {
      loading = load();
      loading.then(
        (root) => {
          loaded = root;
        },
        () => {
          loading = undefined;
        },
      );
    }
    return loading;
  };
}
