import { stringify } from 'yaml';
import type { AttestedImages } from './attested.ts';
import type { AttestorSet } from './policies.ts';
import { type KnownType, knownTypes, reviewType } from './predicates.ts';

// Policies about what attested images state, and what is to be said of which image by which policy.

type Who = 'team' | 'security' | 'stranger';

export interface AttestedCase {
  readonly policy: string;
  readonly image: string;
  readonly reason: string;
  /** All of the message, or what it begins with; of what passes it is who attested. */
  readonly told: string | RegExp | readonly Who[];
}

type Policies = Readonly<Record<string, (by: (...who: readonly Who[]) => AttestorSet[]) => readonly object[]>>;

const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const equal = (expression: string, value: unknown) => [
  { all: [{ key: `{{ ${expression} }}`, operator: 'Equals', value }] },
];
const reviewed = (attestors: readonly AttestorSet[], name = 'review') => ({
  name,
  type: reviewType,
  attestors,
  conditions: equal('approved', true),
});

const ofPeople: Policies = {
  'by-the-team': (by) => [reviewed(by('team'))],
  'by-a-stranger': (by) => [reviewed(by('stranger'))],
  scanned: (by) => [{ type: scanType, attestors: by('team') }],
  'any-of-two': (by) => [reviewed(by('team', 'security').map((set) => ({ count: 1, ...set })))],
  'both-of-two': (by) => [reviewed(by('team', 'security'))],
  'one-each': (by) => [reviewed(by('team'), 'ours'), reviewed(by('security'), 'theirs')],
  'present-as-text': (by) => [{ type: 'https://spdx.dev/Document', attestors: by('team') }],
  'read-as-text': (by) => [
    { type: 'https://spdx.dev/Document', attestors: by('team'), conditions: equal('spdxVersion', 'SPDX-2.3') },
  ],
};

const refusedReview = 'attestations[0] "review": the statement: {{ approved }} is false, wanted Equals true';
const untrusted = /^attestations\[0\] "review": (?:no signature verifies with |signed by )/;
const elsewhere =
  /^attestations\[0\] "review": a (?:good )?signature (?:by .+ )?is for sha256:[0-9a-f]{64}, not for this image$/;
const tooFew = (count: string) => new RegExp(`^attestations\\[0\\] "review": .+: ${count} needed attestors verified$`);

const casesOfPeople: readonly (readonly [string, string, string, AttestedCase['told']])[] = [
  ['by-the-team', 'approved', 'verified', ['team']],
  ['by-the-team', 'refused', 'condition-failed', refusedReview],
  ['by-the-team', 'foreign', 'attestation-untrusted', untrusted],
  ['by-a-stranger', 'foreign', 'verified', ['stranger']],
  [
    'by-the-team',
    'other-type',
    'attestation-missing',
    new RegExp(`^attestations\\[0\\] "review": .*; there are "${scanType}"$`),
  ],
  ['scanned', 'other-type', 'verified', ['team']],
  [
    'by-the-team',
    'none',
    'attestation-missing',
    `attestations[0] "review": no attestation of type "${reviewType}" is attached to the image`,
  ],
  ['by-the-team', 'copied', 'attestation-untrusted', elsewhere],
  ['by-the-team', 'changed', 'attestation-untrusted', untrusted],
  ['by-the-team', 'twice', 'verified', ['team']],
  [
    'by-the-team',
    'mixed',
    'condition-failed',
    /^attestations\[0\] "review": statement [12] of 2: \{\{ approved \}\} is false, wanted Equals true$/,
  ],
  ['by-the-team', 'among', 'verified', ['team']],
  ['by-the-team', 'apart', 'attestation-untrusted', elsewhere],
  ['by-the-team', 'half', 'verified', ['team']],
  ['any-of-two', 'both', 'verified', ['team', 'security']],
  ['any-of-two', 'half', 'verified', ['team', 'security']],
  ['any-of-two', 'approved', 'verified', ['team']],
  ['any-of-two', 'refused', 'condition-failed', refusedReview],
  ['any-of-two', 'foreign', 'attestation-untrusted', tooFew('0 of 1')],
  ['both-of-two', 'both', 'verified', ['team', 'security']],
  ['both-of-two', 'half', 'condition-failed', /statement [12] of 2: \{\{ approved \}\} is false/],
  ['both-of-two', 'approved', 'attestation-untrusted', tooFew('1 of 2')],
  ['one-each', 'both', 'verified', ['team', 'security']],
  [
    'one-each',
    'half',
    'condition-failed',
    'attestations[1] "theirs": the statement: {{ approved }} is false, wanted Equals true',
  ],
  [
    'one-each',
    'approved',
    'attestation-untrusted',
    /^attestations\[1\] "theirs": (?:no signature verifies with |signed by )/,
  ],
];

