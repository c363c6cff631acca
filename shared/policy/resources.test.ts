import { extractedKindsOf, resourcesOf } from './resources.ts';
import { clusterPolicy, load, loadRule, pods } from './testing/policies.ts';

type Json = Record<string, unknown>;

const kinds = (...names: string[]): Json => ({ any: [{ resources: { kinds: names } }] });
const resourcesFor = (changes: Json) =>
  resourcesOf(loadRule(changes)).map(({ group, resource }) => `${group}/${resource}`);

const ofPods = ['/pods', '/pods/ephemeralcontainers'];
const everything = [
  ...ofPods,
  'apps/daemonsets',
  'apps/deployments',
  'batch/jobs',
  'apps/replicasets',
  '/replicationcontrollers',
  'apps/statefulsets',
  'batch/cronjobs',
];

test.each<[string, Json, string[]]>([
  ['Pod, with its debug containers', { match: pods() }, ofPods],
  ['v1/Pod', { match: kinds('v1/Pod') }, ofPods],
  ['debug containers alone', { match: kinds('Pod/ephemeralcontainers') }, ['/pods/ephemeralcontainers']],
  ['group and version', { match: kinds('apps/v1/Deployment') }, ['apps/deployments']],
  ['a wildcard', { match: kinds('*Set') }, ['apps/daemonsets', 'apps/replicasets', 'apps/statefulsets']],
  ['a group', { match: kinds('batch/*/*') }, ['batch/jobs', 'batch/cronjobs']],
  ['all kinds and subresources', { match: kinds('*/*') }, everything],
  ['a version that is served no more', { match: kinds('batch/v1beta1/CronJob') }, []],
  ['a group that is served no more', { match: kinds('extensions/*/Deployment') }, []],
  ['a scale', { match: kinds('Deployment/scale') }, []],
  ['kinds without images beside one with', { match: kinds('ConfigMap', 'Job') }, ['batch/jobs']],
  [
    'blocks of which any holds',
    { match: { any: [{ resources: { kinds: ['Job'] } }, { resources: { kinds: ['CronJob'], names: ['a'] } }] } },
    ['batch/jobs', 'batch/cronjobs'],
  ],
  [
    'blocks that all hold',
    {
      match: { all: [{ resources: { kinds: ['*Set'] } }, { resources: { kinds: ['Daemon*', 'Pod'], names: ['a'] } }] },
    },
    ['apps/daemonsets'],
  ],
  ['an UPDATE alone', { match: pods({ operations: ['UPDATE'] }) }, ofPods],
  ['a DELETE alone, which no image rule is asked on', { match: pods({ operations: ['DELETE'] }) }, []],
  ...['Pod/status', 'Pod/exec', 'Pod.eviction', 'v1/Pod/binding', '*/status'].map(
    (excluded): [string, Json, string[]] => [
      `Pods without ${excluded}: debug containers are asked about`,
      { match: pods(), exclude: kinds(excluded) },
      ofPods,
    ],
  ),
  ['Pods without debug containers', { match: pods(), exclude: kinds('Pod/ephemeralcontainers') }, ['/pods']],
  ["Pods' status alone, which brings no image", { match: kinds('Pod/status') }, []],
  ['kinds that are excluded', { match: kinds('*Set'), exclude: kinds('ReplicaSet', 'Daemon*') }, ['apps/statefulsets']],
  [
    'kinds of which some objects are excluded',
    { match: kinds('*Job'), exclude: { any: [{ resources: { kinds: ['Job'], namespaces: ['ci'] } }] } },
    ['batch/jobs', 'batch/cronjobs'],
  ],
  [
    'every namespace that is excluded, and every name',
    { match: kinds('*Job'), exclude: { any: [{ resources: { kinds: ['Job'], namespaces: ['a', '*'], name: '*' } }] } },
    ['batch/cronjobs'],
  ],
  ['every namespace of any kind', { exclude: { any: [{ resources: { namespaces: ['*'] } }] } }, []],
  [
    'all namespaces of which some labels are excluded',
    {
      match: kinds('Job'),
      exclude: { any: [{ resources: { namespaces: ['*'], selector: { matchLabels: { a: 'b' } } } }] },
    },
    ['batch/jobs'],
  ],
  [
    'exclude blocks that must all hold',
    {
      match: kinds('*Job'),
      exclude: { all: [{ resources: { kinds: ['Job'] } }, { resources: { kinds: ['*/*'], names: ['a'] } }] },
    },
    ['batch/jobs', 'batch/cronjobs'],
  ],
])('%s', (_, changes, expected) => {
  expect(resourcesFor(changes)).toEqual(expected);
});

