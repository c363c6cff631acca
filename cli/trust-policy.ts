import { readTrustPolicy } from '../local/notary.ts';
import type { PolicyFile } from '../shared/policy/kyverno/load.ts';
import type { SetOptions } from '../shared/policy-set/load.ts';
import { type Arguments, single } from './arguments.ts';

/** `--trust-policy DIR`: a folder of notation's, or a trust policy with the `truststore` beside it. */
export const trustPolicyOption = 'trust-policy';

/** What commands say that have no such option. */
export const trustPolicyBesidePolicies = 'trust policies stand in a folder notary beside the policies';

/** The trust policies that an option names, in place of those beside the policies. */
export function trustPolicyFrom(found: Arguments): Pick<SetOptions, 'notary'> {
  const at = single(found, trustPolicyOption, undefined);
  return at === undefined ? {} : { notary: () => readTrustPolicy(at) };
}

/** A policy that asks of every image what the trust policies ask, for who has no other: `notation verify` has none either. */
export function policyOfTrust(at: string): PolicyFile {
  const verifyImages = [{ imageReferences: ['*'], type: 'Notary', mutateDigest: false, verifyDigest: false }];
  const rules = [{ name: 'signed', match: { any: [{ resources: { kinds: ['Pod'] } }] }, verifyImages }];
  const policy = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: trustPolicyOption },
    spec: { validationFailureAction: 'Enforce', rules },
  };
  return { name: at, text: JSON.stringify(policy) };
}