const casesOfText: typeof casesOfPeople = [
  ['present-as-text', 'text', 'verified', ['team']],
  ['read-as-text', 'text', 'condition-error', 'attestations[0]: the statement is no JSON object'],
];

const fields = knownTypes.flatMap((known) => (known.field === undefined ? [] : [{ ...known, field: known.field }]));
const titleOf = ({ name, predicateType }: KnownType) => (name === predicateType ? 'review' : name);

const ofTypes: Policies = Object.fromEntries(
  fields.flatMap((known) => {
    const [expression, value] = known.field;
    const stated =
      (wanted: unknown): Policies[string] =>
      (by) => [{ type: known.predicateType, attestors: by('team'), conditions: equal(expression, wanted) }];
    return [
      [`met-${titleOf(known)}`, stated(value)],
      [`unmet-${titleOf(known)}`, stated(otherThan(value))],
    ];
  }),
);

const casesOfTypes = fields.flatMap((known): typeof casesOfPeople => {
  const [expression, value] = known.field;
  const unmet = `{{ ${expression} }} is ${value}, wanted Equals ${otherThan(value)}`;
  const several = known.predicateType.endsWith('provenance/v0.2');
  return [
    [`met-${titleOf(known)}`, 'every-type', 'verified', ['team']],
    [
      `unmet-${titleOf(known)}`,
      'every-type',
      'condition-failed',
      `attestations[0]: ${several ? 'statement 1 of 2' : 'the statement'}: ${unmet}`,
    ],
    [
      `met-${titleOf(known)}`,
      'none',
      'attestation-missing',
      `attestations[0]: no attestation of type "${known.predicateType}" is attached to the image`,
    ],
  ];
});

function otherThan(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : `${value}-2`;
}

const casesOf = (rows: typeof casesOfPeople): readonly AttestedCase[] =>
  rows.map(([policy, image, reason, told]) => ({ policy, image, reason, told }));
export const attestedCases = casesOf([...casesOfPeople, ...casesOfTypes]);
export const textCases = casesOf(casesOfText);

/** YAML by name. A rule is for Pods of the namespace that is called as its policy, so that one server has all of them. */
export function attestedPolicies(made: AttestedImages): ReadonlyMap<string, string> {
  const { host, repository } = made;
  const imageReferences = [`${host}/${repository}:*`, `${host}/${repository}@*`];
  const by = (...who: readonly Who[]) => [{ entries: who.map((one) => made[one].attestor) }];
  return new Map(
    Object.entries({ ...ofPeople, ...ofTypes }).map(([name, attestations]) => {
      const match = { any: [{ resources: { kinds: ['Pod'], namespaces: [name] } }] };
      const verifyImages = [{ imageReferences, attestations: attestations(by) }];
      const spec = { validationFailureAction: 'Enforce', rules: [{ name: 'attested', match, verifyImages }] };
      return [name, stringify({ apiVersion: 'kyverno.io/v1', kind: 'ClusterPolicy', metadata: { name }, spec })];
    }),
  );
}
