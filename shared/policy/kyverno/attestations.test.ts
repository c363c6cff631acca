import { certA } from '../testing/certificates.ts';
import {
  clusterPolicy,
  entry,
  keyA,
  keyB,
  keyless,
  keys,
  load,
  problemsOf,
  rule,
  warningsOf,
} from '../testing/policies.ts';

type Json = Record<string, unknown>;

const scan = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const withEntry = (changes: Json) => clusterPolicy({ rules: [rule({ verifyImages: [entry(changes)] })] });
const withAttestation = (attestation: Json, more: Json = {}) => withEntry({ attestations: [attestation], ...more });
const by = (...entries: readonly Json[]) => [{ entries }];
const at = 'spec.rules[0].verifyImages[0].attestations[0]';
const equals = { key: '{{ a }}', operator: 'Equals', value: 1 };

function attestationsOf(attestations: readonly Json[], more: Json = {}) {
  const [first] = load(withEntry({ attestations, ...more })).rules;
  return first?.entries[0]?.attestations ?? [];
}

describe.each(['kyverno.io/v1', 'kyverno.io/v2beta1'])('in %s', (apiVersion) => {
  const policy = (changes: Json) => ({ ...withEntry(changes), apiVersion });

  test('an attestation loads with its name, its type, its attestors and its conditions', () => {
    const attestation = { name: 'scan', type: scan, attestors: by(keys(keyB)), conditions: [{ all: [equals] }] };
    const [first] = load(policy({ attestations: [attestation] })).rules;
    expect(first?.varies).toBe(true);
    expect(first?.entries[0]?.attestations).toMatchObject([
      {
        path: 'attestations[0]',
        name: 'scan',
        predicateType: scan,
        attestors: [{ entries: [{ kind: 'keys', publicKeys: [keyB.trim()] }] }],
        conditions: { names: new Set(['a']) },
      },
    ]);
  });

  test('an unknown field of it is refused, and its neighbour is named', () => {
    expect(problemsOf(policy({ attestations: [{ type: scan, condition: [] }] }))).toEqual([
      `${at}.condition: unknown field 'condition'; did you mean 'conditions'?`,
    ]);
  });
});

describe('type', () => {
  test('predicateType is the same by its older name, with a warning', () => {
    expect(attestationsOf([{ predicateType: scan }])).toMatchObject([{ predicateType: scan }]);
    expect(warningsOf(withAttestation({ predicateType: scan }))).toContain(
      `${at}.predicateType: is deprecated: write type`,
    );
    expect(warningsOf(withAttestation({ type: scan }))).toEqual([]);
  });

  test('both are fine where they agree; where not, the older one would be passed over', () => {
    expect(problemsOf(withAttestation({ type: scan, predicateType: scan }))).toEqual([]);
    expect(problemsOf(withAttestation({ type: scan, predicateType: 'other' }))).toEqual([
      `${at}.predicateType: is another than type, which alone counts: leave it out`,
    ]);
  });

  test('one is needed, and no longer than anyone writes', () => {
    expect(problemsOf(withAttestation({ name: 'scan' }))).toEqual([
      `${at}: missing type: write the predicate type of the statements`,
    ]);
    expect(problemsOf(withAttestation({ type: '' }))).toEqual([
      `${at}: missing type: write the predicate type of the statements`,
    ]);
    expect(problemsOf(withAttestation({ type: 'x'.repeat(1024) }))).toEqual([]);
    expect(problemsOf(withAttestation({ type: 'x'.repeat(1025) }))).toEqual([`${at}.type: has over 1024 characters`]);
  });
});

