import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readNotaryFolder } from '../notary/read.ts';
import type { Entry } from '../policy.ts';
import { PolicyLoadError } from '../problems.ts';
import {
  asFile,
  clusterPolicy,
  entry,
  keyA,
  keyB,
  keyC,
  load,
  loadRule,
  pods,
  problemsOf,
  rule,
} from '../testing/policies.ts';
import { type LoadOptions, loadPolicies } from './load.ts';

const indented = (pem: string, by: number) => pem.trim().replaceAll(/^/gm, ' '.repeat(by));

test('a policy as a platform team writes it', () => {
  const text = `# signed by release or by the platform team
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: check-image
  annotations:
    pod-policies.kyverno.io/autogen-controllers: none
spec:
  validationFailureAction: enforce
  background: false
  failurePolicy: Fail
  webhookTimeoutSeconds: 30
  rules:
    - name: check-image
      match:
        resources:
          kinds:
            - Pod
      exclude:
        any:
        - resources: {namespaces: [kube-system, "ci-*"]}
      verifyImages:
      - image: "ghcr.io/acme/legacy*"
        imageReferences:
        - "ghcr.io/acme/*"
        skipImageReferences:
        - ghcr.io/acme/debug*
        type: Cosign
        required: yes
        mutateDigest: false
        repository: GHCR.io/acme/signatures
        attestors:
        - count: 1
          entries:
          - keys:
              publicKeys: |-
${indented(keyA, 16)}
${indented(keyB, 16)}
              signatureAlgorithm: sha512
              rekor:
                url: https://rekor.sigstore.dev
                ignoreTlog: true
          - attestor:
              entries:
              - repository: registry.example.com/sigs
                annotations: {team: release}
                signatureAlgorithm: sha384
                keys:
                  publicKeys: |
${indented(keyC, 20)}
                  rekor: {ignoreTlog: true}
                  ctlog: {ignoreSCT: true}
`;
  const { rules, warnings } = loadPolicies([{ name: 'prod/check.yaml', text }]);
  expect(rules).toHaveLength(1);
  expect(rules[0]).toMatchObject({
    policy: 'check-image',
    name: 'check-image',
    file: 'prod/check.yaml',
    line: 14,
    match: { mode: 'any', blocks: [{ kinds: [{ group: '*', version: '*', kind: 'Pod', subresource: '' }] }] },
    exclude: { mode: 'any', blocks: [{ namespaces: ['kube-system', 'ci-*'] }] },
    failurePolicy: 'Fail',
    timeoutSeconds: 30,
    action: 'enforce',
    overrides: [],
    applyOne: false,
    extractors: new Map(),
    matchConditions: [],
    context: [],
    configMaps: new Map(),
    exceptions: [],
    varies: false,
  });
  const expected: Entry = {
    path: 'verifyImages[0]',
    imageReferences: ['ghcr.io/acme/*', 'ghcr.io/acme/legacy*'],
    skipImageReferences: ['ghcr.io/acme/debug*'],
    type: 'Cosign',
    repository: { registry: 'ghcr.io', path: 'acme/signatures' },
    annotations: {},
    required: true,
    mutateDigest: false,
    verifyDigest: true,
    useCache: true,
    attestations: [],
    attestors: [
      {
        count: 1,
        entries: [
          {
            kind: 'keys',
            publicKeys: [keyA.trim(), keyB.trim()],
            signatureAlgorithm: 'sha512',
            rekor: { ignoreTlog: true, url: 'https://rekor.sigstore.dev' },
            ctlog: { ignoreSCT: false },
          },
          {
            kind: 'set',
            set: {
              entries: [
                {
                  kind: 'keys',
                  publicKeys: [keyC.trim()],
                  signatureAlgorithm: 'sha384',
                  repository: { registry: 'registry.example.com', path: 'sigs' },
                  annotations: { team: 'release' },
                  rekor: { ignoreTlog: true },
                  ctlog: { ignoreSCT: true },
                },
              ],
            },
          },
        ],
      },
    ],
  };
  expect(rules[0]?.entries).toEqual([expected]);
  expect(warnings.map(({ line, message }) => [line, message.split(': ').at(-1)])).toEqual([
    [9, 'Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead'],
    [23, 'write imageReferences'],
  ]);
});

