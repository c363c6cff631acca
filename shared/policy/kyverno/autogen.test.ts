import { createRun } from '../../expression/run.ts';
import { scopeOf } from '../../expression/testing/templates.ts';
import type { Json as Value } from '../../expression/value.ts';
import type { Rule } from '../policy.ts';
import { clusterPolicy, entry, load, pods, problemsOf, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;
const annotation = 'pod-policies.kyverno.io/autogen-controllers';
const annotated = (value: string, ...rules: Json[]) =>
  clusterPolicy(rules.length === 0 ? {} : { rules }, { metadata: { name: 'a', annotations: { [annotation]: value } } });
const names = (policy: Json) => load(policy).rules.map(({ name }) => name);
const kindsOf = (made: Rule | undefined) => made?.match.blocks.map(({ kinds = [] }) => kinds.map(({ kind }) => kind));

test('a rule for Pods is made for the controllers and for CronJob', () => {
  const { rules } = load(clusterPolicy());
  expect(rules.map(({ name }) => name)).toEqual(['signed', 'autogen-signed', 'autogen-cronjob-signed']);
  expect(kindsOf(rules[1])).toEqual([
    ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'],
  ]);
  expect(kindsOf(rules[2])).toEqual([['CronJob']]);
  expect(rules[1]?.entries).toBe(rules[0]?.entries);
});

test('names are cut to 63 characters', () => {
  const name = 'x'.repeat(60);
  expect(names(clusterPolicy({ rules: [rule({ name })] }))).toEqual([
    name,
    `autogen-${'x'.repeat(55)}`,
    `autogen-cronjob-${'x'.repeat(47)}`,
  ]);
});

test('exclude blocks that name Pod name the controllers, others stay as they are', () => {
  const exclude = { any: [{ resources: { kinds: ['Pod'], namespaces: ['a'] } }, { resources: { namespaces: ['b'] } }] };
  const { rules } = load(clusterPolicy({ rules: [rule({ exclude })] }));
  expect(rules[1]?.exclude.blocks[0]).toMatchObject({
    namespaces: ['a'],
    kinds: expect.arrayContaining([expect.objectContaining({ kind: 'Job' })]),
  });
  expect(rules[1]?.exclude.blocks[1]).toEqual({ namespaces: ['b'] });
  expect(rules[2]?.exclude.blocks[1]).toMatchObject({ namespaces: ['b'], kinds: [{ kind: 'CronJob' }] });
});

describe('the annotation', () => {
  test.each<[string, string[]]>([
    ['none', ['signed']],
    ['Deployment', ['signed', 'autogen-signed']],
    ['CronJob', ['signed', 'autogen-cronjob-signed']],
    ['StatefulSet, CronJob', ['signed', 'autogen-signed', 'autogen-cronjob-signed']],
  ])('%s', (value, expected) => {
    expect(names(annotated(value))).toEqual(expected);
  });

  test('lists the kinds', () => {
    expect(kindsOf(load(annotated('Deployment,StatefulSet')).rules[1])).toEqual([['Deployment', 'StatefulSet']]);
  });

  test('a kind that is no controller is refused, not left out', () => {
    expect(problemsOf(annotated('Deployment,Deploymnt'))).toEqual([
      expect.stringContaining("'Deploymnt' is not a Pod controller: write some of DaemonSet"),
    ]);
    expect(problemsOf(annotated('all'))).toEqual([
      expect.stringContaining("Autogen annotation does not support 'all' anymore"),
    ]);
    expect(problemsOf(annotated('Deployment'))).toEqual([]);
  });
});

describe('not eligible: the rule is asked about Pods alone', () => {
  test.each<[string, Json]>([
    ['a name', rule({ match: pods({ name: 'a' }) })],
    ['names', rule({ match: pods({ names: ['a'] }) })],
    ['a selector', rule({ match: pods({ selector: { matchLabels: { a: 'b' } } }) })],
    ['annotations', rule({ match: pods({ annotations: { a: 'b' } }) })],
    ['a selector in exclude', rule({ exclude: pods({ selector: { matchLabels: { a: 'b' } } }) })],
    ['Pod among other kinds', rule({ match: { any: [{ resources: { kinds: ['Pod', 'Deployment'] } }] } })],
    ['Pod by its version', rule({ match: { any: [{ resources: { kinds: ['v1/Pod'] } }] } })],
    ['no Pod', rule({ match: { any: [{ resources: { kinds: ['Deployment'] } }] } })],
    ['exclude of another kind', rule({ exclude: { any: [{ resources: { kinds: ['Job'] } }] } })],
  ])('%s', (_, written) => {
    expect(names(clusterPolicy({ rules: [written] }))).toEqual(['signed']);
  });

  test('one rule that is not leaves the whole policy without', () => {
    const named = rule({ name: 'named', match: pods({ name: 'a' }) });
    expect(names(clusterPolicy({ rules: [rule(), named] }))).toEqual(['signed', 'named']);
    const generates = { name: 'g', match: pods(), generate: { kind: 'ConfigMap' } };
    expect(names(clusterPolicy({ rules: [rule(), generates] }))).toEqual(['signed']);
    const patches = { name: 'm', match: pods(), mutate: { patchesJson6902: '- op: remove' } };
    expect(names(clusterPolicy({ rules: [rule(), patches] }))).toEqual(['signed']);
    const validates = { name: 'v', match: pods(), validate: { message: 'x' } };
    expect(names(clusterPolicy({ rules: [rule(), validates] }))).toContain('autogen-signed');
    expect(warningsOf(annotated('Deployment', rule(), named))).toEqual([
      'spec.rules[1]: no rules are made for Pod controllers: a filter asks for names',
    ]);
  });
});

test('a name that auto-gen gives cannot be taken', () => {
  const taken = rule({ name: 'autogen-signed', verifyImages: [entry()] });
  expect(problemsOf(clusterPolicy({ rules: [rule(), taken] }))).toEqual([
    'spec.rules[1].name: is taken: auto-gen makes a rule of this name; choose another',
  ]);
  expect(names(clusterPolicy({ rules: [rule({ name: 'autogen-x' })] }))).toEqual(['autogen-x']);
  const long = (end: string) => rule({ name: `${'x'.repeat(60)}${end}` });
  expect(problemsOf(clusterPolicy({ rules: [long('a'), long('b')] }))).toEqual([
    expect.stringContaining('auto-gen gives two rules the same name'),
  ]);
});

describe('what a rule says of a Pod it says of the Pod in a controller', () => {
  const about = (expression: string) =>
    clusterPolicy({
      rules: [
        rule({
          context: [{ name: 'spec', variable: { jmesPath: 'request.object.spec.nodeName' } }],
          preconditions: { all: [{ key: expression, operator: 'Equals', value: 'a' }] },
          verifyImages: [
            entry({
              annotations: { env: '{{ request.object.metadata.labels.env }}' },
              attestations: [
                { type: 'a', conditions: [{ all: [{ key: expression, operator: 'Equals', value: 'a' }] }] },
              ],
            }),
          ],
        }),
      ],
    });

  function answersOf(policy: Json, object: Value) {
    const scope = scopeOf({ request: { object } });
    const run = createRun(0);
    return load(policy).rules.map(({ name, preconditions, entries, context }) => {
      const [first] = entries;
      const made = first?.written?.entry(scope, run);
      const [spec] = context;
      return [
        name,
        preconditions?.test(scope, run).met,
        made !== undefined && 'annotations' in made ? made.annotations['env'] : made,
        made !== undefined && 'attestations' in made ? made.attestations[0]?.conditions?.test(scope, run).met : made,
        spec?.kind === 'variable' ? spec.jmesPath?.evaluate(scope, run) : undefined,
      ];
    });
  }

  test('in preconditions, context, variables and conditions', () => {
    const pod = { metadata: { labels: { env: 'prod' } }, spec: { nodeName: 'a' } };
    const paths = {
      signed: pod,
      'autogen-signed': { spec: { template: pod } },
      'autogen-cronjob-signed': { spec: { jobTemplate: { spec: { template: pod } } } },
    };
    const policy = about('{{ request.object.spec.nodeName }}');
    for (const [name, object] of Object.entries(paths)) {
      const all = { metadata: { labels: { env: 'x' } }, ...object };
      const tolerant = JSON.parse(
        JSON.stringify(policy)
          .replaceAll('spec.nodeName', "spec.nodeName || 'none'")
          .replaceAll('labels.env', "labels.env || 'none'"),
      ) as Json;
      const answer = answersOf(tolerant, all).find(([rule]) => rule === name);
      expect(answer).toEqual([name, true, 'prod', true, 'a']);
    }
  });

  test('what does not name its fields is the same for all, and so is whom it trusts', () => {
    const preconditions = [{ key: '{{ request.operation }}', operator: 'Equals', value: 'CREATE' }];
    const [written, ...made] = load(clusterPolicy({ rules: [rule({ preconditions })] })).rules;
    for (const one of made) {
      expect(one.entries).toBe(written?.entries);
      expect(one.preconditions).toBe(written?.preconditions);
    }
  });

  test('where it is none any more, the policy does not load: a rule with fewer entries would ask less', () => {
    const filled = (length: number) => `{{ request.object.spec || '${'x'.repeat(length)}' }}`;
    expect(problemsOf(about(filled(8_000)))).toEqual([]);
    const [problem] = problemsOf(about(filled(8_150)));
    expect(problem).toContain('spec.rules[0]: auto-gen cannot make a rule of it for controllers: ');
  });
});
