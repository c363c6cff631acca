import type { Subject } from '../admission/subject.ts';
import { ruleApplies } from './match.ts';
import { clusterPolicy, deployment, load, loadRule, pod, pods, rule, warningsOf } from './testing/policies.ts';

type Json = Record<string, unknown>;
const applies = (match: Json, subject: Subject, exclude: Json = {}) =>
  ruleApplies(loadRule({ match, exclude }), subject);
const kind = (...kinds: string[]) => ({ any: [{ resources: { kinds } }] });

test('while nobody tells who asks, a match of somebody lets in and an exclude takes away for everybody alone', () => {
  const untold = pod({ user: { username: '', groups: [] } });
  const block = (name: string) => ({ any: [{ resources: { kinds: ['Pod'] }, subjects: [{ kind: 'User', name }] }] });
  expect(['joe', 'jane'].map((name) => applies(block(name), pod()))).toEqual([false, true]);
  expect(applies(block('joe'), untold)).toBe(true);
  const excluding = (name: string, subject: Subject) => !applies(pods(), subject, block(name));
  expect(['joe', 'jane', '*'].map((name) => excluding(name, pod()))).toEqual([false, true, true]);
  expect(['joe', 'jane', '*'].map((name) => excluding(name, untold))).toEqual([false, false, true]);
  const group = { user: { username: '', groups: ['devs'] } };
  expect(applies(block('joe'), pod(group))).toBe(false);
});

describe('a namespaceSelector without requirements', () => {
  const every = { namespaceSelector: {} };
  const subjects = [pod(), pod({ namespaceLabels: {} }), pod({ namespaceLabels: { tier: 'prod' } })];
  const asked = (match: Json, exclude: Json = {}) => subjects.map((subject) => applies(match, subject, exclude));

  test('lets every namespace in, and none of what else the block does not', () => {
    expect(asked(pods(every))).toEqual([true, true, true]);
    expect(asked(pods({ ...every, names: ['other'] }))).toEqual([false, false, false]);
    expect(asked(pods({ ...every, namespaces: ['other'] }))).toEqual([false, false, false]);
    expect(applies(pods(every), deployment())).toBe(false);
  });

  test('in an exclude takes every namespace away, as far as the block says no more', () => {
    const excluding = (resources: Json) => asked(pods(), { any: [{ resources }] });
    expect(excluding(every)).toEqual([false, false, false]);
    expect(excluding({ ...every, names: ['other'] })).toEqual([true, true, true]);
    expect(excluding({ ...every, namespaces: ['other'] })).toEqual([true, true, true]);
    const both = [{ resources: every }, { resources: { names: ['other'] } }];
    expect(asked(pods(), { all: both })).toEqual([true, true, true]);
    expect(asked(pods(), { any: both })).toEqual([false, false, false]);
  });

  test('a rule that excludes everything is warned of', () => {
    const rules = [rule({ exclude: { any: [{ resources: every }] } })];
    expect(warningsOf(clusterPolicy({ rules }))[0]).toContain("rule 'signed' matches no Pod and no Pod controller");
  });
});