test('a flat key is one more attestor set, with the annotations of the entry', () => {
  const loaded = loadRule({ verifyImages: [{ image: 'ghcr.io/acme/*', key: keyA, annotations: { a: 'b' } }] });
  expect(loaded.entries[0]).toMatchObject({
    imageReferences: ['ghcr.io/acme/*'],
    attestors: [
      { entries: [{ kind: 'keys', publicKeys: [keyA.trim()], annotations: { a: 'b' }, rekor: { ignoreTlog: false } }] },
    ],
  });
});

test("keys' signatureAlgorithm wins over the attestor's", () => {
  const algorithm = (attestor: Record<string, unknown>) => {
    const [set] =
      loadRule({ verifyImages: [entry({ attestors: [{ entries: [attestor] }] })] }).entries[0]?.attestors ?? [];
    const [first] = set?.entries ?? [];
    return first?.kind === 'keys' ? first.signatureAlgorithm : undefined;
  };
  const publicKeys = keyA;
  expect(algorithm({ keys: { publicKeys } })).toBe('sha256');
  expect(algorithm({ keys: { publicKeys }, signatureAlgorithm: 'sha384' })).toBe('sha384');
  expect(algorithm({ keys: { publicKeys, signatureAlgorithm: 'sha224' }, signatureAlgorithm: 'sha384' })).toBe(
    'sha224',
  );
});

test('webhookConfiguration wins over the older fields', () => {
  const spec = {
    failurePolicy: 'Fail',
    webhookTimeoutSeconds: 5,
    webhookConfiguration: { failurePolicy: 'Ignore', timeoutSeconds: 7 },
  };
  expect(loadRule({}, spec)).toMatchObject({ failurePolicy: 'Ignore', timeoutSeconds: 7 });
  expect(loadRule({}, { ...spec, webhookConfiguration: {} })).toMatchObject({
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
  });
  expect(loadRule({}).failurePolicy).toBe('Fail');
  expect(loadRule({}).timeoutSeconds).toBeUndefined();
});

test('lists as kubectl writes them, and namespaced policies', () => {
  const policy = clusterPolicy({}, { kind: 'Policy', metadata: { name: 'a', namespace: 'team' } });
  const { rules } = load({ apiVersion: 'v1', kind: 'List', metadata: {}, items: [clusterPolicy(), policy] });
  const written = rules.filter(({ name }) => name === 'signed');
  expect(written.map((each) => [each.policy, each.namespace])).toEqual([
    ['signed-images', undefined],
    ['team/a', 'team'],
  ]);
  expect(load({ apiVersion: 'kyverno.io/v1', kind: 'ClusterPolicyList', items: [clusterPolicy()] }).rules).toHaveLength(
    3,
  );
  expect(problemsOf({ apiVersion: 'v1', kind: 'List', items: {} })).toEqual([
    'items: a list is expected, this is a mapping',
  ]);
});

test.each([
  [
    'policies.kyverno.io/v1',
    'ImageValidatingPolicy',
    'not supported yet: policies.kyverno.io/v1 ImageValidatingPolicy',
  ],
  ['policies.kyverno.io/v1', 'PolicyException', 'not supported yet: policies.kyverno.io/v1 PolicyException'],
  ['kyverno.io/v2alpha1', 'PolicyException', 'PolicyException of kyverno.io/v2 and kyverno.io/v2beta1'],
  ['kyverno.io/v3', 'ClusterPolicy', 'kyverno.io/v3 ClusterPolicy is no policy'],
  ['apps/v1', 'Deployment', 'apps/v1 Deployment is no policy'],
  [
    'policies.kyverno.io/v1',
    'ValidatingPolicy',
    'policies.kyverno.io/v1 ValidatingPolicy is not about images: leave it to',
  ],
  [
    'kyverno.io/v2',
    'ClusterCleanupPolicy',
    'kyverno.io/v2 ClusterCleanupPolicy is not about images: leave it to Kyverno',
  ],
  ['kyverno.io.example/v1', 'CleanupPolicy', 'kyverno.io.example/v1 CleanupPolicy is no policy'],
  ['', 'ClusterPolicy', 'apiVersion and kind are required'],
  ['kustomize.config.k8s.io/v1beta1', 'Kustomization', 'is a kustomization, which may change the policies beside it'],
])('%s %s is refused by name', (apiVersion, kind, message) => {
  expect(problemsOf({ ...clusterPolicy(), apiVersion, kind })).toEqual([expect.stringContaining(message)]);
});

