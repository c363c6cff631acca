import { compileConditions, type WrittenCondition } from '../expression/conditions.ts';
import { createRun } from '../expression/run.ts';
import type { Scope } from '../expression/scope.ts';
import { compileTemplate } from '../expression/template.ts';
import { compile, scopeOf } from '../expression/testing/templates.ts';
import type { Json } from '../expression/value.ts';
import type { Deny, WantedAttestation } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { AnchorSet } from '../trust/check.ts';
import type { Stated } from './stated.ts';
import { type Attested, weighConditions, weighDenial } from './weigh.ts';

const template = (tree: Json, at = '') => compileTemplate(tree, compile, at);
const conditionsOf = (...all: readonly WrittenCondition[]) => compileConditions([{ all }], template);
const equals = (key: Json, value: Json): WrittenCondition => ({ key, operator: 'Equals', value });

/** One set of anchors at these paths; of a set's anchors the path is all that is asked here. */
function set(need: number | 'all', ...paths: readonly string[]): AnchorSet {
  const anchors = paths.map((path) => ({ kind: 'key', path })) as unknown as AnchorSet['anchors'];
  return { kind: 'set', path: 'attestors[0]', need, anchors };
}

/** A statement that anchors stand behind, each by a signer of its own unless another is named. */
const stated = (predicate: Json, ...by: readonly (string | readonly [attestor: string, mark: string])[]): Stated => ({
  predicate,
  by: by.map((one) => {
    const [attestor, mark] = typeof one === 'string' ? [one, `key of ${one}`] : one;
    return { attestor, marks: [mark] };
  }),
});

function attested(
  statements: readonly Stated[],
  wanted: Partial<WantedAttestation> = {},
  sets: readonly AnchorSet[] = [set('all', 'a')],
): Attested {
  const of: WantedAttestation = { path: 'attestations[0]', predicateType: 'scan', attestors: [], ...wanted };
  return { wanted: of, sets, stated: statements };
}

const weigh = (one: Attested, names: ReadonlyMap<string, Json> = new Map(), scope: Json = {}) =>
  weighConditions(
    one,
    [...names].map(([name, predicate]) => attested([stated(predicate, 'a')], { name })),
    scopeOf(scope),
    createRun(0),
  );

