import { entryOf, keysOf, nestedOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { Conditions } from '../expression/conditions.ts';
import { compileTemplate } from '../expression/template.ts';
import { compile } from '../expression/testing/templates.ts';
import type { Entry, WantedAttestation } from '../policy/policy.ts';
import { asRefusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import { createChecks } from './checks.ts';
import { noAnswers } from './kms.ts';
import { trustWarnings } from './preload.ts';

const alice = makeSigner();
const bob = makeSigner();
const conditions: Conditions = { names: new Set(), test: () => ({ met: true }) };
const message = compileTemplate('', compile);

const wanted = (changes: Partial<WantedAttestation> = {}): WantedAttestation => ({
  path: 'attestations[0]',
  predicateType: 'scan',
  attestors: [setOf([keysOf(alice)])],
  ...changes,
});
const build = (attestation: WantedAttestation, changes: Partial<Entry> = {}) =>
  buildCheck(
    entryOf([setOf([keysOf(bob)])], { attestations: [attestation], ...changes }),
    undefined,
    noAnswers,
    attestation,
  );

test('a check of statements has the attestors of the attestation, at its place, and its type', () => {
  const check = build(wanted());
  expect(check).toMatchObject({
    wants: { what: 'attestation', predicateType: 'scan', every: false },
    sets: [
      {
        path: 'attestations[0].attestors[0]',
        anchors: [{ path: 'attestations[0].attestors[0].entries[0]', spki: alice.spki, annotations: {} }],
      },
    ],
  });
  expect(check.wants.accepts.size).toBeGreaterThan(1);
  expect([...build(wanted(), { type: 'SigstoreBundle' }).wants.accepts]).toEqual(['sigstore-bundle']);
});

test('every statement has to be known where conditions or a denial ask for what they state', () => {
  const every = (...asked: Parameters<typeof build>) => {
    const { wants } = build(...asked);
    return wants.what === 'attestation' && wants.every;
  };
  expect(every(wanted())).toBe(false);
  expect(every(wanted({ conditions }))).toBe(true);
  expect(every(wanted(), { deny: { message, conditions } })).toBe(true);
});

test('annotations are asked of signatures alone; the repository of both', () => {
  const repository = { registry: 'registry.test', path: 'sigs' };
  const check = build(wanted(), { annotations: { env: 'prod' }, repository });
  expect(check.repositories).toEqual([repository]);
  expect(check.sets).toMatchObject([{ anchors: [{ annotations: {}, repository }] }]);
  const own = { registry: 'registry.test', path: 'own' };
  expect(
    build(wanted({ attestors: [setOf([keysOf(alice, { repository: own })])] }), { repository }).repositories,
  ).toEqual([own]);
});

describe('the hash', () => {
  const { hash } = build(wanted());

  test('is another for each part that changes what verify answers', () => {
    const changed: readonly (readonly [string, string])[] = [
      ['signatures of the same attestors', buildCheck(entryOf(wanted().attestors)).hash],
      ['the type', build(wanted({ predicateType: 'other' })).hash],
      ['the attestors', build(wanted({ attestors: [setOf([keysOf(bob)])] })).hash],
      ['the count', build(wanted({ attestors: [setOf([keysOf(alice), keysOf(bob)], 1)] })).hash],
      ['no count', build(wanted({ attestors: [setOf([keysOf(alice), keysOf(bob)])] })).hash],
      ['a nested set', build(wanted({ attestors: [setOf([nestedOf(setOf([keysOf(alice)]))])] })).hash],
      ['what counts', build(wanted(), { type: 'SigstoreBundle' }).hash],
      ['the repository', build(wanted(), { repository: { registry: 'registry.test', path: 'x' } }).hash],
      ['that all are asked', build(wanted({ conditions })).hash],
      ['the place, by which signers are told', build(wanted({ path: 'attestations[1]' })).hash],
    ];
    expect(new Set([hash, ...changed.map(([, each]) => each)]).size).toBe(changed.length + 1);
  });

  test('is the same whatever the conditions are, what it is called, and what the entry asks of signatures', () => {
    const asked = build(wanted({ conditions })).hash;
    const other: Conditions = { names: undefined, test: () => ({ met: true }) };
    expect(build(wanted({ conditions: other })).hash).toBe(asked);
    expect(build(wanted(), { deny: { message, conditions } }).hash).toBe(asked);
    expect(build(wanted({ name: 'scan' })).hash).toBe(hash);
    expect(build(wanted(), { attestors: [], annotations: { a: 'b' }, mutateDigest: false }).hash).toBe(hash);
  });
});

test('attestors that come to nobody are refused, and a key that is none', () => {
  const reason = (attestation: WantedAttestation) => {
    try {
      build(attestation);
    } catch (thrown) {
      return asRefusal(thrown).reason;
    }
    return 'built';
  };
  expect(reason(wanted({ attestors: [] }))).toBe('no-attestors');
  expect(reason(wanted({ attestors: [setOf([])] }))).toBe('no-attestors');
  expect(reason(wanted({ attestors: [setOf([keysOf(alice, { publicKeys: ['none'] })])] }))).toBe('key-invalid');
  expect(reason(wanted())).toBe('built');
});

test('the checks of an entry and of its attestations are built once each, and apart', () => {
  const checks = createChecks();
  const attestation = wanted();
  const entry = entryOf([setOf([keysOf(bob)])], { attestations: [attestation] });
  const signed = checks.own({ entry });
  const stated = checks.own({ entry, attestation });
  expect(signed).not.toBe(stated);
  expect(checks.own({ entry })).toBe(signed);
  expect(checks.own({ entry, attestation })).toBe(stated);
});

test('what cannot be used is told when policies load, of an attestation as of an entry', async () => {
  const bad = setOf([keysOf(alice, { publicKeys: ['none'] })]);
  const warned = async (entry: Entry) => {
    const rule = { file: 'p.yaml', line: 1, name: 'r', entries: [entry] };
    const rules = [rule] as unknown as Parameters<typeof trustWarnings>[0]['rules'];
    const warnings = await trustWarnings({ rules }, () => undefined);
    return warnings.map((each) => each.message);
  };
  const around = entryOf([setOf([keysOf(bob)])]);
  const own = await warned({ ...around, attestations: [wanted({ attestors: [bad] })] });
  expect(own).toEqual([
    expect.stringContaining('rule r: verifyImages[0].attestations[0].attestors[0].entries[0].keys'),
  ]);
  expect(await warned({ ...around, attestations: [wanted()] })).toEqual([]);
  // Those of the entry are told once, however many attestations rest on them.
  const attestors = [bad];
  expect(
    await warned({ ...entryOf(attestors), attestations: [wanted({ attestors }), wanted({ attestors })] }),
  ).toHaveLength(1);
});
