import { exceptionMatches } from './exceptions.ts';
import type { RuleException } from './policy.ts';
import { clusterPolicy, deployment, load, pod, pods } from './testing/policies.ts';

type Json = Record<string, unknown>;

/** An exception from the rule `signed`, and the rules that it stands among. */
function loaded(match: Json) {
  const { rules } = load(clusterPolicy(), {
    apiVersion: 'kyverno.io/v2',
    kind: 'PolicyException',
    metadata: { name: 'legacy' },
    spec: { match, exceptions: [{ policyName: 'signed-images', ruleNames: ['*'] }] },
  });
  const exception = rules[0]?.exceptions[0];
  if (exception === undefined) throw new Error('no exception');
  return { rules, exception };
}

const about = (match: Json): RuleException => loaded(match).exception;

test('a match is asked of the object, its name, its namespace and who makes the request', () => {
  const named = about(pods({ names: ['legacy-*'], namespaces: ['shop'] }));
  expect(exceptionMatches(named, pod({ name: 'legacy-1' }))).toBe(true);
  expect(exceptionMatches(named, pod({ name: 'web' }))).toBe(false);
  expect(exceptionMatches(named, pod({ name: 'legacy-1', namespace: 'bank' }))).toBe(false);
  expect(exceptionMatches(named, deployment({ name: 'legacy-1' }))).toBe(false);
  const byJane = about({ any: [{ resources: { kinds: ['*'] }, subjects: [{ kind: 'User', name: 'jane' }] }] });
  expect(exceptionMatches(byJane, deployment())).toBe(true);
  expect(exceptionMatches(byJane, pod({ user: { username: 'mallory', groups: ['jane'] } }))).toBe(false);
});

test('an operation that a match names is asked too, where Kyverno passes it over', () => {
  const created = about(pods({ operations: ['CREATE'] }));
  expect(exceptionMatches(created, pod())).toBe(true);
  expect(exceptionMatches(created, pod({ operation: 'UPDATE' }))).toBe(false);
});

test('until an object has its name, every name that it can get has to fit', () => {
  const unnamed = pod({ name: '', generateName: 'legacy-' });
  expect(exceptionMatches(about(pods({ names: ['legacy-*'] })), unnamed)).toBe(true);
  expect(exceptionMatches(about(pods({ names: ['legacy-1*'] })), unnamed)).toBe(false);
});

test('of all blocks each has to match, and one that asks nothing never does', () => {
  const both = (...blocks: readonly Json[]) => about({ all: blocks });
  const kind = { resources: { kinds: ['Pod'] } };
  const named = { resources: { names: ['web'] } };
  expect(exceptionMatches(both(kind, named), pod())).toBe(true);
  expect(exceptionMatches(both(kind, named), pod({ name: 'other' }))).toBe(false);
  expect(exceptionMatches(both(kind, {}), pod())).toBe(false);
  expect(exceptionMatches(about({ any: [{}, kind] }), pod())).toBe(true);
  expect(exceptionMatches(about({ any: [{}] }), pod())).toBe(false);
});

test('an exception is about debug containers as well, as the rule is', () => {
  expect(exceptionMatches(about(pods()), pod({ subresource: 'ephemeralcontainers', operation: 'UPDATE' }))).toBe(true);
});