describe('kinds', () => {
  test.each<[string, Partial<Subject>, boolean]>([
    ['Pod', {}, true],
    ['pod', {}, false],
    ['v1/Pod', {}, true],
    ['v2/Pod', {}, false],
    ['*/Pod', {}, true],
    ['P?d', {}, true],
    ['Deployment', {}, false],
    ['apps/v1/Deployment', { group: 'apps', kind: 'Deployment' }, true],
    ['apps/*/Deployment', { group: 'apps', kind: 'Deployment' }, true],
    ['apps/v1/*', { group: 'apps', kind: 'StatefulSet' }, true],
    ['batch/v1/Deployment', { group: 'apps', kind: 'Deployment' }, false],
    ['Deployment', { group: 'apps', kind: 'Deployment', subresource: 'scale' }, false],
    ['Deployment/scale', { group: 'apps', kind: 'Deployment', subresource: 'scale' }, true],
    ['Deployment.scale', { group: 'apps', kind: 'Deployment', subresource: 'scale' }, true],
    ['*/*', { group: 'apps', kind: 'Deployment', subresource: 'scale' }, true],
    ['Pod', { subresource: 'ephemeralcontainers' }, true],
    ['v1/Pod', { subresource: 'ephemeralcontainers' }, true],
    ['Pod/ephemeralcontainers', { subresource: 'ephemeralcontainers' }, true],
    ['Pod/ephemeralcontainers', {}, false],
    ['Pod', { subresource: 'exec' }, false],
    ['Pod', { group: 'example.com', subresource: 'ephemeralcontainers' }, false],
    ['Pod/*', { subresource: 'ephemeralcontainers' }, true],
    ['Pod/ephemeral*', { subresource: 'ephemeralcontainers' }, true],
    ['*/ephemeralcontainers', { subresource: 'ephemeralcontainers' }, true],
    ['*/*', { subresource: 'ephemeralcontainers' }, true],
    ['P*', { subresource: 'ephemeralcontainers' }, true],
    ['Pod/status', { subresource: 'ephemeralcontainers' }, false],
    ['Pod/status', { subresource: 'status' }, true],
    ['*/status', { subresource: 'ephemeralcontainers' }, false],
    ['v1/Pod/binding', { subresource: 'ephemeralcontainers' }, false],
  ])('%s on %j: %s', (selector, changes, expected) => {
    expect(applies(kind(selector), pod(changes))).toBe(expected);
  });

  test.each<[string, boolean, boolean]>([
    // An exclude's kind, and whether it takes away the Pod and its debug containers.
    ['Pod', true, true],
    ['v1/Pod', true, true],
    ['Pod/*', true, true],
    ['*/*', true, true],
    ['Pod/ephemeralcontainers', false, true],
    ['*/ephemeralcontainers', false, true],
    ['Pod/status', false, false],
    ['Pod/exec', false, false],
    ['Pod.eviction', false, false],
    ['v1/Pod/binding', false, false],
    ['*/status', false, false],
    ['*/v1/Pod/resize', false, false],
  ])('exclude %s takes away the Pod: %s, its debug containers: %s', (selector, ofPod, ofDebug) => {
    // The name makes the exclude one of some Pods: one of all is refused when it is loaded.
    const exclude = { any: [{ resources: { kinds: [selector], names: ['web'] } }] };
    expect(applies(kind('Pod'), pod(), exclude)).toBe(!ofPod);
    expect(applies(kind('Pod'), pod({ subresource: 'ephemeralcontainers' }), exclude)).toBe(!ofDebug);
  });

  test('one of a list is enough', () => {
    expect(applies(kind('Deployment', 'Pod'), pod())).toBe(true);
    expect(applies(kind('Deployment', 'Job'), pod())).toBe(false);
  });
});

describe('attributes are AND-ed, the elements of each OR-ed', () => {
  const match = pods({ names: ['web-*', 'api'], namespaces: ['shop', 'team-?'], annotations: { 'acme.io/*': 'y*' } });
  const hit: Partial<Subject> = { name: 'web-1', namespace: 'team-a', annotations: { 'acme.io/sign': 'yes' } };

  test.each<[string, Partial<Subject>, boolean]>([
    ['all of them', {}, true],
    ['another element', { name: 'api', namespace: 'shop' }, true],
    ['no name', { name: 'other' }, false],
    ['no namespace', { namespace: 'team-ab' }, false],
    ['no annotation', { annotations: {} }, false],
    ['an annotation with another value', { annotations: { 'acme.io/sign': 'no' } }, false],
    ['generateName where there is no name', { name: '', generateName: 'web-' }, true],
    ['a name over a generateName', { name: 'x', generateName: 'web-' }, false],
  ])('%s', (_, changes, expected) => {
    expect(applies(match, pod({ ...hit, ...changes }))).toBe(expected);
  });

  test.each<[string, string[], boolean, boolean]>([
    // What a generateName `web-` is let in for, and whether an exclude of the same takes it away.
    ['every name that is made of it', ['web-*'], true, true],
    ['a ReplicaSet’s Pods', ['web-?????'], true, true],
    ['some of them', ['web-b*'], true, false],
    ['none of them', ['web-a*', 'web'], false, false],
    ['itself, which is no name', ['web-?'], false, false],
  ])('where there is a generateName, names that fit %s', (_, names, letIn, takenAway) => {
    const generated = pod({ name: '', generateName: 'web-' });
    expect(applies(pods({ names }), generated)).toBe(letIn);
    expect(applies(pods(), generated, { any: [{ resources: { kinds: ['Pod'], names } }] })).toBe(!takenAway);
  });

  test('name is a pattern as names are', () => {
    expect(applies(pods({ name: 'we?' }), pod())).toBe(true);
    expect(applies(pods({ name: 'we' }), pod())).toBe(false);
  });

  test("a Namespace's own name is what a filter on namespaces asks", () => {
    const match = { any: [{ resources: { kinds: ['Namespace'], namespaces: ['shop'] } }] };
    expect(applies(match, pod({ kind: 'Namespace', name: 'shop', namespace: '' }))).toBe(true);
    expect(applies(match, pod({ kind: 'Namespace', name: 'other', namespace: 'shop' }))).toBe(false);
  });
});

