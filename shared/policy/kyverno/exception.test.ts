import { asFile, clusterPolicy, load, pods, problemsOf, rule, warningsOf } from '../testing/policies.ts';
import { loadPolicies } from './load.ts';

type Json = Record<string, unknown>;

const names = (ruleNames: readonly string[], policyName = 'signed-images') => [{ policyName, ruleNames }];
const exception = (spec: Json = {}, changes: Json = {}): Json => ({
  apiVersion: 'kyverno.io/v2',
  kind: 'PolicyException',
  metadata: { name: 'legacy', namespace: 'team' },
  spec: { match: pods(), exceptions: names(['signed']), ...spec },
  ...changes,
});
const withException = (spec: Json = {}) => [clusterPolicy(), exception(spec)] as const;
/** Which rules have which exceptions. */
const excepted = (...documents: readonly Json[]) =>
  Object.fromEntries(
    load(...documents)
      .rules.filter(({ exceptions }) => exceptions.length > 0)
      .map(({ name, exceptions }) => [name, exceptions.map((each) => each.name)]),
  );

describe('which rules an exception is from', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a rule by its name, and so none that auto-gen makes of it', ['signed'], ['signed']],
    ['a rule of auto-gen by its own name', ['autogen-signed'], ['autogen-signed']],
    ['rules by a wildcard', ['*signed'], ['signed', 'autogen-signed', 'autogen-cronjob-signed']],
    ['rules by several names', ['signed', 'autogen-c?onjob-*'], ['signed', 'autogen-cronjob-signed']],
    ['none by another case', ['Signed'], []],
  ])('%s', (_, ruleNames, meant) => {
    expect(Object.keys(excepted(...withException({ exceptions: names(ruleNames) })))).toEqual(meant);
  });

  test('a Policy is named with its namespace, and no policy by a wildcard', () => {
    const policy = clusterPolicy({}, { kind: 'Policy', metadata: { name: 'own', namespace: 'shop' } });
    const from = (policyName: string) => excepted(policy, exception({ exceptions: names(['signed'], policyName) }));
    expect(from('shop/own')).toEqual({ signed: ['team/legacy'] });
    expect(from('own')).toEqual({});
    expect(from('shop/*')).toEqual({});
  });

  test('one may stand before its policy, in a list, in v2beta1, without a namespace; each rule has all of its own', () => {
    const items = [
      exception({}, { apiVersion: 'kyverno.io/v2beta1', metadata: { name: 'first' } }),
      exception({ exceptions: [...names(['other']), ...names(['signed'])] }),
    ];
    const listed = { apiVersion: 'kyverno.io/v2', kind: 'PolicyExceptionList', items };
    const more = clusterPolicy({ rules: [rule(), rule({ name: 'other' }), rule({ name: 'third' })] });
    expect(excepted(listed, more)).toEqual({ signed: ['first', 'team/legacy'], other: ['team/legacy'] });
  });

  test('a rule without one is as it would be alone', () => {
    const [alone] = load(clusterPolicy()).rules;
    const [beside] = load(clusterPolicy(), exception({ exceptions: names(['autogen-signed']) })).rules;
    expect(beside).toMatchObject({ exceptions: [], varies: false, name: alone?.name });
    expect(load(...withException()).rules[0]).toMatchObject({ varies: true });
  });
});

describe('files of exceptions alone', () => {
  const policies = [asFile(clusterPolicy())];
  const read = (...documents: readonly Json[]) =>
    loadPolicies(policies, { exceptions: [{ ...asFile(...documents), name: 'exceptions.yaml' }] });

  test('count as those among the policies, and are part of what the hash is of', () => {
    const set = read(exception());
    expect(set.rules[0]?.exceptions.map(({ name }) => name)).toEqual(['team/legacy']);
    expect(set.hash).not.toBe(loadPolicies(policies).hash);
  });

  test('may be lists, and hold nothing else: a policy in one would be in force unseen', () => {
    const listed = (...items: readonly Json[]) => ({ apiVersion: 'v1', kind: 'List', items });
    expect(read(listed(exception())).rules[0]?.exceptions).toHaveLength(1);
    expect(() => read(listed(exception(), clusterPolicy()))).toThrow(
      'kyverno.io/v1 ClusterPolicy is no PolicyException of kyverno.io/v2 or kyverno.io/v2beta1',
    );
  });
});

