import type { Deadline } from '../net/deadline.ts';
import type { Entry } from '../policy/policy.ts';
import type { Refusal } from '../reasons.ts';
import type { Check } from '../trust/check.ts';
import { createChecks } from '../trust/checks.ts';
import { type CredentialsRef, ownCredentials } from './credentials.ts';

/** Whom an entry trusts, and as whom its images are read. Where the answer is known it is given at once, never by a promise. */
export interface TrustSource {
  /**
   * The check of an entry that has attestors, or why there can be none. What has to be asked for is bound by the deadline, and
   * nobody waits for it longer.
   */
  check(entry: Entry, deadline: Deadline): Check | Refusal | Promise<Check | Refusal>;
  credentials(entry: Entry): CredentialsRef;
}

/** Trust that stands in the policies themselves: each entry's check is built once, for as long as its policy set lives. */
export function trustOfPolicies(): TrustSource {
  return { check: createChecks(), credentials: () => ownCredentials };
}
