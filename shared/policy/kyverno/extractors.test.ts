import { clusterPolicy, entry, load, problemsOf, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;

const kinds = (...names: string[]): Json => ({ any: [{ resources: { kinds: names } }] });
const image = { path: '/spec/image' };

/** A policy about Tasks with these extractors. */
function tasks(imageExtractors: unknown, changes: Json = {}): Json {
  return clusterPolicy({ rules: [rule({ match: kinds('tekton.dev/v1/Task'), imageExtractors, ...changes })] });
}

test('a policy with extractors loads without a word', () => {
  const policy = tasks({ Task: [{ path: '/spec/steps/*/image', name: 'steps', key: 'name' }] });
  expect(warningsOf(policy)).toEqual([]);
  const [loaded, ...made] = load(policy).rules;
  expect(made).toEqual([]);
  expect(loaded?.extractors.get('Task')).toEqual([
    { list: 'steps', path: ['spec', 'steps', '*'], value: 'image', key: 'name' },
  ]);
});

const at = 'spec.rules[0].imageExtractors';
const unpinned = { verifyImages: [entry({ mutateDigest: false })] };
const jmes = (jmesPath: string) => ({ Task: [{ ...image, jmesPath }] });

test.each<[Json, string | undefined]>([
  [{ path: '/spec/steps[*]/image' }, 'path'],
  [{ path: '/spec/**/image' }, 'path'],
  [{ path: '/spec/step*/image' }, 'path'],
  [{ path: '/spec/a~1b' }, 'path'],
  [{ path: 'spec.image' }, 'path'],
  [{ path: '/spec', value: 'a/b' }, 'value'],
  [{ path: '/spec', value: 'images[0]' }, 'value'],
  [{ path: '/spec/*', value: 'image', key: 'metadata/name' }, 'key'],
  [{ path: '/spec/*/image' }, undefined],
  [{ path: 'spec/image' }, undefined],
  [{ path: '/ spec / * / image' }, undefined],
  [{ path: '/metadata/annotations/acme.example' }, undefined],
  [{ path: '/spec/*', value: 'acme.example', key: 'a-b' }, undefined],
])(
  '%j: what is another syntax is warned of, since an object in which nothing is found is admitted',
  (fields, field) => {
    const found = warningsOf(tasks({ Task: [fields] }));
    if (field === undefined) expect(found).toEqual([]);
    else expect(found[0]).toContain(`imageExtractors.Task[0].${field}: is looked for letter by letter`);
  },
);

test('variables are substituted in none of their fields, as in Kyverno', () => {
  for (const field of ['path', 'value', 'name', 'key']) {
    const policy = tasks({ Task: [{ ...image, [field]: '{{ request.namespace }}' }] });
    expect(problemsOf(policy)).toEqual([
      `spec.rules[0].imageExtractors.Task[0].${field}: holds a variable: write the name itself`,
    ]);
  }
});

test.each<[string, unknown, Json, string, unknown, Json]>([
  ['a kind without extractors', { Task: [] }, {}, `${at}.Task: no extractors found for Task`, { Task: [image] }, {}],
  ['a list', [image], {}, `${at}: a mapping is expected`, {}, {}],
  [
    'no path',
    { Task: [{ value: 'image' }] },
    {},
    `${at}.Task[0]: path is required`,
    { Task: [{ path: '/spec', value: 'image' }] },
    {},
  ],
  [
    'a path of nothing',
    { Task: [{ path: '/' }] },
    {},
    `${at}.Task[0].path: names no field with an image`,
    { Task: [{ path: '/', value: 'image' }] },
    {},
  ],
  [
    'a path that ends in *',
    { Task: [{ path: '/spec/*' }] },
    {},
    `${at}.Task[0].path: ends in *`,
    { Task: [{ path: '/spec/*', value: 'image' }] },
    {},
  ],
  [
    'a path of 65 steps',
    { Task: [{ path: '/a'.repeat(65) }] },
    {},
    `${at}.Task[0].path: has 65 steps: more than 64`,
    { Task: [{ path: '/a'.repeat(64) }] },
    {},
  ],
  [
    '33 extractors',
    { Task: Array.from({ length: 33 }, () => image) },
    {},
    `${at}.Task: has 33 extractors: more than 32`,
    { Task: Array.from({ length: 32 }, () => image) },
    {},
  ],
  [
    'a field that is none',
    { Task: [{ ...image, values: 'x' }] },
    {},
    `${at}.Task[0].values: unknown field`,
    { Task: [{ ...image, value: 'x' }] },
    {},
  ],
  [
    'a jmesPath that does not parse',
    jmes('a['),
    unpinned,
    `${at}.Task[0].jmesPath: `,
    jmes("split(@, '/')[0]"),
    unpinned,
  ],
  [
    'a jmesPath with a variable',
    jmes('{{ request.name }}'),
    unpinned,
    `${at}.Task[0].jmesPath: has a variable`,
    jmes('@'),
    unpinned,
  ],
  [
    'a jmesPath and a digest to pin',
    jmes('@'),
    {},
    `${at}: jmespath may not be used in an image extractor when mutating digests`,
    jmes('@'),
    unpinned,
  ],
])('%s is refused, its twin is not', (_, wrong, changes, expected, right, twin) => {
  expect(problemsOf(tasks(wrong, changes))).toEqual([expect.stringContaining(expected)]);
  expect(problemsOf(tasks(right, twin))).toEqual([]);
});

describe('warns of', () => {
  test('extractors for a kind that match does not name, and which was likely meant', () => {
    expect(warningsOf(tasks({ Task: [image], Tasks: [image], Rollout: [image] }))).toEqual([
      `${at}.Tasks: has no effect: match names no kind 'Tasks'; did you mean Task?`,
      `${at}.Rollout: has no effect: match names no kind 'Rollout'`,
    ]);
  });

  test('extractors that share a name and tell images by a key', () => {
    const by = (name: string) =>
      ['steps', 'sidecars'].map((list) => ({ path: `/spec/${list}/*/image`, key: 'name', name: name && list }));
    expect(warningsOf(tasks({ Task: by('') }))).toEqual([
      expect.stringMatching(/Task\[1\]: shares the name 'custom' with another extractor, .*: write a name for each$/),
    ]);
    expect(warningsOf(tasks({ Task: by('own') }))).toEqual([]);
  });

  test('a kind that makes Pods: its containers are not looked at then', () => {
    const pods = (...paths: string[]) =>
      clusterPolicy({
        rules: [rule({ match: kinds('Pod'), imageExtractors: { Pod: paths.map((path) => ({ path })) } })],
      });
    expect(warningsOf(pods('/spec/containers/*/image'))).toEqual([
      `${at}.Pod: a Pod is looked at nowhere else: not in /spec/initContainers/*/image, /spec/ephemeralContainers/*/image, ` +
        '/spec/volumes/*/image/reference, as without extractors',
    ]);
    const all = ['containers', 'initContainers', 'ephemeralContainers'].map((list) => `/spec/${list}/*/image`);
    expect(warningsOf(pods(...all, '/spec/volumes/*/image/reference'))).toEqual([]);
  });

  test('not a kind of that name in a group of somebody else', () => {
    const own = { match: kinds('apps.kruise.io/v1beta1/StatefulSet') };
    expect(warningsOf(tasks({ StatefulSet: [image] }, own))).toEqual([]);
  });

  test('kinds beside them that hold no image', () => {
    const both = { match: kinds('tekton.dev/v1/Task', 'tekton.dev/v1/Pipeline') };
    expect(warningsOf(tasks({ Task: [image] }, both))).toEqual([
      expect.stringContaining(
        "kind 'tekton.dev/v1/Pipeline' holds no image that is known here: nothing is asked about it",
      ),
    ]);
    expect(warningsOf(tasks({ Task: [image], Pipeline: [image] }, both))).toEqual([]);
  });

  test('operations without updates', () => {
    const on = (...operations: string[]) => ({ match: { any: [{ resources: { kinds: ['Task'], operations } }] } });
    expect(warningsOf(tasks({ Task: [image] }, on('CREATE')))).toEqual([
      expect.stringContaining('nothing is asked on an UPDATE, which may bring another image: write CREATE and UPDATE'),
    ]);
    expect(warningsOf(tasks({ Task: [image] }, on('CREATE', 'UPDATE')))).toEqual([]);
  });
});

test('rules that auto-gen makes look where controllers have their Pods', () => {
  const policy = clusterPolicy({ rules: [rule({ match: kinds('Pod'), imageExtractors: { Pod: [image] } })] });
  expect(load(policy).rules.map(({ name, extractors }) => [name, extractors.size])).toEqual([
    ['signed', 1],
    ['autogen-signed', 0],
    ['autogen-cronjob-signed', 0],
  ]);
});