test('a kustomization that leaves its kind out is known by its name', () => {
  const read = (name: string) => () => loadPolicies([asFile(clusterPolicy()), { name, text: 'resources: [a.yaml]' }]);
  expect(read('policies/kustomization.yaml')).toThrow('policies/kustomization.yaml:1: is a kustomization');
  expect(read('policies/other.yaml')).toThrow('policies/other.yaml:1: is not a policy');
});

describe('a Policy that names no namespace', () => {
  const policy = clusterPolicy({}, { kind: 'Policy', metadata: { name: 'a' } });
  const read = (options?: LoadOptions) => loadPolicies([asFile(policy)], options).rules[0];

  test('is refused by name, since a cluster would have to say which it is', () => {
    expect(() => read()).toThrow('namespace is required');
  });

  test('is one of the namespace that the loader is told; one that it names stays', () => {
    expect(read({ namespace: 'default' })).toMatchObject({ policy: 'default/a', namespace: 'default' });
    const named = { ...policy, metadata: { name: 'a', namespace: 'team' } };
    expect(loadPolicies([asFile(named)], { namespace: 'default' }).rules[0]).toMatchObject({ namespace: 'team' });
  });

  test('is the same policy as one that names that namespace', () => {
    const named = { ...policy, metadata: { name: 'a', namespace: 'default' } };
    expect(() => loadPolicies([asFile(policy, named)], { namespace: 'default' })).toThrow(
      'Policy default/a is already defined in',
    );
  });

  test('gives no namespace to a ClusterPolicy', () => {
    const [rule] = loadPolicies([asFile(clusterPolicy())], { namespace: 'default' }).rules;
    expect(rule).toMatchObject({ policy: 'signed-images' });
    expect(rule?.namespace).toBeUndefined();
  });
});

test('rules of another type are left to Kyverno, whatever is in them', () => {
  const others = [
    {
      name: 'v',
      match: { any: [{ subjects: [{ kind: 'User', name: 'a' }] }] },
      validate: { pattern: { spec: '{{ x }}' } },
    },
    { name: 'm', match: pods(), context: [{ name: 'a' }], mutate: { patchStrategicMerge: {} } },
  ];
  const { rules, warnings } = load(clusterPolicy({ rules: [...others, rule()] }));
  expect(rules.map(({ name }) => name)).toContain('signed');
  expect(warnings.map(({ message }) => message)).toEqual([
    "spec.rules[0]: rule 'v' is a validate rule: it is left to Kyverno",
    "spec.rules[1]: rule 'm' is a mutate rule: it is left to Kyverno",
  ]);
  const foreign = load(clusterPolicy({ applyRules: 'One', admission: false, rules: others }));
  expect(foreign.rules).toEqual([]);
  expect(foreign.warnings.map(({ message }) => message)).toContain(
    'signed-images has no verifyImages rule: it is left to Kyverno',
  );
  expect(problemsOf(clusterPolicy({ rules: [{ ...others[0], valdate: {} }] }))).toEqual([
    "spec.rules[0].valdate: unknown field 'valdate'; did you mean 'validate'?",
  ]);
});

describe('a policy as older versions of Kyverno stored it, every type of a rule written out', () => {
  const stored = {
    mutate: {},
    validate: {},
    generate: { clone: {}, cloneList: {} },
    exclude: { resources: {} },
    match: { ...pods(), resources: {} },
    context: [],
  };

  test.each<[string, Record<string, unknown>]>([
    ['as 1.6 did', { mutate: {}, validate: {}, generate: { clone: {} } }],
    ['with a list of clones', stored],
    [
      'with what a mutation and a validation hold',
      { mutate: { foreach: [], targets: null }, validate: { deny: {}, message: '' } },
    ],
  ])('loads, %s', (_, changes) => {
    const { rules, warnings } = load(
      clusterPolicy({ rules: [rule(changes)] }, { status: { ready: true, autogen: {} } }),
    );
    expect(rules.map(({ name }) => name)).toEqual(['signed', 'autogen-signed', 'autogen-cronjob-signed']);
    expect(warnings).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['mutates', { mutate: { patchStrategicMerge: { metadata: { labels: { a: 'b' } } } } }],
    ['validates', { validate: { message: 'no' } }],
    ['generates', { generate: { clone: { name: 'a' }, cloneList: {} } }],
  ])('is refused by name where one rule verifies and %s', (_, changes) => {
    const [problem] = problemsOf(clusterPolicy({ rules: [rule({ ...stored, ...changes })] }));
    expect(problem).toContain("Multiple operations defined in the rule 'signed'");
  });
});