describe('the conditions of an attestation', () => {
  const conditions = conditionsOf(equals('{{ level }}', 3));

  test('none: whatever is stated does', () => {
    expect(weigh(attested([stated(null, 'a')]))).toBeUndefined();
  });

  test('are met, not met, and without a value', () => {
    const one = (predicate: Json) => weigh(attested([stated(predicate, 'a')], { conditions }));
    expect(one({ level: 3 })).toBeUndefined();
    expect(one({ level: 1 })).toEqual({
      path: 'attestations[0]',
      reason: 'condition-failed',
      message: 'the statement: {{ level }} is 1, wanted Equals 3',
    });
    expect(one({})).toMatchObject({
      reason: 'condition-error',
      message: expect.stringContaining('the statement: conditions[0].all[0].key: {{ level }}: Unknown key "level"'),
    });
    for (const predicate of [null, [], 'x', 3])
      expect(one(predicate)).toMatchObject({
        reason: 'condition-error',
        message: 'the statement is no JSON object',
      });
  });

  test('that have nothing to be about are not met', () => {
    expect(weigh(attested([], { conditions }))).toMatchObject({ reason: 'condition-error' });
    expect(weigh(attested([stated({ level: 3 })], { conditions }))).toMatchObject({ reason: 'condition-error' });
    expect(weigh(attested([stated({ level: 3 }, 'b')], { conditions }))).toMatchObject({ reason: 'condition-error' });
  });

  describe('of several attestors', () => {
    const good = { level: 3 };
    const bad = { level: 1 };
    test.each<[string, readonly AnchorSet[], readonly Stated[], boolean]>([
      ['all of two, both well', [set('all', 'a', 'b')], [stated(good, 'a'), stated(good, 'b')], true],
      ['all of two, one not', [set('all', 'a', 'b')], [stated(good, 'a'), stated(bad, 'b')], false],
      ['one of two, one not', [set(1, 'a', 'b')], [stated(good, 'a'), stated(bad, 'b')], true],
      ['one of two, who says both', [set(1, 'a', 'b')], [stated(good, 'a'), stated(bad, 'a')], false],
      ['one of two, both say both', [set(1, 'a', 'b')], [stated(good, 'a', 'b'), stated(bad, 'a', 'b')], false],
      ['two of three', [set(2, 'a', 'b', 'c')], [stated(good, 'a'), stated(bad, 'b'), stated(good, 'c')], true],
      ['two sets, each its own', [set('all', 'a'), set('all', 'b')], [stated(good, 'a'), stated(good, 'b')], true],
      ['two sets, one not', [set('all', 'a'), set('all', 'b')], [stated(good, 'a'), stated(bad, 'b')], false],
      ['two of two anchors by one signer', [set(2, 'a', 'b')], [stated(good, ['a', 'key'], ['b', 'key'])], false],
      [
        'two of two anchors, one of whom may be another signer',
        [set(2, 'a', 'b')],
        [stated(good, ['a', 'key'], ['b', 'key']), stated(good, ['a', 'other'])],
        true,
      ],
    ])('%s', (_, sets, statements, expected) => {
      expect(weigh(attested(statements, { conditions }, sets)) === undefined).toBe(expected);
    });

    test('a nested set counts as one', () => {
      const nested = (count: number): AnchorSet => ({
        kind: 'set',
        path: 'attestors[0]',
        need: count,
        anchors: [...set('all', 'a').anchors, { ...set(1, 'b', 'c'), path: 'attestors[0].entries[1].attestor' }],
      });
      const statements = [stated(good, 'a'), stated(bad, 'b'), stated(good, 'c')];
      expect(weigh(attested(statements, { conditions }, [nested(2)]))).toBeUndefined();
      const without = [stated(good, 'a'), stated(bad, 'b')];
      expect(weigh(attested(without, { conditions }, [nested(2)]))).toMatchObject({
        message: expect.stringContaining('statement 2 of 2'),
      });
      expect(weigh(attested(without, { conditions }, [nested(1)]))).toBeUndefined();
    });
  });

  test('know what the request says, which a predicate does not change, __proto__ included', () => {
    const scope = { request: { namespace: 'shop' } };
    const about = (key: string, predicate: Json) =>
      weigh(attested([stated(predicate, 'a')], { conditions: conditionsOf(equals(key, 'shop')) }), new Map(), scope);
    const forged = JSON.parse('{"request": {"namespace": "prod"}, "__proto__": {"namespace": "shop"}}') as Json;
    expect(about('{{ request.namespace }}', forged)).toBeUndefined();
    expect(about('{{ namespace }}', forged)).toMatchObject({ reason: 'condition-error' });
    expect(about('{{ "__proto__".namespace }}', forged)).toBeUndefined();
    expect(about('{{ constructor.name }}', {})).toMatchObject({ reason: 'condition-error' });
  });
});

