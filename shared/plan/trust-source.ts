import type { Deadline } from '../net/deadline.ts';
import { isPromise } from '../net/in-time.ts';
import type { Entry } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { Check } from '../trust/check.ts';
import { createChecks, type Subject } from '../trust/checks.ts';
import { askKms, type KmsAnswers, type KmsKeys, noAnswers, noKms } from '../trust/kms.ts';
import { noRoots, type TrustRoots } from '../trust/root/trust-root.ts';
import { type CredentialsRef, ownCredentials } from './credentials.ts';

/** Whom an entry trusts, and as whom its images are read. Where the answer is known it is given at once, never by a promise. */
export interface TrustSource {
  /**
   * The check of what has attestors, or why there can be none. What has to be asked for is bound by the deadline, and
   * nobody waits for it longer.
   */
  check(subject: Subject, deadline: Deadline): Check | Refusal | Promise<Check | Refusal>;
  credentials(entry: Entry): CredentialsRef;
}

/**
 * Trust that stands in the policies themselves, and beside them in the trust root in force: an entry's check is built once, and once
 * more when a root that it rests on, or a key in a KMS, has changed.
 */
export function trustOf(roots: TrustRoots, kms: KmsKeys = noKms): TrustSource {
  const checks = createChecks();

  function withKeys(
    subject: Subject,
    keys: KmsAnswers,
    deadline: Deadline,
  ): Check | Refusal | Promise<Check | Refusal> {
    const own = checks.own(subject, keys);
    if (own !== undefined) return own;
    const root = roots(deadline);
    if (!isPromise(root)) return checks.under(subject, root, keys);
    return root.then((found) => checks.under(subject, found, keys), refused);
  }

  return {
    check(subject, deadline) {
      const addresses = checks.addresses(subject);
      const keys = addresses.length === 0 ? noAnswers : askKms(addresses, kms);
      return isPromise(keys)
        ? keys.then((came) => withKeys(subject, came, deadline))
        : withKeys(subject, keys, deadline);
    },
    credentials: () => ownCredentials,
  };
}

/** No root could be had in the review's time. */
function refused(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  throw thrown;
}

/** Trust that stands in the policies alone. */
export function trustOfPolicies(): TrustSource {
  return trustOf(noRoots);
}
