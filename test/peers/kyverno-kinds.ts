import type { Cluster } from './cluster.ts';
import { anyObject, defineKind, type Schema } from './custom-resources.ts';

const yes: Schema = { type: 'boolean', default: true };
const algorithm: Schema = { type: 'string', default: 'sha256' };
const listOf = (items: Schema): Schema => ({ type: 'array', items });

const attestors = listOf(
  anyObject({
    entries: listOf(anyObject({ signatureAlgorithm: algorithm, keys: anyObject({ signatureAlgorithm: algorithm }) })),
  }),
);

/** The defaults that Kyverno 1.19 gives to image rules (config/crds/kyverno/kyverno.io_clusterpolicies.yaml); all else is let be. */
const policy = anyObject({
  spec: anyObject({
    admission: yes,
    background: yes,
    emitWarning: { type: 'boolean', default: false },
    validationFailureAction: { type: 'string', default: 'Audit' },
    rules: listOf(
      anyObject({
        skipBackgroundRequests: yes,
        verifyImages: listOf(
          anyObject({
            mutateDigest: yes,
            required: yes,
            useCache: yes,
            verifyDigest: yes,
            attestors,
            attestations: listOf(anyObject({ attestors })),
          }),
        ),
      }),
    ),
  }),
});

/** The kinds of Kyverno's cluster that are about image rules, with what its definitions add to what is written. */
export async function defineKyvernoKinds(cluster: Cluster): Promise<void> {
  const group = 'kyverno.io';
  const policies = { group, version: 'v1', schema: policy };
  await defineKind(cluster, { ...policies, kind: 'ClusterPolicy', plural: 'clusterpolicies', scope: 'Cluster' });
  await defineKind(cluster, { ...policies, kind: 'Policy', plural: 'policies', scope: 'Namespaced' });
  const exceptions = { kind: 'PolicyException', plural: 'policyexceptions', scope: 'Namespaced' } as const;
  await defineKind(cluster, { group, version: 'v2', ...exceptions });
  // Newer versions have a second kind of this name, about other policies.
  await defineKind(cluster, { group: 'policies.kyverno.io', version: 'v1', ...exceptions });
}