describe('what does not load', () => {
  const inSpec = (spec: Json) => problemsOf(...withException(spec));
  const inMatch = (block: Json) => inSpec({ match: { any: [block] } });

  test.each<[string, Json, string]>([
    ['an unknown field', { matche: pods() }, "spec.matche: unknown field 'matche'; did you mean 'match'?"],
    [
      'a match of two ways',
      { match: { ...pods(), all: pods().any } },
      "spec.match: can't specify any and all together",
    ],
    ['the older form of match', { match: { resources: { kinds: ['Pod'] } } }, 'spec.match.resources: unknown field'],
    ['no match', { match: null }, 'spec: match is required'],
    ['no list of rules', { exceptions: null }, 'spec: exceptions is required'],
    ['a misspelt name', { exceptions: [{ policy: 'a', ruleNames: [] }] }, 'spec.exceptions[0].policy: unknown field'],
    ['no policy', { exceptions: [{ ruleNames: ['*'] }] }, 'spec.exceptions[0]: An exception requires a policy name'],
    ['no names', { exceptions: [{ policyName: 'a' }] }, 'spec.exceptions[0]: ruleNames is required'],
    ['one name in place of a list', { exceptions: [{ policyName: 'a', ruleNames: 'b' }] }, 'a list is expected'],
    ['conditions in a list', { conditions: [{ all: [] }] }, 'spec.conditions: a mapping is expected, this is a list'],
    ['an operator that is none', { conditions: { all: [{ key: 'a', operator: 'Is' }] } }, "'Is' is no operator"],
    ['an expression that is none', { conditions: { all: [{ key: '{{ a. }}', operator: 'Equals' }] } }, '.key: '],
  ])('%s', (_, spec, problem) => {
    expect(inSpec(spec).join()).toContain(problem);
  });

  test.each<[string, Json, string]>([
    [
      'labels of a namespace',
      { resources: { namespaceSelector: { matchLabels: { a: 'b' } } } },
      'labels of a namespace',
    ],
    [
      'an empty selector of namespaces',
      { resources: { kinds: ['Pod'], namespaceSelector: {} } },
      'labels of a namespace',
    ],
    ['roles', { roles: ['a:b'] }, 'no roles'],
    ['cluster roles', { clusterRoles: ['a'] }, 'no roles'],
  ])('what a review does not tell: %s', (_, block, reason) => {
    expect(inMatch(block).join()).toContain(reason);
    expect(
      inMatch({ resources: { kinds: ['Pod'], namespaces: ['a'] }, subjects: [{ kind: 'User', name: 'a' }] }),
    ).toEqual([]);
  });

  test('two of one name and namespace; of two namespaces there may be one each', () => {
    expect(problemsOf(clusterPolicy(), exception(), exception())).toEqual([
      expect.stringMatching(
        /^metadata\.name: PolicyException team\/legacy is already defined in policy\.yaml:\d+: a name is for one exception$/,
      ),
    ]);
    expect(problemsOf(clusterPolicy(), exception(), exception({}, { metadata: { name: 'legacy' } }))).toEqual([]);
  });

  test('one without a name, or with one that is too long', () => {
    const called = (metadata: Json) => problemsOf(clusterPolicy(), exception({}, { metadata }));
    expect(called({})).toEqual(['metadata: a PolicyException must have a name']);
    expect(called({ name: 'a'.repeat(254) })).toEqual([expect.stringContaining('Too long')]);
    expect(called({ name: 'a', namespace: 'b'.repeat(64) })).toEqual([expect.stringContaining('Too long')]);
    expect(called({ name: 'a'.repeat(253), namespace: 'b'.repeat(63), uid: 'x' })).toEqual([]);
  });

  test('one that does not load keeps its policies from loading', () => {
    expect(() => load(...withException({ match: null }))).toThrow('match is required');
  });
});

