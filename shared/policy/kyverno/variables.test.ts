import { createRun } from '../../expression/run.ts';
import { scopeOf } from '../../expression/testing/templates.ts';
import type { Json } from '../../expression/value.ts';
import { certA } from '../testing/certificates.ts';
import {
  clusterPolicy,
  entry,
  keyA,
  keyB,
  keyless,
  keys,
  load,
  loadRule,
  pods,
  problemsOf,
  rule,
  warningsOf,
} from '../testing/policies.ts';

type Written = Record<string, unknown>;

const context = [{ name: 'trust', variable: { value: {} } }];
const withRule = (changes: Written, spec: Written = {}) =>
  clusterPolicy({ rules: [rule({ context, ...changes })], ...spec });
const withEntry = (changes: Written) => withRule({ verifyImages: [entry(changes)] });
const withAttestor = (attestor: Written) => withEntry({ attestors: [{ entries: [attestor] }] });
const inEntry = 'spec.rules[0].verifyImages[0]';
const inAttestor = `${inEntry}.attestors[0].entries[0]`;
const variable = '{{ request.namespace }}';

describe('where variables mean nothing or would let an author choose, they are refused', () => {
  const inFilter = (section: string) => `a rule should not have variables in ${section} section`;
  test.each<[string, Written, string]>([
    [
      'spec.rules[0].match.any[0].resources.names[0]',
      withRule({ match: pods({ names: [variable] }) }),
      inFilter('match'),
    ],
    [
      'spec.rules[0].match.any[0].resources.selector.matchLabels.a',
      withRule({ match: pods({ selector: { matchLabels: { a: variable } } }) }),
      inFilter('match'),
    ],
    [
      'spec.rules[0].exclude.any[0].resources.namespaces[0]',
      withRule({ exclude: pods({ namespaces: [variable] }) }),
      inFilter('exclude'),
    ],
    [
      `${inEntry}.imageReferences[0]`,
      withEntry({ imageReferences: [`ghcr.io/${variable}/*`] }),
      'variables are not allowed in image reference',
    ],
    [`${inEntry}.image`, withEntry({ image: variable }), 'variables are not allowed in image reference'],
    [
      `${inEntry}.skipImageReferences[0]`,
      withEntry({ skipImageReferences: [`ghcr.io/acme/${variable}`] }),
      "variables are not allowed in a pattern that skips: an object's author would choose what is skipped",
    ],
    ['spec.rules[0].name', withRule({ name: variable }), 'variables are not substituted here'],
    [
      'spec.validationFailureActionOverrides[0].namespaces[0]',
      withRule({}, { validationFailureActionOverrides: [{ action: 'Audit', namespaces: [variable] }] }),
      'variables are not substituted here',
    ],
  ])('%s', (field, policy, message) => {
    expect(problemsOf(policy)).toContain(`${field}: ${message}`);
    // A reference within the document, which Kyverno substitutes as well, and one that is escaped.
    for (const other of ['$(./a)', '\\\\{{ a }}'])
      expect(problemsOf(JSON.parse(JSON.stringify(policy).replaceAll(variable, other)) as Written)).toContain(
        `${field}: ${message}`,
      );
  });

  test.each<[string, Written, string]>([
    [`${inEntry}.required`, withEntry({ required: variable }), 'true or false is expected'],
    [`${inEntry}.failureAction`, withEntry({ failureAction: variable }), 'is not accepted: write one of'],
    [`${inEntry}.type`, withEntry({ type: variable }), 'is not accepted: write one of'],
    [
      `${inEntry}.attestors[0].count`,
      withEntry({ attestors: [{ count: variable, entries: [keys()] }] }),
      'a whole number is expected',
    ],
    [`${inEntry}.attestors`, withEntry({ attestors: variable }), 'a list is expected'],
    [
      `${inEntry}.annotations["${variable}"]`,
      withEntry({ annotations: { [variable]: 'a' } }),
      'a name here holds a variable: write the name itself',
    ],
  ])('%s is no text', (field, policy, message) => {
    expect(problemsOf(policy)).toEqual([expect.stringContaining(`${field}: `)]);
    expect(problemsOf(policy)[0]).toContain(message);
  });

  test('metadata is read over, whatever stands in it', () => {
    expect(problemsOf(clusterPolicy({}, { metadata: { name: 'a', annotations: { a: variable } } }))).toEqual([]);
  });
});

