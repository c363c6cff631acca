import { clusterPolicy, pods, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;
const withRule = (changes: Json) => clusterPolicy({ rules: [rule(changes)] });
const block = (...operations: string[]) => ({ resources: { kinds: ['Pod'], operations } });
const kinds = (kind: string, resources: Json = {}) => ({ any: [{ resources: { kinds: [kind], ...resources } }] });
const create = { operations: ['CREATE'] };
const update = { operations: ['UPDATE'] };

const inMatch =
  /match.*operations: nothing is asked on an UPDATE, .*: write CREATE and UPDATE, or leave operations out$/;
const inExclude = /exclude.*operations: takes away an UPDATE, .*: write CREATE as well, or leave operations out$/;

test.each<[string, Json, RegExp, Json]>([
  ['a match', { match: pods(create) }, inMatch, { match: pods({ operations: ['CREATE', 'UPDATE'] }) }],
  ['a match that is about all operations but one', { match: pods({ operations: ['CREATE', 'DELETE'] }) }, inMatch, {}],
  ['a match of any kind', { match: kinds('*/*', create) }, inMatch, { match: kinds('Deployment', create) }],
  ['the older form', { match: block('CREATE') }, inMatch, { match: block('UPDATE', 'CREATE') }],
  ['all', { match: { all: [block('CREATE')] } }, inMatch, { match: { all: [block('CREATE', 'UPDATE')] } }],
  [
    'any, of which no block is about an UPDATE',
    { match: { any: [block('CREATE'), { resources: { kinds: ['Job'] } }] } },
    inMatch,
    { match: { any: [block('CREATE'), block('UPDATE')] } },
  ],
  [
    'an exclude',
    { exclude: pods(update) },
    inExclude,
    { exclude: pods({ operations: ['CREATE', 'UPDATE'], namespaces: ['ci'] }) },
  ],
  [
    'an exclude in a namespace, without kinds',
    { exclude: { any: [{ resources: { namespaces: ['ci'], ...update } }] } },
    inExclude,
    { exclude: { any: [{ resources: { namespaces: ['ci'], ...create } }] } },
  ],
  [
    'an exclude beside others',
    { exclude: { any: [{ resources: { namespaces: ['ci'] } }, block('UPDATE')] } },
    inExclude,
    { exclude: { any: [{ resources: { namespaces: ['ci'] } }, { resources: { kinds: ['Deployment'], ...update } }] } },
  ],
  ['an exclude of Pods', { exclude: pods(update) }, inExclude, { exclude: kinds('Pod/ephemeralcontainers', update) }],
])('%s that leaves updates of Pods out is warned of', (_, left, message, twin) => {
  expect(warningsOf(withRule(left))).toEqual([expect.stringMatching(message)]);
  expect(warningsOf(withRule(twin))).toEqual([]);
});

test.each<[string, Json, Json]>([
  ['Pods', { match: pods(update) }, { match: pods({ operations: ['UPDATE', 'CREATE'] }) }],
  ['a block', { match: { any: [block('UPDATE')] } }, { match: { any: [block('UPDATE'), block('CREATE')] } }],
])(
  'a match of the updates of %s alone is warned of, since what they were made with is asked about by none',
  (_, left, twin) => {
    expect(warningsOf(withRule(left))[0]).toMatch(
      /match.*operations: nothing is asked on a CREATE, .*: write CREATE as well/,
    );
    expect(warningsOf(withRule(twin))).toEqual([]);
  },
);