describe('selector', () => {
  const labels = { app: 'web', 'acme.io/tier': 'front' };
  const expression = (key: string, operator: string, values?: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });

  test.each<[Json, boolean]>([
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'api' } }, false],
    [{ matchLabels: { app: 'web', other: 'x' } }, false],
    [{ matchLabels: { app: 'w*' } }, true],
    [{ matchLabels: { '*/tier': 'f????' } }, true],
    [{ matchLabels: { '*/tier': 'back*' } }, false],
    [{ matchLabels: { absent: '*' } }, false],
    [expression('app', 'In', ['web', 'api']), true],
    [expression('app', 'In', ['api']), false],
    [expression('absent', 'In', ['api']), false],
    [expression('app', 'NotIn', ['api']), true],
    [expression('absent', 'NotIn', ['api']), true],
    [expression('app', 'NotIn', ['web']), false],
    [expression('app', 'Exists'), true],
    [expression('absent', 'Exists'), false],
    [expression('absent', 'DoesNotExist'), true],
    [expression('app', 'DoesNotExist'), false],
    [{ matchLabels: { app: 'web' }, ...expression('app', 'In', ['api']) }, false],
  ])('%j: %s', (selector, expected) => {
    expect(applies(pods({ selector }), pod({ labels }))).toBe(expected);
  });

  test('labels are own properties alone', () => {
    expect(applies(pods({ selector: expression('constructor', 'Exists') }), pod({ labels }))).toBe(false);
  });
});

describe('operations', () => {
  test.each<[Subject['operation'], boolean]>([
    ['CREATE', true],
    ['UPDATE', true],
    ['DELETE', false],
    ['CONNECT', false],
  ])('%s without a filter: %s', (operation, expected) => expect(applies(pods(), pod({ operation }))).toBe(expected));

  test('a filter narrows them and never widens them', () => {
    expect(applies(pods({ operations: ['CREATE'] }), pod())).toBe(true);
    expect(applies(pods({ operations: ['CREATE'] }), pod({ operation: 'UPDATE' }))).toBe(false);
    expect(applies(pods({ operations: ['DELETE'] }), pod({ operation: 'DELETE' }))).toBe(false);
  });
});

describe('any, all and the older form', () => {
  const shop = { resources: { kinds: ['Pod'], namespaces: ['shop'] } };
  const web = { resources: { kinds: ['Pod'], names: ['web'] } };

  test('match', () => {
    expect(applies({ any: [shop, web] }, pod({ namespace: 'x' }))).toBe(true);
    expect(applies({ any: [shop, web] }, pod({ namespace: 'x', name: 'y' }))).toBe(false);
    expect(applies({ all: [shop, web] }, pod())).toBe(true);
    expect(applies({ all: [shop, web] }, pod({ namespace: 'x' }))).toBe(false);
    expect(applies(shop, pod())).toBe(true);
    expect(applies(shop, pod({ namespace: 'x' }))).toBe(false);
  });

  test('exclude takes away from what matches', () => {
    const inX = pod({ namespace: 'x' });
    const [excludesX, excludesWeb] = [{ resources: { namespaces: ['x'] } }, { resources: { names: ['web'] } }];
    expect(applies(pods(), inX, { any: [excludesX] })).toBe(false);
    expect(applies(pods(), pod(), { any: [excludesX] })).toBe(true);
    expect(applies(pods(), pod({ namespace: 'x', name: 'y' }), { any: [excludesX, excludesWeb] })).toBe(false);
    expect(applies(pods(), pod({ namespace: 'x', name: 'y' }), { all: [excludesX, excludesWeb] })).toBe(true);
    expect(applies(pods(), inX, { all: [excludesX, excludesWeb] })).toBe(false);
    expect(applies(pods(), inX, excludesX)).toBe(false);
  });

  test('an exclude that asks nothing excludes nothing', () => {
    for (const exclude of [
      {},
      { any: [] },
      { any: [{}] },
      { any: [{ resources: {} }] },
      { all: [{}] },
      { resources: {} },
    ]) {
      expect(applies(pods(), pod(), exclude)).toBe(true);
    }
    expect(applies(pods(), pod({ namespace: 'x' }), { all: [{ resources: { namespaces: ['x'] } }, {}] })).toBe(true);
  });
});

test('a namespaced Policy is about its own namespace alone', () => {
  const policy = clusterPolicy({}, { kind: 'Policy', metadata: { name: 'a', namespace: 'shop' } });
  const [written] = load(policy).rules;
  if (written === undefined) throw new Error('no rule');
  expect(ruleApplies(written, pod())).toBe(true);
  expect(ruleApplies(written, pod({ namespace: 'other' }))).toBe(false);
});

