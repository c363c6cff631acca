import { parseKind } from './kyverno/kinds.ts';
import type { PolicySet } from './policy.ts';
import { PolicyLoadError } from './problems.ts';
import { clusterPolicy, load, rule } from './testing/policies.ts';
import { likely, refuseUnasked } from './unasked.ts';

type Json = Record<string, unknown>;

const kinds = (...names: string[]): Json => ({ any: [{ resources: { kinds: names } }] });

test.each<[string, string | undefined]>([
  ['Pods', 'Pod'],
  ['pod', 'Pod'],
  ['POD', 'Pod'],
  ['pods/ephemeralcontainers', 'Pod/ephemeralcontainers'],
  ['core/v1/Pod', 'v1/Pod'],
  ['apps/v1/Pod', 'v1/Pod'],
  ['core/v1/pods', 'v1/Pod'],
  ['core/pod', 'v1/Pod'],
  ['v2/Pod', 'v1/Pod'],
  ['Deployments', 'Deployment'],
  ['deployments.apps', 'Deployment'],
  ['apps/deployments', 'apps/v1/Deployment'],
  ['apps/v1beta9/Deployment', 'apps/v1/Deployment'],
  ['extensions/v1beta1/Deployment', 'apps/v1/Deployment'],
  ['v1beta1/CronJob', 'batch/v1/CronJob'],
  ['apps/v1/Job', 'batch/v1/Job'],
  ['Statefulset', 'StatefulSet'],
  ['Cronjobs', 'CronJob'],
  ['Task', undefined],
  ['ConfigMap', undefined],
  ['Node', undefined],
  ['tekton.dev/v1/Task', undefined],
  ['apps.kruise.io/v1beta1/StatefulSet', undefined],
  ['Deployment/scale', undefined],
])('%s: likely meant was %s', (text, meant) => {
  const pattern = parseKind(text);
  expect(pattern && likely(pattern)).toBe(meant);
});

describe('a set of which no rule asks about anything', () => {
  function refusal(set: PolicySet): string | undefined {
    try {
      refuseUnasked(set.rules);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof PolicyLoadError)) throw thrown;
      return thrown.message;
    }
  }

  test('is refused, naming each rule and the kind that was likely meant', () => {
    const rules = [rule({ match: kinds('Pods') }), rule({ name: 'tasks', match: kinds('Task') })];
    expect(refusal(load(clusterPolicy({ rules })))?.split('\n')).toEqual([
      expect.stringMatching(
        /^policy\.yaml:\d+: rule 'signed' of signed-images matches no Pod and no Pod controller \(kind 'Pods': did you mean Pod\?\), nor does another rule: everything would be admitted$/,
      ),
      expect.stringMatching(
        /^policy\.yaml:\d+: rule 'tasks' of signed-images matches no Pod and no Pod controller, nor /,
      ),
    ]);
  });

  test('is not one with a rule that does, by auto-gen too', () => {
    expect(
      refusal(
        load(clusterPolicy({ rules: [rule({ match: kinds('Pods') }), rule({ name: 'jobs', match: kinds('Job') })] })),
      ),
    ).toBeUndefined();
    expect(refusal(load(clusterPolicy()))).toBeUndefined();
  });

  test('nor one with extractors for a kind that it matches', () => {
    const tasks = (kind: string) =>
      load(
        clusterPolicy({
          rules: [rule({ match: kinds('Task'), imageExtractors: { [kind]: [{ path: '/spec/image' }] } })],
        }),
      );
    expect(refusal(tasks('Task'))).toBeUndefined();
    expect(refusal(tasks('Run'))).toContain("rule 'signed' of signed-images matches no Pod");
  });
});
