import { clusterPolicy, entry, keyA, keyB, keys, pods, problemsOf, rule } from '../testing/policies.ts';

const withRule = (changes: Record<string, unknown>) => clusterPolicy({ rules: [rule(changes)] });
const withEntry = (changes: Record<string, unknown>) => withRule({ verifyImages: [entry(changes)] });
const withMatchConditions = (...matchConditions: object[]) =>
  clusterPolicy({ webhookConfiguration: { matchConditions } });
const withSet = (set: Record<string, unknown>) => withEntry({ attestors: [set] });
const withAttestor = (attestor: Record<string, unknown>) => withSet({ entries: [attestor] });

/** What is refused, by what words, and the nearest policy that is not. */
const cases: readonly [string, Record<string, unknown>, string | RegExp, Record<string, unknown>][] = [
  [
    'an auditing rule that pins digests',
    clusterPolicy({ validationFailureAction: 'Audit' }),
    /mutateDigest must be set to false for 'Audit' failure action: write mutateDigest: false, or Enforce$/,
    clusterPolicy({
      validationFailureAction: 'Audit',
      rules: [rule({ verifyImages: [entry({ mutateDigest: false })] })],
    }),
  ],
  [
    'an auditing policy by default',
    clusterPolicy({ validationFailureAction: null }),
    /mutateDigest must be set .* 'Audit' failure action: the default is Audit: write validationFailureAction: Enforce, or mutateDigest: false$/,
    clusterPolicy({
      validationFailureAction: null,
      rules: [rule({ verifyImages: [entry({ failureAction: 'Enforce' })] })],
    }),
  ],
  [
    'an entry that audits under a policy without an action',
    clusterPolicy({
      validationFailureAction: null,
      rules: [rule({ verifyImages: [entry({ failureAction: 'Audit' })] })],
    }),
    /'Audit' failure action: write mutateDigest: false, or Enforce$/,
    clusterPolicy({
      validationFailureAction: null,
      rules: [rule({ verifyImages: [entry({ failureAction: 'Audit', mutateDigest: false })] })],
    }),
  ],
  ...(['failureAction', 'failureActon'] as const).map((field): (typeof cases)[number] => [
    `a wrong ${field}, and not what follows from it`,
    clusterPolicy({ validationFailureAction: null, rules: [rule({ verifyImages: [entry({ [field]: 'Enforced' })] })] }),
    field === 'failureAction' ? 'is not accepted: write one of Audit, Enforce' : "did you mean 'failureAction'",
    clusterPolicy({ rules: [rule({ verifyImages: [entry({ failureAction: 'Enforce' })] })] }),
  ]),
  [
    'a wrong validationFailureAction, and not what follows from it',
    clusterPolicy({ validationFailureAction: 'Enforced' }),
    'is not accepted: write one of Audit, Enforce',
    clusterPolicy({ validationFailureAction: 'Enforce' }),
  ],
  [
    'a misspelt validationFailureAction, and not what follows from it',
    clusterPolicy({ validationFailureAction: null, validationFailureActions: 'Enforce' }),
    "did you mean 'validationFailureAction'",
    clusterPolicy({ validationFailureAction: 'Enforce' }),
  ],
  [
    'a match of namespaces that none can be',
    withRule({ match: pods({ namespaces: ['Shop'] }) }),
    '"Shop" is no name that a namespace can have: names are in lower case: write "shop"',
    withRule({ match: pods({ namespaces: ['shop'] }) }),
  ],
  [
    'a match of names that nothing can have',
    withRule({ match: pods({ name: 'Web-*' }) }),
    'match.any[0].resources.name: "Web-*" is no name that an object can have',
    withRule({ match: pods({ name: 'web-*' }) }),
  ],
  [
    'a match of which one block of all is empty',
    withRule({
      match: { all: [{ resources: { kinds: ['Pod'] } }, { resources: { kinds: ['Pod'], namespaces: ['a b'] } }] },
    }),
    'is no name that a namespace can have: leave the white space out',
    withRule({
      match: { any: [{ resources: { kinds: ['Pod'] } }, { resources: { kinds: ['Pod'], namespaces: ['a b'] } }] },
    }),
  ],
  [
    'a match of an annotation that nothing can have',
    withRule({ match: pods({ annotations: { 'acme.io/*/x': 'y' } }) }),
    'is no name that an annotation can have',
    withRule({ match: pods({ annotations: { 'Acme.io/*': 'y z' } }) }),
  ],
  [
    'a label that nothing can have, with wildcards',
    withRule({ match: pods({ selector: { matchLabels: { 'a*': 'x y*' } } }) }),
    'is not a valid label value',
    withRule({ match: pods({ selector: { matchLabels: { 'a*': 'x?y*' } } }) }),
  ],
  ['no image reference', withEntry({ imageReferences: [] }), 'An image reference is required', withEntry({})],
  [
    'a count over the entries, before PEM blocks are counted',
    withSet({ count: 2, entries: [keys(keyA + keyB)] }),
    'Count cannot exceed length of entries',
    withSet({ count: 2, entries: [keys(keyA), keys(keyB)] }),
  ],
  [
    'a count of 0',
    withSet({ count: 0, entries: [keys()] }),
    'count must be 1 or more',
    withSet({ count: 1, entries: [keys()] }),
  ],
  ['a set without entries', withSet({ entries: [] }), 'An entry is required', withSet({ entries: [keys()] })],
  [
    'an attestor that is nothing',
    withAttestor({ annotations: { a: 'b' } }),
    'keys, certificates, keyless, or a nested attestor is required',
    withAttestor(keys(keyA, { annotations: { a: 'b' } })),
  ],
  [
    'an attestor that is two things',
    withAttestor(keys(keyA, { attestor: { entries: [keys()] } })),
    'keys, certificates, keyless, or a nested attestor is required',
    withAttestor({ attestor: { entries: [keys()] } }),
  ],
  [
    'keys without a key',
    withAttestor({ keys: { rekor: { ignoreTlog: true } } }),
    'A public key, kms key or secret is required',
    withAttestor(keys()),
  ],
  [
    'another signature algorithm',
    withAttestor({ keys: { publicKeys: keyA, signatureAlgorithm: 'md5' } }),
    'Invalid signature algorithm provided',
    withAttestor({ keys: { publicKeys: keyA, signatureAlgorithm: 'sha512' } }),
  ],
  [
    'variables in an image reference',
    withEntry({ imageReferences: ['{{ request.namespace }}/*'] }),
    'variables are not allowed in image reference',
    withEntry({ imageReferences: ['ghcr.io/acme/*'] }),
  ],
  [
    'variables in match',
    withRule({ match: pods({ namespaces: ['{{ x }}'] }) }),
    'a rule should not have variables in match section',
    withRule({ match: pods({ namespaces: ['x'] }) }),
  ],
  [
    'variables in exclude',
    withRule({ exclude: pods({ names: ['{{ x }}'] }) }),
    'a rule should not have variables in exclude section',
    withRule({ exclude: pods({ names: ['x'] }) }),
  ],
  [
    'every kind',
    withRule({ match: { any: [{ resources: { kinds: ['*'] } }] } }),
    'wildcard policy does not support rule type',
    withRule({ match: { any: [{ resources: { kinds: ['Po*'] } }] } }),
  ],
  [
    'a group before a kind that reads as a subresource',
    withRule({ match: { any: [{ resources: { kinds: ['*/*/Pod'] } }] } }),
    "reads as 'Pod', a subresource of *",
    withRule({ match: { any: [{ resources: { kinds: ['*/Pod'] } }] } }),
  ],
  [
    'no admission',
    clusterPolicy({ admission: false }),
    'disabling admission processing is only allowed with validation policies',
    clusterPolicy({ admission: true }),
  ],
  ['a rule without a name', withRule({ name: '' }), 'a rule must have a name', withRule({ name: 'x' })],
  [
    'a long rule name',
    withRule({ name: 'x'.repeat(64) }),
    'a rule name must be no more than 63 characters',
    withRule({ name: 'x'.repeat(63) }),
  ],
  [
    'two rules of one name',
    clusterPolicy({ rules: [rule(), rule()] }),
    "Duplicate rule name: 'signed'",
    clusterPolicy({ rules: [rule(), rule({ name: 'b' })] }),
  ],
  [
    'two operations in one rule',
    withRule({ validate: { message: 'x' } }),
    "Multiple operations defined in the rule 'signed', only one operation",
    withRule({ validate: {} }),
  ],
  [
    'no operation in a rule',
    clusterPolicy({ rules: [rule(), { name: 'b', match: pods() }] }),
    "No operation defined in the rule 'b'",
    clusterPolicy({ rules: [rule(), { name: 'b', match: pods(), mutate: { x: 1 } }] }),
  ],
  [
    'any and all together',
    withRule({ match: { ...pods(), all: [{ resources: { kinds: ['Pod'] } }] } }),
    "can't specify any and all together",
    withRule({ match: { ...pods(), all: [] } }),
  ],
  [
    'any together with the older form',
    withRule({ exclude: { ...pods({ names: ['a'] }), resources: { names: ['b'] } } }),
    "can't specify any/all together with resources",
    withRule({ exclude: { resources: { names: ['b'] } } }),
  ],
  [
    'name and names',
    withRule({ match: pods({ name: 'a', names: ['b'] }) }),
    'Both name and names can not be specified together',
    withRule({ match: pods({ names: ['b'] }) }),
  ],
  [
    'a match of nothing',
    withRule({ match: { any: [{}] } }),
    'match resources not specified',
    withRule({ match: pods() }),
  ],
  ['no match', withRule({ match: null }), 'match resources not specified', withRule({ match: pods() })],
  [
    'a match without kinds',
    withRule({ match: { any: [{ resources: { namespaces: ['a'] } }] } }),
    'the kind attribute is mandatory',
    withRule({ match: pods({ namespaces: ['a'] }) }),
  ],
  [
    'an exclude that takes all',
    withRule({ exclude: pods() }),
    'Rule is matching an empty set',
    withRule({ exclude: pods({ namespaces: ['a'] }) }),
  ],
  [
    'an empty selector',
    withRule({ match: pods({ selector: {} }) }),
    'The requirements are not specified in selector',
    withRule({ match: pods({ selector: { matchLabels: { app: 'x?' } } }) }),
  ],
  [
    'a wildcard where Kubernetes has none',
    withRule({ match: pods({ selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x*'] }] } }) }),
    'is not a valid label value',
    withRule({ match: pods({ selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x'] }] } }) }),
  ],
  [
    'Exists with values',
    withRule({ match: pods({ selector: { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['x'] }] } }) }),
    'must be empty for Exists',
    withRule({ match: pods({ selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }) }),
  ],
  [
    'a condition of the API server without a name',
    withMatchConditions({ expression: 'true' }),
    'spec.webhookConfiguration.matchConditions[0]: name is required',
    withMatchConditions({ name: 'a', expression: 'true' }),
  ],
  [
    'one without an expression',
    withMatchConditions({ name: 'a' }),
    'expression is required',
    withMatchConditions({ name: 'a', expression: 'true' }),
  ],
  [
    'one whose name no API server takes, which would refuse all webhooks',
    withMatchConditions({ name: 'not ci', expression: 'true' }),
    'matchConditions[0].name: is no name that an API server takes',
    withMatchConditions({ name: 'acme.example/not-ci', expression: 'true' }),
  ],
  [
    'one that is named as the one of every webhook',
    withMatchConditions({ name: 'spec-labels-or-annotations-changed', expression: 'true' }),
    'choose another name',
    withMatchConditions({ name: 'spec-changed', expression: 'true' }),
  ],
  [
    'two of one name',
    withMatchConditions({ name: 'a', expression: 'true' }, { name: 'a', expression: 'false' }),
    'has two conditions of one name',
    withMatchConditions({ name: 'a', expression: 'true' }, { name: 'b', expression: 'false' }),
  ],
  [
    'a timeout over 30 seconds',
    clusterPolicy({ webhookTimeoutSeconds: 31 }),
    'the timeout value must be between 1 and 30 seconds',
    clusterPolicy({ webhookTimeoutSeconds: 30 }),
  ],
  [
    'a timeout of 0 seconds',
    clusterPolicy({ webhookConfiguration: { timeoutSeconds: 0 } }),
    'the timeout value must be between 1 and 30 seconds',
    clusterPolicy({ webhookConfiguration: { timeoutSeconds: 1 } }),
  ],
  [
    'overrides that disagree',
    clusterPolicy({
      validationFailureActionOverrides: [
        { action: 'Audit', namespaces: ['dev-*'] },
        { action: 'Enforce', namespaces: ['dev-a'] },
      ],
    }),
    "wildcard pattern 'dev-*' conflicts with namespace 'dev-a'",
    clusterPolicy({
      validationFailureActionOverrides: [
        { action: 'Audit', namespaces: ['dev-*'] },
        { action: 'Enforce', namespaces: ['prod'] },
      ],
    }),
  ],
  [
    'a ClusterPolicy in a namespace',
    clusterPolicy({}, { metadata: { name: 'a', namespace: 'b' } }),
    'A clusterpolicy should not have the namespace defined',
    clusterPolicy({}, { kind: 'Policy', metadata: { name: 'a', namespace: 'b' } }),
  ],
  [
    'a Policy that filters namespaces',
    clusterPolicy(
      { rules: [rule({ match: pods({ namespaces: ['c'] }) })] },
      { kind: 'Policy', metadata: { name: 'a', namespace: 'b' } },
    ),
    'Filtering namespaces not allowed in namespaced policies',
    clusterPolicy(
      { rules: [rule({ match: pods({ names: ['c'] }) })] },
      { kind: 'Policy', metadata: { name: 'a', namespace: 'b' } },
    ),
  ],
  [
    'a Policy with overrides',
    clusterPolicy(
      { validationFailureActionOverrides: [{ action: 'Audit', namespaces: ['c'] }] },
      { kind: 'Policy', metadata: { name: 'a', namespace: 'b' } },
    ),
    'supported only with ClusterPolicy',
    clusterPolicy({ validationFailureActionOverrides: [{ action: 'Audit', namespaces: ['c'] }] }),
  ],
  [
    'a Policy without a namespace',
    clusterPolicy({}, { kind: 'Policy' }),
    'namespace is required',
    clusterPolicy({}, { kind: 'Policy', metadata: { name: 'a', namespace: 'b' } }),
  ],
  [
    'a key that is none',
    withAttestor(keys('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')),
    /keys\.publicKeys: block 1 does not parse as a public key/,
    withAttestor(keys(`# ours\n${keyA}\n# theirs\n${keyB}`)),
  ],
  [
    'a repository with a tag',
    withEntry({ repository: 'ghcr.io/acme/signatures:latest' }),
    'is not a repository',
    withEntry({ repository: 'ghcr.io/acme/signatures' }),
  ],
  [
    "an attestor's repository that does not parse",
    withAttestor(keys(keyA, { repository: 'GHCR/Acme' })),
    'is not a repository',
    withAttestor(keys(keyA, { repository: 'ghcr.io/acme' })),
  ],
  [
    'what has no effect beside a nested set',
    withAttestor({ attestor: { entries: [keys()] }, annotations: { a: 'b' } }),
    'has no effect here',
    withAttestor({ attestor: { entries: [keys(keyA, { annotations: { a: 'b' } })] }, signatureAlgorithm: 'sha256' }),
  ],
  [
    'annotations beside image without a key',
    withEntry({ image: 'ghcr.io/acme/a', annotations: { a: 'b' } }),
    'keys, certificates, keyless, or a nested attestor is required',
    withEntry({ image: 'ghcr.io/acme/a', annotations: { a: 'b' }, key: keyA }),
  ],
  [
    'a Rekor URL that is none',
    withAttestor({ keys: { publicKeys: keyA, rekor: { url: 'rekor' } } }),
    'is not an http:// or https:// URL',
    withAttestor({ keys: { publicKeys: keyA, rekor: { url: 'https://rekor.example.com' } } }),
  ],
];

test.each(cases)('refuses %s', (_, refused, message, accepted) => {
  const problems = problemsOf(refused);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message instanceof RegExp ? message : literal(message));
  expect(problemsOf(accepted)).toEqual([]);
});

function literal(text: string): RegExp {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

test('attestor sets nested too deep are refused', () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 0 ? keys() : { attestor: { entries: [nested(depth - 1)] } };
  expect(problemsOf(withAttestor(nested(7)))).toEqual([]);
  expect(problemsOf(withAttestor(nested(8)))).toEqual([expect.stringContaining('nested over 8 deep')]);
});
