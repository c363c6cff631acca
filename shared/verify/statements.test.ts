import { now } from '../../test/fixtures/ask.ts';
import {
  attItem,
  cosignItem,
  dsseItem,
  makeImage,
  messageItem,
  payloadOf,
  repository,
  type StatementParts,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, nestedOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner, type TestSigner } from '../../test/fixtures/signers.ts';
import { readEvidence } from '../evidence/read.ts';
import type { Conditions } from '../expression/conditions.ts';
import type { AttestorSet, Entry, WantedAttestation } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { buildCheck } from '../trust/build.ts';
import { noAnswers } from '../trust/kms.ts';
import type { Outcome } from './outcome.ts';
import { verify } from './verify.ts';

const image = makeImage();
const other = makeImage('other');
const alice = makeSigner();
const bob = makeSigner();
const type = 'scan';

const statement = (predicate: object = {}, parts: StatementParts = {}) =>
  statementOf(image, { predicateType: type, predicate, ...parts });

interface Asked {
  readonly attestors?: readonly AttestorSet[];
  readonly entry?: Partial<Entry>;
  readonly conditions?: boolean;
  readonly unreadable?: readonly Refusal[];
}

function ask(
  items: readonly AttachedItem[],
  { attestors, entry = {}, conditions = false, unreadable = [] }: Asked = {},
): Outcome {
  const met: Conditions = { names: new Set(), test: () => ({ met: true }) };
  const wanted: WantedAttestation = {
    path: 'attestations[0]',
    predicateType: type,
    attestors: attestors ?? [setOf([keysOf(alice)])],
    ...(conditions && { conditions: met }),
  };
  const check = buildCheck(entryOf([], entry), undefined, noAnswers, wanted);
  const evidence = readEvidence(items, (found) => found === type);
  return verify({ check, image, repository, evidence, unreadable, now });
}

const said = (outcome: Outcome) => (outcome.pass ? 'pass' : outcome.reason);
const told = (outcome: Outcome) => (outcome.pass ? 'pass' : outcome.message);
/** Who stands behind which statement, by index. */
const testimonies = (outcome: Outcome) =>
  outcome.pass ? (outcome.statements ?? []).map(({ by }) => by.map(({ attestor }) => attestor)) : [];

const ways: readonly (readonly [string, (of: Uint8Array, by: TestSigner) => AttachedItem])[] = [
  ['an envelope under the .att tag', attItem],
  ['an envelope among the referrers', (of, by) => attItem(of, by, { source: 'referrer' })],
  ['a bundle', dsseItem],
];

describe.each(ways)('%s', (_, item) => {
  test('by the attestor, about the image, of the type', () => {
    const outcome = ask([item(statement(), alice)]);
    expect(outcome).toMatchObject({
      pass: true,
      signers: [{ identity: `sha256:${alice.spki}`, attestor: 'attestations[0].attestors[0].entries[0]' }],
    });
    expect(testimonies(outcome)).toEqual([['attestations[0].attestors[0].entries[0]']]);
  });

  test.each<[string, () => AttachedItem, string]>([
    ['by another', () => item(statement(), bob), 'attestation-untrusted'],
    ['about another image', () => item(statementOf(other, { predicateType: type }), alice), 'attestation-untrusted'],
    ['of another type', () => item(statement({}, { predicateType: 'other' }), alice), 'attestation-missing'],
    [
      'of a type that only begins like it',
      () => item(statement({}, { predicateType: 'scan/v2' }), alice),
      'attestation-missing',
    ],
  ])('%s: denied', (_what, made, reason) => {
    expect(said(ask([made()]))).toBe(reason);
    expect(said(ask([made(), item(statement({ twin: true }), alice)]))).toBe('pass');
  });

  test('about other images beside this one, whichever comes first', () => {
    expect(said(ask([item(statement({}, { others: [other] }), alice)]))).toBe('pass');
    expect(said(ask([item(statementOf(other, { predicateType: type, others: [image] }), alice)]))).toBe('pass');
  });

  test('of either version of in-toto statements', () => {
    for (const statementVersion of ['v0.1', 'v1'] as const)
      expect(said(ask([item(statement({}, { statementVersion }), alice)]))).toBe('pass');
  });
});