describe('whom an entry trusts may hold variables', () => {
  test.each<[string, Written]>([
    ['keys.publicKeys', withAttestor(keys('{{ trust.keys }}'))],
    ['keys.kms', withAttestor({ keys: { kms: 'awskms:///alias/{{ request.namespace }}' } })],
    ['keys.rekor.pubkey', withAttestor({ keys: { publicKeys: keyA, rekor: { pubkey: '{{ trust.log }}' } } })],
    ['keys.rekor.url', withAttestor(keyless({ rekor: { url: '{{ trust.log }}' } }))],
    [
      'keys.ctlog.tsaCertChain',
      withAttestor({ keys: { publicKeys: keyA, ctlog: { tsaCertChain: '{{ trust.tsa }}' } } }),
    ],
    ['signatureAlgorithm', withAttestor(keys(keyA, { signatureAlgorithm: '{{ trust.algorithm }}' }))],
    ['certificates', withAttestor({ certificates: { cert: '{{ trust.cert }}', certChain: '{{ trust.chain }}' } })],
    ['keyless.subject', withAttestor(keyless({ subject: `https://github.com/${variable}/*` }))],
    ['keyless.issuer', withAttestor(keyless({ issuer: '{{ trust.issuer }}' }))],
    ['keyless.roots', withAttestor(keyless({ roots: '{{ trust.roots }}' }))],
    ['keyless.subjectRegExp', withAttestor(keyless({ subject: '', subjectRegExp: '{{ trust.pattern }}' }))],
    [
      'keyless.additionalExtensions',
      withAttestor(keyless({ additionalExtensions: { githubWorkflowRepository: `acme/${variable}` } })),
    ],
    ['annotations', withEntry({ annotations: { env: variable } })],
    ["an attestor's annotations", withAttestor(keys(keyA, { annotations: { env: variable } }))],
    ['repository', withEntry({ repository: `ghcr.io/acme/${variable}` })],
    ["an attestor's repository", withAttestor(keys(keyA, { repository: '{{ trust.repository }}' }))],
    ['attestations.type', withEntry({ attestations: [{ type: 'https://{{ request.namespace }}/v1' }] })],
    [
      'attestations.attestors',
      withEntry({ attestations: [{ type: 'a', attestors: [{ entries: [keys('{{ trust.keys }}')] }] }] }),
    ],
    ['key, the older flat form', withEntry({ attestors: [], key: '{{ trust.keys }}' })],
    ['issuer, the older flat form', withEntry({ attestors: [], issuer: variable, subject: 'a', roots: certA })],
  ])('%s', (_, policy) => {
    expect(problemsOf(policy)).toEqual([]);
    const [first] = load(policy).rules;
    expect(first).toMatchObject({ varies: true, entries: [{ attestors: [], written: {} }] });
  });

  test('attestations that rest on attestors in which variables stand, and a denial about them, load', () => {
    const conditions = [{ key: '{{ scan.a }}', operator: 'Equals', value: 1 }];
    const resting = { attestations: [{ name: 'scan', type: 'a' }], validate: { deny: { conditions } } };
    expect(problemsOf(withEntry({ attestors: [{ entries: [keys('{{ trust.keys }}')] }], ...resting }))).toEqual([]);
    expect(problemsOf(withEntry({ attestors: [], key: '{{ trust.keys }}', ...resting }))).toEqual([]);
    const own = { attestors: [{ entries: [keys('{{ trust.keys }}')] }] };
    const attestations = [{ ...resting.attestations[0], ...own }];
    expect(problemsOf(withEntry({ ...resting, attestors: [], attestations }))).toEqual([]);
  });

  test('what else is wrong with such an entry is told when it loads, and what is worth a warning', () => {
    const attestors = [{ count: 3, entries: [keys('{{ trust.keys }}'), keys('no key')] }];
    expect(problemsOf(withEntry({ attestors })).map((problem) => problem.replace(/: .*/s, ''))).toEqual([
      `${inEntry}.attestors[0].count`,
      `${inEntry}.attestors[0].entries[1].keys.publicKeys`,
    ]);
    const older = { attestors: [{ entries: [keys('{{ trust.keys }}')] }], attestations: [{ predicateType: 'a' }] };
    expect(warningsOf(withEntry(older))).toContain(
      `${inEntry}.attestations[0].predicateType: is deprecated: write type`,
    );
  });

  test('but in a regular expression what the request says is a part of it: a warning', () => {
    const pattern = (subjectRegExp: string) => withAttestor(keyless({ subject: '', subjectRegExp }));
    expect(warningsOf(pattern('^https://github.com/{{ request.object.metadata.annotations.repo }}/'))).toEqual([
      `${inAttestor}.keyless.subjectRegExp: denies where a value of the request has a dot, or another sign of regular expressions: ask with wildcards, without RegExp`,
    ]);
    expect(warningsOf(pattern('{{ trust.pattern }}'))).toEqual([]);
  });
});

