import { scopesOf } from '../scopes.ts';
import { clusterPolicy, entry, load, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;

const audits = { verifyImages: [entry({ failureAction: 'Audit', mutateDigest: false })] };
const one = (...rules: readonly Json[]) => clusterPolicy({ applyRules: 'One', rules });
const [first, second] = [rule({ name: 'first' }), rule({ name: 'second' })];

describe('the webhook that asks the rules of a policy which applies one of them', () => {
  const asked = (policy: Json) => {
    const { fail, ignore } = scopesOf(load(policy));
    const namesOf = (rules: typeof fail) => rules.filter(({ autogenOf }) => !autogenOf).map(({ name }) => name);
    return { fail: namesOf(fail), ignore: namesOf(ignore) };
  };

  test('is one: which rule answers first is found out in one call, in the order of the policy', () => {
    const policy = one({ ...first, ...audits }, second);
    expect(asked(policy)).toEqual({ fail: ['first', 'second'], ignore: [] });
    expect(asked(clusterPolicy({ applyRules: 'All', rules: [{ ...first, ...audits }, second] }))).toEqual({
      fail: ['second'],
      ignore: ['first'],
    });
  });

  test('is none that blocks, where no rule enforces under failurePolicy Fail', () => {
    expect(asked(one({ ...first, ...audits }, { ...second, ...audits }))).toEqual({
      fail: [],
      ignore: ['first', 'second'],
    });
    const ignoring = clusterPolicy({ applyRules: 'One', failurePolicy: 'Ignore', rules: [first, second] });
    expect(asked(ignoring)).toEqual({ fail: [], ignore: ['first', 'second'] });
  });
});

describe('warnings', () => {
  const spared = expect.stringMatching(
    /^spec\.applyRules: One: .* rule 'first' covers has rule 'second' asked nothing/,
  );

  test('of images that one added to the object spares', () => {
    expect(warningsOf(one(first, second))).toEqual([spared]);
    expect(warningsOf(one({ ...first, ...audits }, second))).toEqual([spared]);
  });

  test('not where no other rule enforces, or none can be about the same object', () => {
    expect(warningsOf(one(first))).toEqual([]);
    expect(warningsOf(one(first, { ...second, ...audits }))).toEqual([]);
    const jobs = { any: [{ resources: { kinds: ['Job'] } }] };
    expect(
      warningsOf(
        one({ ...first, match: jobs }, { ...second, match: { any: [{ resources: { kinds: ['CronJob'] } }] } }),
      ),
    ).toEqual([]);
    expect(warningsOf(clusterPolicy({ rules: [first, second] }))).toEqual([]);
  });
});