describe('a denial', () => {
  const deny = (conditions: readonly WrittenCondition[], message = ''): Deny => ({
    conditions: compileConditions([{ all: conditions }], template),
    message: template(message),
  });
  const weighed = (one: Deny, ...attestations: readonly Attested[]) =>
    weighDenial(one, attestations, scopeOf({ request: { namespace: 'shop' } }), createRun(0));
  const scan = (...levels: readonly number[]) =>
    attested(
      levels.map((level) => stated({ level }, 'a')),
      { name: 'scan' },
    );
  const made = (...levels: readonly number[]) => ({ ...scan(...levels), wanted: { ...scan().wanted, name: 'made' } });

  test('is met by any statement, with its message; else by none', () => {
    const three = deny([equals('{{ scan.level }}', 3)], 'level {{ scan.level }} in {{ request.namespace }}');
    expect(weighed(three, scan(1, 2))).toBeUndefined();
    expect(weighed(three, scan(1, 3, 2))).toEqual({ reason: 'deny-condition', message: 'level 3 in shop' });
    expect(weighed(deny([equals('{{ scan.level }}', 3)]), scan(3))?.message).toBe(
      'the conditions of validate.deny are met',
    );
    expect(weighed(deny([equals('{{ scan.level }}', 3)], '{{ scan.x }}'), scan(3))).toMatchObject({
      reason: 'deny-condition',
      message: expect.stringContaining('its message has no value'),
    });
  });

  test('stands where its message, or that of a condition, asks for what cannot be had', () => {
    const down = () => {
      throw new Refusal('registry-error', 'down');
    };
    const scope: Scope = { get: (name) => (name === 'base' ? down() : undefined), names: () => ['base'] };
    const denial = deny([equals('{{ scan.level }}', 3)], 'build it on {{ base.image }}');
    expect(weighDenial(denial, [scan(3)], scope, createRun(0))).toMatchObject({ reason: 'deny-condition' });
    const message = 'not on {{ base.image }}';
    const told = attested([stated({ level: 1 }, 'a')], {
      conditions: conditionsOf({ ...equals('{{ level }}', 3), message }),
    });
    expect(weighConditions(told, [], scope, createRun(0))).toMatchObject({
      reason: 'condition-failed',
      message: expect.stringContaining(message),
    });
    const blocks = compileConditions(
      [{ any: [equals('{{ level }}', 3)], all: [equals('{{ base.image }}', 'x')] }],
      template,
    );
    const unmet = attested([stated({ level: 1 }, 'a')], { conditions: blocks });
    expect(weighConditions(unmet, [], scope, createRun(0))).toMatchObject({ reason: 'condition-failed' });
    const met = attested([stated({ level: 3 }, 'a')], { conditions: blocks });
    expect(() => weighConditions(met, [], scope, createRun(0))).toThrow('down');
  });

  test('has a message that leaves room for others, whatever is attested in it', () => {
    const saying = (text: string) => attested([stated({ level: 3, text }, 'a')], { name: 'scan' });
    const told = (text: string) =>
      weighed(deny([equals('{{ scan.level }}', 3)], '{{ scan.text }}'), saying(text))?.message;
    expect(told('x'.repeat(24_000))).toMatch(/^x{300,500}/);
    expect(told('x'.repeat(24_000))?.length).toBeLessThan(600);
    expect(told(' \n ')).toBe('the conditions of validate.deny are met');
    expect(told(' too many ')).toBe('too many');
  });

  test('tries each statement of one with each of another', () => {
    const same = deny([equals('{{ scan.level }}', '{{ made.level }}')]);
    expect(weighed(same, scan(1, 2), made(3, 4))).toBeUndefined();
    expect(weighed(same, scan(1, 2), made(3, 2))).toMatchObject({ reason: 'deny-condition' });
  });

  test('of which nobody can say whether it is met denies', () => {
    expect(weighed(deny([equals('{{ scan.x }}', 3)]), scan(3))).toMatchObject({
      reason: 'condition-error',
      message: expect.stringContaining('validate.deny: '),
    });
    const ten = Array.from({ length: 10 }, (_, index) => index);
    const never = deny([equals('{{ scan.level }}', 99)]);
    expect(weighed(never, scan(...ten), made(...ten))).toBeUndefined();
    expect(weighed(never, scan(...ten, 10), made(...ten))).toMatchObject({
      reason: 'condition-error',
      message: 'validate.deny: the named attestations have over 100 statements to be tried with each other',
    });
    expect(weighed(never, scan())).toMatchObject({ reason: 'condition-error' });
  });

  test('is about the names alone: an attestation without one is not in it', () => {
    expect(
      weighed(deny([equals("{{ level || 'none' }}", 'none')]), attested([stated({ level: 3 }, 'a')])),
    ).toMatchObject({
      reason: 'deny-condition',
    });
  });
});