describe('names that nothing gives', () => {
  test.each<[string, Written, string]>([
    ['an entry', withAttestor(keys('{{ trst.keys }}')), `${inAttestor}.keys.publicKeys: variable 'trst'`],
    [
      'one inside another',
      withAttestor(keys('{{ trust.{{ reqest.namespace }} }}')),
      `${inAttestor}.keys.publicKeys: variable 'reqest'`,
    ],
    [
      'preconditions',
      withRule({ preconditions: { all: [{ key: 1, operator: 'Equals', value: '{{ trst }}' }] } }),
      "spec.rules[0].preconditions.all[0].value: variable 'trst'",
    ],
    [
      'the image in an entry, which is there for conditions alone',
      withEntry({ annotations: { env: '{{ image.tag }}' } }),
      `${inEntry}.annotations.env: variable 'image'`,
    ],
  ])('%s: refused where they stand', (_, policy, problem) => {
    const problems = problemsOf(policy);
    expect(problems).toEqual([expect.stringContaining(`${problem} is not defined: nothing here gives it`)]);
  });

  test('the nearest one is named', () => {
    expect(problemsOf(withAttestor(keys('{{ trst.keys }}')))[0]).toContain("did you mean 'trust'?");
    expect(problemsOf(withEntry({ annotations: { env: '{{ serviceAcountName }}' } }))[0]).toContain(
      "did you mean 'serviceAccountName'?",
    );
  });

  test('conditions are not asked: what is attested has whatever fields its author gave it', () => {
    const conditions = [{ all: [{ key: '{{ whatever.x }}', operator: 'Equals', value: 1 }] }];
    expect(problemsOf(withEntry({ attestations: [{ type: 'a', conditions }] }))).toEqual([]);
  });
});

