import { asFile, clusterPolicy, load, pods, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;

const kinds = (...names: string[]): Json => ({ any: [{ resources: { kinds: names } }] });
const withRule = (changes: Json) => clusterPolicy({ rules: [rule(changes)] });

describe('a kind that holds no image', () => {
  test.each(['Pods', 'pod', 'core/v1/Pod'])(
    '%s in a match is warned of where it stands, and what was likely meant',
    (kind) => {
      const [warning, ...more] = load(withRule({ match: kinds('Deployment', kind) })).warnings;
      expect(more).toEqual([]);
      expect(warning?.message).toMatch(
        new RegExp(
          `^spec.rules\\[0\\].match.any\\[0\\].resources.kinds\\[1\\]: kind '${kind}' holds no image .* did you mean (v1/)?Pod\\?$`,
        ),
      );
      const { text } = asFile(withRule({ match: kinds('Deployment', kind) }));
      expect(text.split('\n')[(warning?.line ?? 0) - 1]).toContain(`"${kind}"`);
      expect(warningsOf(withRule({ match: kinds('Deployment', 'Pod') }))).toEqual([]);
    },
  );

  test('of a resource that is not known is warned of without a guess', () => {
    expect(warningsOf(withRule({ match: kinds('Pod', 'tekton.dev/v1/Task') }))).toEqual([
      expect.stringMatching(
        /kind 'tekton.dev\/v1\/Task' holds no image that is known here: nothing is asked about it$/,
      ),
    ]);
  });

  test.each<[string, Json]>([
    ['any', { any: [{ resources: { kinds: ['Pod'] } }, { resources: { kinds: ['Jobs'] } }] }],
    ['all', { all: [{ resources: { kinds: ['Jobs', '*'.concat('/*')] } }] }],
    ['the older form', { resources: { kinds: ['Pod', 'Jobs'] } }],
  ])('is found in %s', (_, match) => {
    expect(warningsOf(withRule({ match }))).toContainEqual(expect.stringContaining('did you mean Job?'));
  });

  test('in an exclude is warned of if it was likely meant for another: it takes nothing away', () => {
    const excluding = (...names: string[]) => withRule({ match: kinds('*Set'), exclude: kinds(...names) });
    expect(warningsOf(excluding('replicaset'))).toEqual([
      expect.stringMatching(/kind 'replicaset' excludes nothing that is asked about: did you mean ReplicaSet\?$/),
    ]);
    expect(warningsOf(excluding('ReplicaSet', 'Task', 'ConfigMap'))).toEqual([]);
  });

  test.each<[string, Json, Json]>([
    [
      'a DELETE alone',
      { match: pods({ operations: ['DELETE'] }) },
      { match: pods({ operations: ['DELETE', 'CREATE', 'UPDATE'] }) },
    ],
    [
      'blocks that never hold together',
      { match: { all: [{ resources: { kinds: ['Job'] } }, { resources: { kinds: ['*Set'] } }] } },
      { match: { all: [{ resources: { kinds: ['Job'] } }, { resources: { kinds: ['*Job'] } }] } },
    ],
    [
      'an exclude of all that is matched',
      { match: kinds('Job'), exclude: kinds('*Job') },
      { match: kinds('Job'), exclude: { any: [{ resources: { kinds: ['*Job'], namespaces: ['ci'] } }] } },
    ],
  ])('its siblings, a rule about nothing by %s, are warned of', (_, about, twin) => {
    expect(warningsOf(withRule(about))).toEqual([
      expect.stringContaining("rule 'signed' matches no Pod and no Pod controller"),
    ]);
    expect(warningsOf(withRule(twin))).toEqual([]);
  });
});