describe('what loads with a warning', () => {
  const warned = (spec: Json) => warningsOf(...withException(spec));

  test.each<[string, Json, string]>([
    [
      'a policy that is not here',
      { exceptions: names(['signed'], 'signed-image') },
      "no policy here is named 'signed-image'; did you mean 'signed-images'?",
    ],
    [
      'a rule that the policy does not have',
      { exceptions: names(['singed']) },
      "no rule of signed-images is named 'singed'; did you mean 'signed'?",
    ],
    ['names of no rule', { exceptions: names([]) }, 'lists nothing, so it excepts nothing'],
    ['no policies', { exceptions: [] }, 'lists nothing, so it excepts nothing'],
    ['a match of nothing', { match: {} }, 'lists nothing, so it excepts nothing'],
    ['a block that asks nothing', { match: { any: [{}] } }, 'asks nothing, so it excepts nothing'],
    ['a kind that is likely another', { match: pods({ kinds: ['Pods'] }) }, 'did you mean Pod?'],
    ['a name that no object has', { match: pods({ names: ['A_B'] }) }, 'so it excepts nothing'],
    [
      'a variable that the rule does not have',
      { conditions: { all: [{ key: '{{ reqest.name }}', operator: 'Equals', value: 'a' }] } },
      "variable 'reqest' is not defined in rule signed of signed-images; did you mean 'request'?",
    ],
    [
      'controllers whose rule it does not name',
      { match: pods({ kinds: ['Pod', 'Deployment'] }) },
      "does not name autogen-signed, which auto-gen makes of signed and the match is about as well: add the name, or write '*signed'",
    ],
  ])('%s', (_, spec, warning) => {
    expect(warned(spec)).toEqual([expect.stringContaining(warning)]);
  });

  test.each<[string, Json]>([
    ['of Pods alone', {}],
    [
      'of controllers by their own name',
      { match: pods({ kinds: ['Pod', 'Deployment'] }), exceptions: names(['signed', 'autogen-signed']) },
    ],
    ['of everything', { match: { any: [{ resources: { kinds: ['*'] } }] }, exceptions: names(['*']) }],
    ['by namespace alone', { match: { any: [{ resources: { namespaces: ['a*'] } }] }, exceptions: names(['*']) }],
    ['with what Kyverno asks of it elsewhere', { background: false }],
    [
      'with conditions',
      { conditions: { any: [{ key: '{{ request.operation }}', operator: 'Equals', value: 'CREATE' }] } },
    ],
  ])('and without: %s', (_, spec) => {
    expect(warned(spec)).toEqual([]);
  });

  test('a Policy that is named without its namespace', () => {
    const policy = clusterPolicy({}, { kind: 'Policy', metadata: { name: 'own', namespace: 'shop' } });
    expect(warningsOf(policy, exception({ exceptions: names(['signed'], 'own') }))).toEqual([
      expect.stringContaining("did you mean 'shop/own'?"),
    ]);
  });

  test('a rule that is left to Kyverno, since it is not about images', () => {
    const validates = { name: 'labelled', match: pods(), validate: { message: 'a', pattern: { a: 'b' } } };
    const both = clusterPolicy({ rules: [rule(), validates] });
    const told = warningsOf(both, exception({ exceptions: names(['labelled']) }));
    expect(told).toContainEqual(
      expect.stringContaining('names no rule of signed-images about images: it is left to Kyverno'),
    );
  });

  test('what is about Pod Security Standards is left to Kyverno, whatever rule it names', () => {
    const spec = { podSecurity: [{ controlName: 'Seccomp' }] };
    expect(warned(spec)).toEqual([expect.stringContaining('exception team/legacy is left to Kyverno')]);
    expect(excepted(...withException(spec))).toEqual({});
    expect(excepted(...withException({ podSecurity: [] }))).toEqual({ signed: ['team/legacy'] });
  });
});
