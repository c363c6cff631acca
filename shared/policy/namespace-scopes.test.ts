import { selectedRules, selectionHash, Unselectable } from './namespace-scopes.ts';
import { scopesOf } from './scopes.ts';
import { clusterPolicy, entry, load, loadRule, pods, problemsOf, rule } from './testing/policies.ts';

const labelled = (value: string) => ({ matchLabels: { tier: value } });
const twoLabels = { matchLabels: { tier: 'prod', team: 'a' } };
const blocks = (...resources: object[]) => ({
  any: resources.map((each) => ({ resources: { kinds: ['Pod'], ...each } })),
});

/** Of each way in which a rule is asked: the requirements, and the names that match and exclude are about. */
function waysOf(changes: Record<string, unknown>, spec: Record<string, unknown> = {}) {
  return selectedRules(loadRule(changes, spec)).map(({ rule: { match, exclude, overrides }, selection }) => ({
    selects: selection.requirements.map(({ key, operator, values }) => `${key} ${operator} ${values}`).join(', '),
    match: match.blocks.map(({ names = ['*'] }) => names.join()),
    exclude: exclude.blocks.map(({ names = ['*'] }) => names.join()),
    overrides: overrides.map(({ action }) => action),
  }));
}

test('a rule without selectors is asked once, and nothing is selected', () => {
  expect(waysOf({})).toEqual([{ selects: '', match: ['*'], exclude: [], overrides: [] }]);
  expect(selectionHash({ requirements: [], matchConditions: [] })).toBeUndefined();
});

test('a selector of match: the API server selects, and the rule is about nothing elsewhere', () => {
  expect(waysOf({ match: pods({ namespaceSelector: twoLabels }) })).toEqual([
    { selects: 'team In a, tier In prod', match: ['*'], exclude: [], overrides: [] },
  ]);
});

test('blocks with and without one: what is asked elsewhere is asked without it', () => {
  const match = blocks({ namespaceSelector: labelled('prod'), names: ['a'] }, { names: ['b'] });
  expect(waysOf({ match })).toEqual([
    { selects: 'tier In prod', match: ['a', 'b'], exclude: [], overrides: [] },
    { selects: 'tier NotIn prod', match: ['b'], exclude: [], overrides: [] },
  ]);
  const several = blocks({ namespaceSelector: twoLabels, names: ['a'] }, { names: ['b'] });
  expect(waysOf({ match: several })).toEqual([
    { selects: 'team In a, tier In prod', match: ['a', 'b'], exclude: [], overrides: [] },
    { selects: '', match: ['b'], exclude: [], overrides: [] },
  ]);
});

test('all blocks of a match together', () => {
  const match = {
    all: [
      { resources: { kinds: ['Pod'], namespaceSelector: labelled('prod') } },
      { resources: { kinds: ['Pod'], namespaceSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } } },
    ],
  };
  expect(waysOf({ match })).toEqual([
    { selects: 'tier In prod, x Exists ', match: ['*', '*'], exclude: [], overrides: [] },
  ]);
});

test('a selector of exclude: the rule is asked where it does not hold, and where it excludes some alone', () => {
  const exclude = { any: [{ resources: { namespaceSelector: labelled('dev') } }] };
  expect(waysOf({ exclude })).toEqual([{ selects: 'tier NotIn dev', match: ['*'], exclude: [], overrides: [] }]);
  const some = { any: [{ resources: { names: ['debug-*'], namespaceSelector: labelled('dev') } }] };
  expect(waysOf({ exclude: some })).toEqual([
    { selects: 'tier In dev', match: ['*'], exclude: ['debug-*'], overrides: [] },
    { selects: 'tier NotIn dev', match: ['*'], exclude: [], overrides: [] },
  ]);
});

test('one in match and in exclude', () => {
  const match = pods({ namespaceSelector: labelled('prod') });
  const exclude = { any: [{ resources: { names: ['debug-*'], namespaceSelector: labelled('prod') } }] };
  expect(waysOf({ match, exclude })).toEqual([
    { selects: 'tier In prod', match: ['*'], exclude: ['debug-*'], overrides: [] },
  ]);
  expect(waysOf({ match, exclude: { any: [{ resources: { namespaceSelector: labelled('prod') } }] } })).toEqual([]);
});

test('an override by a selector', () => {
  const overrides = [{ action: 'Audit', namespaceSelector: labelled('dev') }];
  expect(waysOf({}, { validationFailureActionOverrides: overrides })).toEqual([
    { selects: 'tier In dev', match: ['*'], exclude: [], overrides: ['audit'] },
    { selects: 'tier NotIn dev', match: ['*'], exclude: [], overrides: [] },
  ]);
});