test('the rule that auto-gen makes is about the controller, not the Pod', () => {
  const [written, made, cron] = load(clusterPolicy()).rules;
  if (written === undefined || made === undefined || cron === undefined) throw new Error('rules are missing');
  const subjects = [pod(), deployment(), deployment({ group: 'batch', kind: 'CronJob' })];
  expect(subjects.map((subject) => ruleApplies(written, subject))).toEqual([true, false, false]);
  expect(subjects.map((subject) => ruleApplies(made, subject))).toEqual([false, true, false]);
  expect(subjects.map((subject) => ruleApplies(cron, subject))).toEqual([false, false, true]);
});

describe('who makes the request', () => {
  const by = (username: string, ...groups: string[]) => pod({ user: { username, groups } });
  const subjects = (...list: Json[]) => ({ any: [{ resources: { kinds: ['Pod'] }, subjects: list }] });
  const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', name, namespace });

  test.each<[string, Json, Subject, boolean]>([
    ['a user', { kind: 'User', name: 'jane' }, by('jane'), true],
    ['another user', { kind: 'User', name: 'jane' }, by('janet'), false],
    ['a user by wildcard', { kind: 'User', name: 'jane@*.example.com' }, by('jane@a.example.com'), true],
    ['a user is no group', { kind: 'User', name: 'admins' }, by('jane', 'admins'), false],
    ['a group', { kind: 'Group', name: 'admins' }, by('jane', 'dev', 'admins'), true],
    ['no such group', { kind: 'Group', name: 'admins' }, by('admins', 'dev'), false],
    ['a group by wildcard', { kind: 'Group', name: 'team-?' }, by('jane', 'team-a'), true],
    ['a service account', account('ci', 'bot'), by('system:serviceaccount:ci:bot'), true],
    ['one of another namespace', account('ci', 'bot'), by('system:serviceaccount:shop:bot'), false],
    ['service accounts of a namespace', account('ci', '*'), by('system:serviceaccount:ci:other'), true],
    ['service accounts of namespaces', account('ci-*', 'bot'), by('system:serviceaccount:ci-a:bot'), true],
    [
      'a service account by its user name',
      { kind: 'User', name: 'system:serviceaccount:ci:*' },
      by('system:serviceaccount:ci:bot'),
      true,
    ],
  ])('%s', (_, subject, about, expected) => {
    expect(applies(subjects(subject), about)).toBe(expected);
    expect(applies(kind('Pod'), about, { any: [{ subjects: [subject] }] })).toBe(!expected);
  });

  test('any of them, and all that a block asks beside them', () => {
    const match = subjects({ kind: 'User', name: 'a' }, { kind: 'Group', name: 'b' });
    expect([by('a'), by('x', 'b'), by('x')].map((subject) => applies(match, subject))).toEqual([true, true, false]);
    expect(applies(match, deployment({ user: { username: 'a', groups: [] } }))).toBe(false);
    const excluded = { any: [{ resources: { namespaces: ['ci'] }, subjects: [{ kind: 'User', name: 'a' }] }] };
    expect(applies(kind('Pod'), pod({ namespace: 'ci', user: { username: 'a', groups: [] } }), excluded)).toBe(false);
    expect(applies(kind('Pod'), pod({ namespace: 'shop', user: { username: 'a', groups: [] } }), excluded)).toBe(true);
    expect(applies(kind('Pod'), pod({ namespace: 'ci' }), excluded)).toBe(true);
  });
});

describe('labels of the namespace', () => {
  const selecting = (resources: Json = {}) => ({
    any: [{ resources: { kinds: ['Pod'], namespaceSelector: { matchLabels: { tier: 'prod' } }, ...resources } }],
  });
  const labelled = (namespaceLabels: Record<string, string> | undefined) => pod({ namespaceLabels });

  test.each<[Record<string, string> | undefined, boolean, boolean]>([
    [{ tier: 'prod' }, true, false],
    [{ tier: 'dev' }, false, true],
    [{}, false, true],
    // Nobody tells them: the rule is about the object, whichever they are.
    [undefined, true, true],
  ])('%j', (labels, matched, left) => {
    expect(applies(selecting(), labelled(labels))).toBe(matched);
    expect(
      applies(kind('Pod'), labelled(labels), {
        any: [{ resources: { namespaceSelector: { matchLabels: { tier: 'prod' } } } }],
      }),
    ).toBe(left);
  });

  test('beside what else a block asks', () => {
    expect(applies(selecting({ names: ['other'] }), labelled({ tier: 'prod' }))).toBe(false);
  });
});