test('a signature of the image states nothing', () => {
  const signatures = [
    cosignItem(payloadOf(image), alice),
    dsseItem(statementOf(image), alice),
    messageItem(image, alice),
  ];
  expect(told(ask(signatures))).toBe('no attestation of type "scan" is attached to the image');
  expect(said(ask([...signatures, attItem(statement(), alice)]))).toBe('pass');
});

test('what there is instead is named, five types at most, and what does not parse', () => {
  const of = (...types: readonly string[]) =>
    types.map((predicateType) => attItem(statement({}, { predicateType }), alice));
  expect(told(ask(of('a', 'b', 'a')))).toContain('; there are "a", "b"');
  expect(told(ask(of('a', 'b', 'c', 'd', 'e', 'f', 'g')))).toContain('"e" and 2 more');
  expect(told(ask([attItem(Buffer.from('no JSON'), alice)]))).toContain(
    '; what is attached beside that does not parse: ',
  );
});

test("where the rule's type counts bundles alone, an envelope of its own does not", () => {
  const entry = { type: 'SigstoreBundle' } as const;
  expect(told(ask([attItem(statement(), alice)], { entry }))).toContain('as a Sigstore bundle, and the rule');
  expect(said(ask([dsseItem(statement(), alice)], { entry }))).toBe('pass');
  expect(said(ask([attItem(statement(), alice)], { entry: { type: 'Cosign' } }))).toBe('pass');
});

describe('every statement that somebody stands behind is there, with all who do', () => {
  const both = [setOf([keysOf(alice), keysOf(bob)])];
  const [a, b] = ['attestations[0].attestors[0].entries[0]', 'attestations[0].attestors[0].entries[1]'];

  test('of each attestor its own; those of strangers are left out', () => {
    const items = [
      attItem(statement({ n: 1 }), alice),
      attItem(statement({ n: 2 }), makeSigner()),
      dsseItem(statement({ n: 3 }), bob),
      attItem(statement({ n: 4 }), alice),
    ];
    expect(testimonies(ask(items, { attestors: both }))).toEqual([[a], [b], [a]]);
    expect(testimonies(ask(items, { attestors: [setOf([keysOf(alice), keysOf(bob)], 1)] }))).toEqual([[a], [b], [a]]);
  });

  test('of one key in several places', () => {
    const twice = [setOf([keysOf(alice), keysOf(alice)]), setOf([nestedOf(setOf([keysOf(alice)]))])];
    expect(testimonies(ask([attItem(statement(), alice)], { attestors: twice }))).toEqual([
      [a, b, 'attestations[0].attestors[1].entries[0].attestor.entries[0]'],
    ]);
  });

  test('a count is of different signers', () => {
    const two = [setOf([keysOf(alice), keysOf(alice)], 2)];
    const items = [attItem(statement({ n: 1 }), alice), attItem(statement({ n: 2 }), alice)];
    expect(said(ask(items, { attestors: two }))).toBe('attestation-untrusted');
    expect(
      said(ask([...items, attItem(statement(), bob)], { attestors: [setOf([keysOf(alice), keysOf(bob)], 2)] })),
    ).toBe('pass');
  });

  test('all sets have to be satisfied', () => {
    const sets = [setOf([keysOf(alice)]), setOf([keysOf(bob)])];
    expect(said(ask([attItem(statement(), alice)], { attestors: sets }))).toBe('attestation-untrusted');
    expect(said(ask([attItem(statement(), alice), attItem(statement(), bob)], { attestors: sets }))).toBe('pass');
  });
});

describe('what could not be read', () => {
  const down = new Refusal('registry-error', 'it is down');
  const large = new Refusal('too-large', 'it is too large');

  test('spoils a pass where every statement has to meet conditions, and no other', () => {
    const good = [attItem(statement(), alice)];
    for (const refusal of [down, large]) {
      expect(said(ask(good, { conditions: true, unreadable: [refusal] }))).toBe(refusal.reason);
      expect(said(ask(good, { unreadable: [refusal] }))).toBe('pass');
    }
    expect(said(ask(good, { conditions: true }))).toBe('pass');
  });

  test('turns a denial into itself, what failed on our side first', () => {
    expect(said(ask([], { unreadable: [large, down] }))).toBe('registry-error');
    expect(said(ask([attItem(statement(), bob)], { unreadable: [large] }))).toBe('too-large');
    expect(said(ask([]))).toBe('attestation-missing');
  });
});