test.each([{}, { matchLabels: {} }, { matchExpressions: [] }])('%j selects every namespace', (namespaceSelector) => {
  const unselected = (more: Record<string, unknown>, spec = {}) => {
    const [way, another] = waysOf(more, spec);
    expect([way?.selects, another]).toEqual(['', undefined]);
    return way;
  };
  expect(unselected({ match: pods({ namespaceSelector }) })).toMatchObject({ match: ['*'] });
  const some = { any: [{ resources: { names: ['debug-*'], namespaceSelector } }] };
  expect(unselected({ exclude: some })).toMatchObject({ exclude: ['debug-*'] });
  const overrides = [{ action: 'Audit', namespaceSelector }];
  expect(unselected({}, { validationFailureActionOverrides: overrides })).toMatchObject({ overrides: ['audit'] });
  expect(loadRule({}, { validationFailureActionOverrides: overrides }).overrides).toEqual([
    { action: 'audit', namespaces: ['*'] },
  ]);
});

test('what an API server cannot be asked is refused when it loads', () => {
  const exclude = { any: [{ resources: { namespaceSelector: twoLabels } }] };
  expect(problemsOf(clusterPolicy({ rules: [rule({ exclude })] }))[0]).toContain(
    'spec.rules[0]: has a namespaceSelector of several requirements in exclude',
  );
  const wild = pods({ namespaceSelector: labelled('prod-*') });
  expect(problemsOf(clusterPolicy({ rules: [rule({ match: wild })] }))[0]).toContain('has a wildcard: the API server');
  const five = blocks(...['a', 'b', 'c', 'd', 'e'].map((value) => ({ namespaceSelector: labelled(value) })));
  expect(problemsOf(clusterPolicy({ rules: [rule({ match: five })] }))[0]).toContain('5 different namespaceSelectors');
  expect(Unselectable.name).toBe('Unselectable');
});

test('equal selections share a scope, whatever the order in which they are written', () => {
  const one = rule({ name: 'one', match: pods({ namespaceSelector: twoLabels }) });
  const other = rule({
    name: 'other',
    match: pods({
      namespaceSelector: {
        matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }],
        matchLabels: { tier: 'prod' },
      },
    }),
    verifyImages: [entry()],
  });
  const { selected, fail, all } = scopesOf(load(clusterPolicy({ rules: [one, other] })));
  const [scope, another] = [...selected.values()];
  expect(another).toBeUndefined();
  expect(scope?.fail.map(({ name }) => name).filter((name) => !name.startsWith('autogen'))).toEqual(['one', 'other']);
  expect(fail).toEqual([]);
  expect(all.length).toBeGreaterThan(1);
});

describe('a policy that applies one rule', () => {
  const one = (name: string, match: object, action: string) =>
    rule({ name, match, verifyImages: [entry({ failureAction: action, mutateDigest: false })] });
  const scopesBy = (applyRules: string, ...rules: Record<string, unknown>[]) => {
    const annotations = { 'pod-policies.kyverno.io/autogen-controllers': 'none' };
    const policy = clusterPolicy({ rules, applyRules }, { metadata: { name: 'one', annotations } });
    const { selected, fail, ignore } = scopesOf(load(policy));
    const shown = (where: string, scope: { fail: readonly { name: string }[]; ignore: readonly { name: string }[] }) =>
      (['fail', 'ignore'] as const).flatMap((kind) => {
        return scope[kind].length === 0 ? [] : `${where} ${kind}: ${scope[kind].map(({ name }) => name)}`;
      });
    return [
      ...shown('all', { fail, ignore }),
      ...[...selected.values()].flatMap((scope) =>
        shown(scope.selection.requirements.map(({ key, operator }) => `${key} ${operator}`).join(), scope),
      ),
    ].sort();
  };
  const first = one('first', pods({ namespaceSelector: labelled('prod') }), 'Audit');
  const second = one('second', pods(), 'Enforce');

  test('has its rules in one scope, wherever they are asked', () => {
    expect(scopesBy('One', first, second)).toEqual(['tier In fail: first,second', 'tier NotIn fail: second']);
    expect(scopesBy('All', first, second)).toEqual(['all fail: second', 'tier In ignore: first']);
  });

  test('is refused where an API server cannot be asked about them together', () => {
    const both = [one('first', pods({ namespaceSelector: twoLabels }), 'Enforce'), second];
    expect(problemsOf(clusterPolicy({ rules: both, applyRules: 'One' }))[0]).toMatch(
      /^spec.applyRules: has a namespaceSelector of several requirements .* one of several rules of which one is applied/,
    );
    expect(problemsOf(clusterPolicy({ rules: both, applyRules: 'All' }))).toEqual([]);
    const alike = ['first', 'other'].map((name) => one(name, pods({ namespaceSelector: twoLabels }), 'Enforce'));
    expect(problemsOf(clusterPolicy({ rules: alike, applyRules: 'One' }))).toEqual([]);
  });
});