test('a rule for Pods and what auto-gen makes of it: every kind, each once', () => {
  const { rules } = load(clusterPolicy());
  expect(rules.flatMap(resourcesOf).map(({ group, resource }) => `${group}/${resource}`)).toEqual(everything);
});

describe('kinds that a rule has extractors for', () => {
  const extracted = (imageExtractors: readonly string[], match: Json, exclude: Json = {}) =>
    extractedKindsOf(
      loadRule({
        match,
        exclude,
        imageExtractors: Object.fromEntries(imageExtractors.map((kind) => [kind, [{ path: '/spec/image' }]])),
      }),
    ).map(({ group, version, kind }) => `${group}/${version}/${kind}`);

  test.each<[string, string[], Json, Json, string[]]>([
    ['as match names them', ['Task'], kinds('tekton.dev/v1/Task'), {}, ['tekton.dev/v1/Task']],
    ['of any version', ['Task'], kinds('tekton.dev/*/Task'), {}, ['tekton.dev/*/Task']],
    ['of any group', ['Task'], kinds('Task'), {}, ['*/*/Task']],
    ['of groups and versions that a webhook cannot name', ['Task'], kinds('*.dev/v1*/Task'), {}, ['*/*/Task']],
    [
      'each that a wildcard names',
      ['Task', 'TaskRun', 'Run'],
      kinds('tekton.dev/v1/Task*'),
      {},
      ['tekton.dev/v1/Task', 'tekton.dev/v1/TaskRun'],
    ],
    [
      'in several versions',
      ['Task'],
      kinds('tekton.dev/v1/Task', 'tekton.dev/v1beta1/Task'),
      {},
      ['tekton.dev/v1/Task', 'tekton.dev/v1beta1/Task'],
    ],
    ['that match does not name', ['Task'], kinds('Pod'), {}, []],
    ['of which match names the status', ['Task'], kinds('Task/status'), {}, []],
    ['with all subresources', ['Task'], kinds('Task/*'), {}, ['*/*/Task']],
    ['that make Pods', ['Pod', 'StatefulSet'], kinds('Pod', 'apps/v1/StatefulSet'), {}, []],
    [
      'of such a name in another group',
      ['StatefulSet'],
      kinds('apps.kruise.io/v1beta1/StatefulSet'),
      {},
      ['apps.kruise.io/v1beta1/StatefulSet'],
    ],
    ['that an exclude takes away', ['Task', 'Run'], kinds('tekton.dev/v1/*'), kinds('Task'), ['tekton.dev/v1/Run']],
    ['of which an exclude takes some', ['Task'], kinds('Task'), kinds('tekton.dev/v1/Task'), ['*/*/Task']],
    [
      'of which an exclude takes a namespace',
      ['Task'],
      kinds('Task'),
      { any: [{ resources: { kinds: ['Task'], namespaces: ['ci'] } }] },
      ['*/*/Task'],
    ],
    ['on a DELETE alone', ['Task'], { any: [{ resources: { kinds: ['Task'], operations: ['DELETE'] } }] }, {}, []],
    [
      'in blocks that must all hold',
      ['Task', 'Run'],
      {
        all: [
          { resources: { kinds: ['tekton.dev/v1/*'] } },
          { resources: { kinds: ['tekton.dev/v1/Task'], names: ['a'] } },
        ],
      },
      {},
      ['tekton.dev/v1/Task'],
    ],
  ])('%s', (_, imageExtractors, match, exclude, expected) => {
    expect(extracted(imageExtractors, match, exclude)).toEqual(expected);
  });
});
