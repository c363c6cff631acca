import { stringify } from 'yaml';

/** An attestor entry of a policy, as its YAML has it. */
export type Attestor = Readonly<Record<string, unknown>>;

export interface AttestorSet {
  count?: number;
  entries: readonly Attestor[];
}

/** An attestor by key: one PEM or several in one text. No transparency log, as the signatures of these tests have none. */
export function keys(publicKeys: string, more: { annotations?: Record<string, string>; repository?: string } = {}) {
  return { keys: { publicKeys, rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }, ...more };
}

/** An attestor by who signed; the logs are all those of the trust root, unless told otherwise. */
export function keyless(who: Readonly<Record<string, unknown>>): Attestor {
  return { keyless: { rekor: { url: 'https://rekor.sigstore.dev' }, ...who } };
}

/** An attestor by a certificate or its CA; a certificate log is not asked for, as the CA is somebody's own. */
export function certificates(parts: Readonly<Record<string, unknown>>): Attestor {
  return { certificates: { ctlog: { ignoreSCT: true }, ...parts } };
}

/** An attestor that is a set itself. */
export function nested(set: AttestorSet): Attestor {
  return { attestor: set };
}

/** A ClusterPolicy that enforces one rule for Pods, as YAML; `entry` is more of the element of `verifyImages`. */
export function policyOf(
  imageReferences: string | readonly string[],
  attestors: readonly AttestorSet[],
  entry: Readonly<Record<string, unknown>> = {},
): string {
  return stringify({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'signed' },
    spec: {
      validationFailureAction: 'Enforce',
      rules: [
        {
          name: 'by-the-team',
          match: { any: [{ resources: { kinds: ['Pod'] } }] },
          verifyImages: [{ imageReferences: [imageReferences].flat(), attestors, ...entry }],
        },
      ],
    },
  });
}