describe('name', () => {
  test.each(['scan', '_s1', 'requests', 'sbom-of-app'])('%s is one', (name) => {
    expect(problemsOf(withAttestation({ name, type: scan }))).toEqual([]);
  });

  test.each(['request', 'images', 'image', 'element', 'serviceAccountName'])('%s means something else', (name) => {
    expect(problemsOf(withAttestation({ name, type: scan }))).toEqual([
      `${at}.name: '${name}' is what conditions call something else: choose another name`,
    ]);
  });

  test.each(['a.b', 'a b', 'ü', '__proto__ '])('%s is none', (name) => {
    expect(problemsOf(withAttestation({ name, type: scan }))[0]).toContain(`${at}.name: is no name for conditions`);
  });

  test('is written out: a variable would name it anew for each object', () => {
    expect(problemsOf(withAttestation({ name: '{{ request.name }}', type: scan }))).toEqual([
      `${at}.name: holds a variable: write the name itself`,
    ]);
  });

  test('is for one attestation, and for nothing of the context', () => {
    const two = (name: string) => [
      { name: 'scan', type: scan },
      { name, type: 'other' },
    ];
    expect(problemsOf(withEntry({ attestations: two('scan') }))).toEqual([
      "spec.rules[0].verifyImages[0].attestations[1].name: Duplicate attestation name: 'scan'",
    ]);
    expect(problemsOf(withEntry({ attestations: two('sbom') }))).toEqual([]);
    const beside = (name: string) =>
      clusterPolicy({
        rules: [
          rule({
            context: [{ name, variable: { value: 1 } }],
            verifyImages: [entry({ attestations: [{ name: 'scan', type: scan }] })],
          }),
        ],
      });
    expect(problemsOf(beside('scan'))).toEqual([
      `${at}.name: 'scan' is a name of the rule's context as well: choose another one`,
    ]);
    expect(problemsOf(beside('limit'))).toEqual([]);
  });
});

describe('attestors', () => {
  test('of every kind, each with all that signatures have', () => {
    const [first] = attestationsOf([
      {
        type: scan,
        attestors: [
          { count: 2, entries: [keys(keyA), keys(keyB), keys(keyA + keyB)] },
          { entries: [keyless(), { certificates: { cert: certA, rekor: { ignoreTlog: true } } }] },
          {
            entries: [
              { attestor: { count: 1, entries: [keys(), { attestor: { entries: [keys(keyB)] } }] } },
              { keys: { kms: 'awskms:///alias/team' } },
            ],
          },
        ],
      },
    ]);
    expect(first?.attestors).toMatchObject([
      { count: 2, entries: [{ publicKeys: [{}] }, { kind: 'keys' }, { publicKeys: [keyA.trim(), keyB.trim()] }] },
      { entries: [{ kind: 'keyless' }, { kind: 'certificates' }] },
      {
        entries: [
          { kind: 'set', set: { count: 1, entries: [{ kind: 'keys' }, { kind: 'set' }] } },
          { kind: 'keys', kms: 'awskms:///alias/team' },
        ],
      },
    ]);
  });

  test("without its own those of the entry are asked; with nobody's it is refused", () => {
    const [first] = attestationsOf([{ type: scan }]);
    expect(first?.attestors).toMatchObject([{ entries: [{ kind: 'keys', publicKeys: [keyA.trim()] }] }]);
    const nobody = { attestors: [] };
    expect(problemsOf(withAttestation({ type: scan }, nobody))[0]).toContain(`${at}: attestors are required`);
    expect(problemsOf(withAttestation({ type: scan, attestors: [] }, nobody))[0]).toContain('attestors are required');
    expect(problemsOf(withAttestation({ type: scan, attestors: by(keys()) }, nobody))).toEqual([]);
  });

  test.each<[string, Json, string]>([
    ['an empty set', { entries: [] }, `${at}.attestors[0]: An entry is required`],
    ['nobody', { entries: [{}] }, 'keys, certificates, keyless, or a nested attestor is required'],
    ['a count over its entries', { count: 2, entries: [keys()] }, 'Count cannot exceed length of entries'],
    ['a key that is none', { entries: [keys('no key')] }, `${at}.attestors[0].entries[0].keys.publicKeys: `],
    [
      'annotations, which a statement does not have',
      { entries: [keys(keyA, { annotations: { a: 'b' } })] },
      `${at}.attestors[0].entries[0].annotations: has no effect: an attestation has no annotations; write conditions`,
    ],
    [
      'annotations deep inside',
      { entries: [{ attestor: { entries: [keys('{{ request.name }}', { annotations: { a: 'b' } })] } }] },
      `${at}.attestors[0].entries[0].attestor.entries[0].annotations: has no effect`,
    ],
  ])('%s is refused at its place', (_, set, problem) => {
    expect(problemsOf(withAttestation({ type: scan, attestors: [set] }))[0]).toContain(problem);
    expect(problemsOf(withAttestation({ type: scan, attestors: by(keys()) }))).toEqual([]);
  });

  test('an entry with an attestation needs no attestors of its own, and is then not told that it denies everything', () => {
    const attested = withAttestation({ type: scan, attestors: by(keys()) }, { attestors: [] });
    expect(warningsOf(attested)).toEqual([]);
    expect(warningsOf(withEntry({ attestors: [] }))[0]).toContain('every image is denied');
  });
});

