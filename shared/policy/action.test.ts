import { actionFor, enforcesSomewhere, scopeOf } from './action.ts';
import type { Rule } from './policy.ts';
import { entry, loadRule } from './testing/policies.ts';

type Json = Record<string, unknown>;

/** A rule whose spec and entries say this; it pins nothing, so that it may audit. */
function ruleOf(spec: Json, ...entries: Json[]): Rule {
  const verifyImages = (entries.length === 0 ? [{}] : entries).map((changes) =>
    entry({ mutateDigest: false, ...changes }),
  );
  return loadRule({ verifyImages }, spec);
}

const overrides = (...list: [string, string[] | undefined][]) => ({
  validationFailureActionOverrides: list.map(([action, namespaces]) => ({ action, namespaces })),
});

test.each<[string, Rule, string, string]>([
  ['the spec', ruleOf({ validationFailureAction: 'Enforce' }), 'a', 'enforce'],
  ['the spec in lower case', ruleOf({ validationFailureAction: 'enforce' }), 'a', 'enforce'],
  ['the default', ruleOf({ validationFailureAction: null }), 'a', 'audit'],
  ['an override', ruleOf({ ...overrides(['Audit', ['dev-*']]) }), 'dev-a', 'audit'],
  ['an override of other namespaces', ruleOf({ ...overrides(['Audit', ['dev-*']]) }), 'prod', 'enforce'],
  ['an override without namespaces', ruleOf({ ...overrides(['Audit', undefined]) }), 'prod', 'audit'],
  [
    'an entry over spec and overrides',
    ruleOf({ ...overrides(['Audit', ['a']]) }, { failureAction: 'Enforce' }),
    'a',
    'enforce',
  ],
  ['an entry that audits', ruleOf({ validationFailureAction: 'Enforce' }, { failureAction: 'Audit' }), 'a', 'audit'],
  [
    'Enforce over Audit among entries',
    ruleOf({}, { failureAction: 'Audit' }, { failureAction: 'Enforce' }),
    'a',
    'enforce',
  ],
])('the action comes from %s', (_, rule, namespace, expected) => {
  expect(actionFor(rule, namespace, undefined)).toBe(expected);
});

test.each<[string, Rule, boolean, 'fail' | 'ignore']>([
  ['enforces', ruleOf({}), true, 'fail'],
  ['enforces under Ignore', ruleOf({ failurePolicy: 'Ignore' }), true, 'ignore'],
  ['audits', ruleOf({ validationFailureAction: 'Audit' }), false, 'ignore'],
  [
    'audits but in one namespace',
    ruleOf({ validationFailureAction: 'Audit', ...overrides(['Enforce', ['a']]) }),
    true,
    'fail',
  ],
  ['enforces but in one namespace', ruleOf({ ...overrides(['Audit', ['a']]) }), true, 'fail'],
  ['enforces but everywhere', ruleOf({ ...overrides(['Audit', ['*']]) }), false, 'ignore'],
])('a rule that %s', (_, rule, enforces, scope) => {
  expect(enforcesSomewhere(rule)).toBe(enforces);
  expect(scopeOf(rule)).toBe(scope);
});

describe('overrides of namespaces with a label', () => {
  const selecting = (action: string, value: string, namespaces?: string[]) => {
    return { action, namespaces, namespaceSelector: { matchLabels: { tier: value } } };
  };
  const withOverrides = (validationFailureAction: string, ...validationFailureActionOverrides: Json[]) =>
    ruleOf({ validationFailureAction, validationFailureActionOverrides });
  const named = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
  const byName = (name: string) => ({ action: 'Audit', ...named(name) });
  const enforcingIn = (name: string) => ({ action: 'Enforce', ...named(name) });
  const dev = withOverrides('Enforce', selecting('Audit', 'dev'));
  const prod = withOverrides('Audit', selecting('Enforce', 'prod'));

  test.each<[string, Rule, Record<string, string> | undefined, string]>([
    ['the label', dev, { tier: 'dev' }, 'audit'],
    ['another one', dev, { tier: 'prod' }, 'enforce'],
    ['no label', dev, {}, 'enforce'],
    ['labels that nobody tells: the stricter one', dev, undefined, 'enforce'],
    ['the label that enforces', prod, { tier: 'prod' }, 'enforce'],
    ['none that enforces', prod, {}, 'audit'],
    ['labels that nobody tells, where the override enforces', prod, undefined, 'enforce'],
    [
      'a label of another namespace',
      withOverrides('Enforce', selecting('Audit', 'dev', ['b'])),
      { tier: 'dev' },
      'enforce',
    ],
    [
      'the label in the namespace that is named',
      withOverrides('Enforce', selecting('Audit', 'dev', ['a*'])),
      { tier: 'dev' },
      'audit',
    ],
    ['its name as a label', withOverrides('Enforce', byName('a')), undefined, 'audit'],
    ['the name of another namespace as a label', withOverrides('Audit', enforcingIn('b')), undefined, 'audit'],
    ['the name of the namespace, which enforces', withOverrides('Audit', enforcingIn('a')), undefined, 'enforce'],
    [
      'the first that holds',
      withOverrides('Audit', selecting('Enforce', 'prod'), selecting('Audit', 'dev')),
      { tier: 'dev' },
      'audit',
    ],
  ])('%s', (_, rule, labels, expected) => {
    expect(actionFor(rule, 'a', labels)).toBe(expected);
  });

  test('enforce somewhere, unless every namespace is overridden', () => {
    expect([dev, prod].map(enforcesSomewhere)).toEqual([true, true]);
  });
});