test('all problems of all files are found, each with its file and line, and nothing loads', () => {
  const good = asFile(clusterPolicy());
  const files = [
    { ...good, name: 'good.yaml' },
    {
      name: 'a.yaml',
      text: 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: a\nspec:\n  rulez: []\n  background: "no"\n',
    },
    { name: 'b.yaml', text: 'a: 1\na: 2\n---\nkind: Pod\napiVersion: v1\n' },
  ];
  const thrown = catchError(() => loadPolicies(files));
  expect(thrown).toBeInstanceOf(PolicyLoadError);
  expect(thrown?.message.split('\n')).toEqual([
    "a.yaml:6: spec.rulez: unknown field 'rulez'; did you mean 'rules'?",
    'a.yaml:7: spec.background: true or false is expected, this is a string',
    "b.yaml:2: 'a' is in this mapping twice",
    'b.yaml:4: v1 Pod is no policy: ClusterPolicy and Policy of kyverno.io/v1 and kyverno.io/v2beta1 are read, and PolicyException of kyverno.io/v2 and kyverno.io/v2beta1',
  ]);
  expect(loadPolicies([good]).rules).toHaveLength(3);
});

function catchError(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return Error.isError(thrown) ? thrown : undefined;
  }
}

test('one policy in two files is refused', () => {
  const [one, two] = [
    { ...asFile(clusterPolicy()), name: 'one.yaml' },
    { ...asFile(clusterPolicy()), name: 'two.yaml' },
  ];
  const thrown = catchError(() => loadPolicies([one, two]));
  expect(thrown?.message).toBe(
    'two.yaml:5: metadata.name: ClusterPolicy signed-images is already defined in one.yaml:1: a name is for one policy',
  );
  const named = { ...asFile(clusterPolicy({}, { metadata: { name: 'other' } })), name: 'two.yaml' };
  expect(loadPolicies([one, named]).rules).toHaveLength(6);
});

test('the hash is over names and bytes, whoever lists the files', () => {
  const a = { name: 'a.yaml', text: '# nothing' };
  const b = { name: 'b.yaml', text: '# much' };
  const { hash } = loadPolicies([a, b]);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(loadPolicies([b, a]).hash).toBe(hash);
  expect(loadPolicies([{ ...a, name: 'c.yaml' }, b]).hash).not.toBe(hash);
  expect(loadPolicies([{ ...a, text: '# nothing ' }, b]).hash).not.toBe(hash);
  expect(loadPolicies([{ name: 'a.yaml', text: '# nothingb.yaml# much' }]).hash).not.toBe(hash);
});

test('a file without a policy is a warning', () => {
  expect(loadPolicies([{ name: 'a.yaml', text: '# nothing\n' }]).warnings).toEqual([
    { file: 'a.yaml', line: 1, message: 'holds no policy' },
  ]);
});

describe('policies/samples', () => {
  const folder = join(import.meta.dirname, '../../../policies/samples');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const trusted = readdirSync(join(folder, 'notary'), { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map(({ parentPath, name }) => relative(join(folder, 'notary'), join(parentPath, name)));
  const notary = readNotaryFolder(
    'notary',
    trusted.map((path) => ({ name: path, path, bytes: readFileSync(join(folder, 'notary', path)) })),
  );

  test.each(names)('%s loads without a warning', (name) => {
    const { rules, warnings } = loadPolicies([{ name, text: readFileSync(join(folder, name), 'utf8') }], { notary });
    expect([...notary.warnings, ...warnings]).toEqual([]);
    // What is about Pods is about their controllers too.
    expect(rules).toHaveLength(rules[0]?.extractors.size === 0 ? 3 : 1);
  });

  test('they stand beside each other', () => {
    expect(names).toHaveLength(20);
    const files = names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
    expect(loadPolicies(files, { notary }).rules).toHaveLength(58);
  });
});