test('an entry has 32 attestations at most', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ type: scan }));
  expect(problemsOf(withEntry({ attestations: many(32) }))).toEqual([]);
  expect(problemsOf(withEntry({ attestations: many(33) }))).toEqual([
    'spec.rules[0].verifyImages[0].attestations: has 33 attestations: more than 32',
  ]);
});

describe('validate', () => {
  const inValidate = 'spec.rules[0].verifyImages[0].validate';
  const attested = { attestations: [{ name: 'scan', type: scan }] };
  const deny = { conditions: { any: [{ key: '{{ scan.high }}', operator: 'GreaterThan', value: 3 }] } };

  test('has a message and conditions about the attestations by their names', () => {
    const [first] = load(withEntry({ ...attested, validate: { message: 'too many', deny } })).rules;
    expect(first?.entries[0]?.deny).toMatchObject({ conditions: { names: new Set(['scan']) } });
  });

  test.each<[string, Json, Json, string]>([
    ['without deny', attested, { message: 'x' }, 'denies nothing'],
    ['with an empty deny', attested, { message: 'x', deny: {} }, 'denies nothing'],
    ['with no conditions', attested, { message: 'x', deny: { conditions: [] } }, 'denies nothing'],
    ['without attestations', {}, { deny }, 'has no effect without attestations'],
  ])('%s is refused', (_, around, validate, problem) => {
    expect(problemsOf(withEntry({ ...around, validate }))).toEqual([
      expect.stringContaining(`${inValidate}: ${problem}`),
    ]);
  });

  test('an empty one asks for nothing', () => {
    expect(problemsOf(withEntry({ validate: {} }))).toEqual([]);
    expect(load(withEntry({ ...attested, validate: {} })).rules[0]?.entries[0]?.deny).toBeUndefined();
  });

  test.each(['scan', 'request', 'images', 'image', 'serviceAccountNamespace'])('may be about %s', (name) => {
    const conditions = [{ key: `{{ ${name}.x || '' }}`, operator: 'Equals', value: 'x' }];
    expect(problemsOf(withEntry({ ...attested, validate: { deny: { conditions } } }))).toEqual([]);
  });

  test('a name that nothing gives is refused where it stands, in the conditions and in the message', () => {
    const conditions = [{ key: '{{ scam.high }}', operator: 'Equals', value: 1 }];
    expect(problemsOf(withEntry({ ...attested, validate: { deny: { conditions } } }))).toEqual([
      `${inValidate}.deny.conditions[0].key: variable 'scam' is not defined: nothing here gives it; did you mean 'scan'?`,
    ]);
    expect(problemsOf(withEntry({ ...attested, validate: { message: '{{ predicate.x }}', deny } }))).toEqual([
      `${inValidate}.message: variable 'predicate' is not defined: nothing here gives it`,
    ]);
  });
});
