import fc from 'fast-check';
import { certA } from '../testing/certificates.ts';
import { clusterPolicy, entry, keyA, keyless, keys, load, pods, problemsOf, rule } from '../testing/policies.ts';

type Json = Record<string, unknown>;
const withRule = (changes: Json) => clusterPolicy({ rules: [rule(changes)] });
const withEntry = (changes: Json) => withRule({ verifyImages: [entry(changes)] });
const withAttestor = (attestor: Json) => withEntry({ attestors: [{ entries: [attestor] }] });
const inEntry = 'spec.rules[0].verifyImages[0]';
const inAttestor = `${inEntry}.attestors[0].entries[0]`;

describe('valid for Kyverno and not built yet: refused by its path', () => {
  test.each<[string, Json]>([
    [`${inAttestor}.keys.secret`, withAttestor({ keys: { secret: { name: 'a', namespace: 'b' } } })],
    [`${inAttestor}.keys.publicKeys (keys in a Secret, k8s://)`, withAttestor(keys('k8s://ns/secret'))],
    [`${inAttestor}.keys.kms (keys in a Secret, k8s://)`, withAttestor({ keys: { kms: 'k8s://ns/secret' } })],
    [`${inAttestor}.keys.publicKeys (keys at an address, https://)`, withAttestor(keys('https://example.com/a.pub'))],
    [`${inEntry}.imageRegistryCredentials`, withEntry({ imageRegistryCredentials: { secrets: ['a'] } })],
  ])('%s', (path, policy) => {
    const field = path.replace(/ \(.*/, '');
    expect(problemsOf(policy)).toEqual([`${field}: not supported yet: ${path}`]);
  });

  test.each<[string, Json]>([
    ['match.any[0].roles', { match: { any: [{ ...podBlock(), roles: ['a:b'] }] } }],
    ['match.any[0].clusterRoles', { match: { any: [{ ...podBlock(), clusterRoles: ['admin'] }] } }],
    ['exclude.clusterRoles', { match: pods(), exclude: { clusterRoles: ['admin'] } }],
  ])('%s: why it will not be', (field, changes) => {
    expect(problemsOf(withRule(changes))[0]).toBe(
      `spec.rules[0].${field}: cannot be known: a review names the user and the groups, and no roles; write subjects, or namespaces`,
    );
  });

  test('celPreconditions: why they will not be', () => {
    expect(problemsOf(withRule({ celPreconditions: [{ name: 'a', expression: 'true' }] }))).toEqual([
      'spec.rules[0].celPreconditions: would have no effect: they are of validate.cel rules alone; write preconditions',
    ]);
  });

  test('what asks for nothing is let be', () => {
    const policy = clusterPolicy({
      applyRules: 'All',
      webhookConfiguration: { matchConditions: [] },
      rules: [
        rule({
          context: [],
          preconditions: { all: [] },
          imageExtractors: {},
          celPreconditions: null,
          match: { any: [{ ...podBlock(), subjects: [], roles: null, clusterRoles: [] }] },
          verifyImages: [
            entry({ attestations: [], validate: {}, imageRegistryCredentials: {}, issuer: '', roots: '' }),
          ],
        }),
      ],
    });
    expect(problemsOf(policy)).toEqual([]);
  });
});

function podBlock(): Json {
  return { resources: { kinds: ['Pod'] } };
}

test('what an API server and Go clients write is read over', () => {
  const policy = clusterPolicy(
    {
      admission: true,
      background: true,
      emitWarning: false,
      useServerSideApply: false,
      schemaValidation: false,
      rules: [
        rule({ skipBackgroundRequests: true, exclude: {}, mutate: {}, generate: {}, reportProperties: { a: 'b' } }),
      ],
    },
    {
      metadata: {
        name: 'signed-images',
        uid: '8b0cf3cc-4a3b-4b36-8c7b-6a5b0c3f7d11',
        resourceVersion: '123',
        generation: 2,
        creationTimestamp: '2026-01-02T03:04:05Z',
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":"{{ b }}"}' },
        managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
        ownerReferences: [{ kind: 'App' }],
        finalizers: ['a/b'],
      },
      status: { autogen: { rules: [{ name: 'autogen-signed' }] }, conditions: [], ready: true },
    },
  );
  expect(problemsOf(policy)).toEqual([]);
});

test.each<[string, Json, string]>([
  ['required', withEntry({ required: 'yes' }), 'true or false is expected, this is a string'],
  ['required', withEntry({ required: 1 }), 'true or false is expected, this is a number'],
  ['imageReferences', withEntry({ imageReferences: 'ghcr.io/*' }), 'a list is expected, this is a string'],
  ['imageReferences[0]', withEntry({ imageReferences: [7] }), 'a string is expected, this is a number'],
  ['attestors[0]', withEntry({ attestors: ['x'] }), 'a mapping is expected, this is a string'],
  ['attestors[0].count', withEntry({ attestors: [{ count: 1.5, entries: [keys()] }] }), 'a whole number is expected'],
  ['annotations.a', withEntry({ annotations: { a: true } }), 'a string is expected, this is a boolean'],
  ['failureAction', withEntry({ failureAction: 'enforce' }), '"enforce" is not accepted: write one of Audit, Enforce'],
])('a value of the wrong type is refused: %s', (field, policy, message) => {
  expect(problemsOf(policy)).toEqual([expect.stringContaining(`${inEntry}.${field}: ${message}`)]);
});

test('a null is as good as nothing: the default holds', () => {
  const [loaded] = load(withEntry({ mutateDigest: null, required: null, useCache: null })).rules;
  expect(loaded?.entries[0]).toMatchObject({ mutateDigest: true, verifyDigest: true, required: true, useCache: true });
});

test('fields of v1 alone are unknown to v2beta1', () => {
  const beta = (policy: Json) => ({ ...policy, apiVersion: 'kyverno.io/v2beta1' });
  expect(problemsOf(beta(clusterPolicy()))).toEqual([]);
  expect(problemsOf(beta(withEntry({ image: 'ghcr.io/acme/a' })))).toEqual([
    expect.stringContaining("unknown field 'image'"),
  ]);
  expect(problemsOf(beta(withRule({ match: { resources: { kinds: ['Pod'] } } })))).toEqual(
    expect.arrayContaining([expect.stringContaining("unknown field 'resources'")]),
  );
});

test('the nearest known name is proposed, and none where no name is near', () => {
  expect(problemsOf(withEntry({ skipImageReference: [] }))).toEqual([
    `${inEntry}.skipImageReference: unknown field 'skipImageReference'; did you mean 'skipImageReferences'?`,
  ]);
  expect(problemsOf(withEntry({ colour: 1 }))).toEqual([`${inEntry}.colour: unknown field 'colour'`]);
});

describe('property: an unknown field anywhere in a valid policy is refused by its name', () => {
  const whole = clusterPolicy(
    {
      failurePolicy: 'Fail',
      webhookConfiguration: { timeoutSeconds: 10 },
      validationFailureActionOverrides: [{ action: 'Audit', namespaces: ['dev'] }],
      rules: [
        rule({
          match: pods({ selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] } }),
          exclude: { all: [{ resources: { namespaces: ['kube-system'], annotations: { d: 'e' } } }] },
          verifyImages: [
            entry({
              annotations: { f: 'g' },
              attestors: [
                {
                  count: 1,
                  entries: [
                    keys(),
                    { certificates: { cert: certA, rekor: {}, ctlog: {} } },
                    keyless({ additionalExtensions: { githubWorkflowRef: 'x' } }),
                  ],
                },
                { count: 1, entries: [keys(), { attestor: { entries: [keys(keyA, { annotations: { h: 'i' } })] } }] },
              ],
            }),
          ],
        }),
      ],
    },
    { metadata: { name: 'whole', labels: { j: 'k' }, annotations: { l: 'm' } } },
  );
  /** Mappings whose names the author chooses. */
  const free = /\.(annotations|labels|matchLabels|additionalExtensions)$/;

  function mappings(value: unknown, path = ''): [string, Json][] {
    if (Array.isArray(value)) return value.flatMap((item, index) => mappings(item, `${path}[${index}]`));
    if (typeof value !== 'object' || value === null || free.test(path)) return [];
    const own: [string, Json] = [path, value as Json];
    return [
      own,
      ...Object.entries(value).flatMap(([name, child]) => mappings(child, path === '' ? name : `${path}.${name}`)),
    ];
  }

  const paths = mappings(whole).map(([path]) => path);

  test('the policy itself is valid, and has mappings of every kind', () => {
    expect(problemsOf(whole)).toEqual([]);
    expect(paths).toContain('spec.rules[0].verifyImages[0].attestors[1].entries[1].attestor.entries[0].keys.ctlog');
  });

  test('every mapping, any name, any value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.stringMatching(/^[a-z]{3,12}$/).map((name) => `x${name}`),
        fc.constantFrom<unknown>(null, '', 'text', 0, true, [], {}, ['a'], { a: 1 }),
        (path, name, value) => {
          const policy = structuredClone(whole);
          const target = mappings(policy).find(([each]) => each === path)?.[1] ?? {};
          target[name] = value;
          const field = path === '' ? name : `${path}.${name}`;
          expect(problemsOf(policy)).toEqual([expect.stringContaining(`${field}: unknown field '${name}'`)]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a name like others', (name) => {
    const text = JSON.stringify(whole)
      .replace('"mutateDigest"', '"x"')
      .replace('"annotations":{"f"', `"${name}":1,"annotations":{"f"`);
    expect(problemsOf(JSON.parse(text))).toEqual([expect.stringContaining(`unknown field '${name}'`)]);
  });
});