describe('an entry is substituted', () => {
  function made(changes: Written, values: { readonly [name: string]: Json }) {
    const loaded = loadRule({ context, verifyImages: [entry(changes)] });
    const written = loaded.entries[0]?.written;
    if (written === undefined) throw new Error('no variables');
    return { loaded, entry: (scope = values) => written.entry(scopeOf(scope), createRun(0)) };
  }
  const trusting = (publicKeys: string) => ({ attestors: [{ entries: [keys(publicKeys)] }] });

  test('by its values, and the same values give the same entry', () => {
    const { entry: of } = made(trusting('{{ trust.{{ request.namespace }} }}'), {});
    const trust = { a: keyA, b: keyB, same: keyA };
    const [a, b] = ['a', 'b'].map((namespace) => of({ trust, request: { namespace } }));
    expect(a).toMatchObject({ attestors: [{ entries: [{ publicKeys: [keyA.trim()] }] }], mutateDigest: true });
    expect(a).not.toHaveProperty('written');
    expect(b).toMatchObject({ attestors: [{ entries: [{ publicKeys: [keyB.trim()] }] }] });
    expect(of({ trust, request: { namespace: 'a' } })).toBe(a);
    expect(of({ trust, request: { namespace: 'same' } })).toBe(a);
  });

  test('what is read as it stands is left: patterns, conditions, the denial', () => {
    const conditions = [{ all: [{ key: '{{ trust }}', operator: 'Equals', value: 1 }] }];
    const { entry: of } = made(
      { ...trusting('{{ trust }}'), attestations: [{ name: 'scan', type: 'a', conditions }], mutateDigest: false },
      { trust: keyA },
    );
    expect(of()).toMatchObject({
      imageReferences: ['ghcr.io/acme/*'],
      mutateDigest: false,
      attestations: [{ name: 'scan', attestors: [{}], conditions: { names: new Set(['trust']) } }],
    });
  });

  test('values are values: braces, quotes, line breaks and names of fields in them are text', () => {
    const { entry: of } = made({ annotations: { env: '{{ trust }}' } }, {});
    for (const trust of ['{{ request.name }}', '$(./a)', '"},{"', 'a\nb: c', '\\', '\u2028', '%{x}'])
      expect(of({ trust })).toMatchObject({ annotations: { env: trust } });
  });

  test.each<[string, Written, Json, string]>([
    ['no key', trusting('{{ trust }}'), 'x', '.attestors[0].entries[0].keys.publicKeys'],
    ['a key in a Secret', trusting('{{ trust }}'), 'k8s://a/b', 'not supported yet'],
    ['a number', trusting('{{ trust }}'), 1, 'a string is expected, this is a number'],
    ['a list', trusting('{{ trust }}'), [keyA], 'a string is expected, this is a list'],
    ['a mapping', { annotations: { env: '{{ trust }}' } }, { a: 'b' }, 'a string is expected, this is a mapping'],
    ['no repository', { repository: 'ghcr.io/{{ trust }}' }, 'A:1', 'is not a repository'],
  ])('%s is a problem at its field', (_, changes, trust, problem) => {
    const [first] = made(changes, { trust }).entry() as readonly { field: string; message: string }[];
    expect(`${first?.field}: ${first?.message}`).toContain(problem);
    expect(first?.field).toContain('spec.rules[0].verifyImages[0].');
  });

  test.each<[string, Written]>([
    ['subject', { attestors: [{ entries: [keyless({ subject: '{{ trust }}' })] }] }],
    ['issuer', { attestors: [{ entries: [keyless({ issuer: '{{ trust }}' })] }] }],
    ['roots', { attestors: [{ entries: [keyless({ roots: '{{ trust }}' })] }] }],
    ['rekor.pubkey', { attestors: [{ entries: [{ keys: { publicKeys: keyA, rekor: { pubkey: '{{ trust }}' } } }] }] }],
    ['repository', { repository: '{{ trust }}' }],
    ['annotations.env', { annotations: { env: '{{ trust }}' } }],
    ['attestations[0].type', { attestations: [{ type: '{{ trust }}' }] }],
  ])('%s that comes to nothing is a problem: nothing would be asked of a signer', (field, changes) => {
    for (const trust of ['', null, [], {}]) {
      const problems = made(changes, { trust }).entry() as readonly { field: string; message: string }[];
      expect(problems).toContainEqual(expect.objectContaining({ message: 'comes to nothing' }));
      expect(problems.find(({ message }) => message === 'comes to nothing')?.field).toContain(field);
    }
  });

  test('by as many values at a time as there is room for: others are made again', () => {
    const { entry: of } = made({ annotations: { env: '{{ trust }}' } }, {});
    const first = of({ trust: 'a' });
    for (let index = 0; index < 63; index += 1) of({ trust: `${index}` });
    expect(of({ trust: 'a' })).toBe(first);
    for (let index = 0; index < 100; index += 1) of({ trust: `${index}`.padEnd(60_000, 'x') });
    expect(of({ trust: 'a' })).not.toBe(first);
    expect(of({ trust: 'a' })).toEqual(first);
  });

  test('a value that cannot be come by is an error with its place', () => {
    expect(() => made(trusting('{{ trust.x }}'), { trust: {} }).entry()).toThrow(
      'attestors[0].entries[0].keys.publicKeys: {{ trust.x }}: Unknown key "x" in path',
    );
  });
});
