import { makeImage, sign } from '../../local/signer/signer.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { byKey, openWorld, pod, review, type World } from './harness.ts';

// What a rule says of namespaces' labels an API server decides, by which URL it calls: each has the rules for what it selects.

type Json = Record<string, unknown>;

let world: World;
let unsigned: string;

beforeAll(async () => {
  world = await openWorld();
  await makeImage(world.destination, 'ns/unsigned', '1', { label: 'unsigned' });
  const digest = await makeImage(world.destination, 'ns/signed', '1', { label: 'signed' });
  await sign(world.destination, { repository: 'ns/signed', digest, key: world.team });
  unsigned = `${world.registry.host}/ns/unsigned:1`;
});
afterAll(() => world.close());

interface Parts {
  readonly name?: string;
  readonly match?: Json;
  readonly exclude?: Json;
  readonly spec?: Json;
  readonly rule?: Json;
}

function policyOf({ name = 'signed', match = {}, exclude, spec = {}, rule = {} }: Parts): string {
  const verifyImages = [
    {
      imageReferences: [`${world.registry.host}/ns/*`],
      attestors: [{ entries: [byKey(world.team)] }],
      mutateDigest: false,
      verifyDigest: false,
    },
  ];
  const blocks = { any: [{ resources: { kinds: ['Pod'], ...match } }] };
  const excluded = exclude === undefined ? {} : { exclude: { any: [exclude] } };
  return JSON.stringify({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name },
    spec: {
      validationFailureAction: 'Enforce',
      ...spec,
      rules: [{ name: 'check', match: blocks, ...excluded, verifyImages, ...rule }],
    },
  });
}

const labelled = (value: string) => ({ namespaceSelector: { matchLabels: { tier: value } } });

/** The scopes of policies in which something is selected: by `tier In prod`, the end of the URL's path. */
function urls(...policies: string[]): Record<string, string> {
  world.policies(...policies);
  const files = policies.map((text, index) => ({ name: `${index}.yaml`, text }));
  const { selected } = scopesOf(loadPolicies(files));
  return Object.fromEntries(
    [...selected].map(([hash, { selection }]) => [
      selection.requirements.map(({ key, operator, values }) => `${key} ${operator} ${values}`).join(', '),
      hash,
    ]),
  );
}

const ask = (scope: string, namespace = 'shop', about: unknown = pod([unsigned], { namespace })) =>
  world.send(`/default/mutate/${scope}`, review(about));
const rulesAsked = () => world.records.at(-1)?.images.map(({ policy, rule }) => `${policy}/${rule}`) ?? [];

test("a rule of a label's namespaces is asked at their URL, and nowhere else", async () => {
  const { 'tier In prod': prod = '' } = urls(policyOf({ match: labelled('prod') }));
  expect(await ask(`fail-${prod}`)).toMatchObject({ allowed: false, code: 403 });
  for (const scope of ['fail', 'ignore', `ignore-${prod}`]) {
    expect(await ask(scope)).toMatchObject({ allowed: true, warnings: [] });
    expect(rulesAsked()).toEqual([]);
  }
});

test('two teams: a rule of the namespaces of one says nothing in those of the other', async () => {
  const one = policyOf({ name: 'one', match: labelled('one') });
  const other = policyOf({ name: 'other', match: labelled('other') });
  const found = urls(one, other);
  expect(await ask(`fail-${found['tier In one']}`)).toMatchObject({ allowed: false });
  expect(rulesAsked()).toEqual(['one/check']);
  expect(await ask(`fail-${found['tier In other']}`)).toMatchObject({ allowed: false });
  expect(rulesAsked()).toEqual(['other/check']);
  // What one team does to its policy changes nothing at the URL of the other.
  const again = urls(policyOf({ name: 'one', match: labelled('elsewhere') }), other);
  expect(again['tier In other']).toBe(found['tier In other']);
  expect(await ask(`fail-${found['tier In one']}`)).toMatchObject({ allowed: false, code: 403 });
  expect(world.records.at(-1)).toMatchObject({ refused: 'unknown-scope', images: [] });
});

test('an exclude: the rule is asked of the namespaces that it leaves', async () => {
  const found = urls(policyOf({ exclude: { resources: labelled('dev') } }));
  expect(await ask(`fail-${found['tier NotIn dev']}`)).toMatchObject({ allowed: false });
  expect(await ask('fail')).toMatchObject({ allowed: true });
});

test('an override: denied elsewhere, a warning in its namespaces', async () => {
  const overrides = [{ action: 'Audit', ...labelled('dev') }];
  const found = urls(policyOf({ spec: { validationFailureActionOverrides: overrides } }));
  expect(await ask(`fail-${found['tier NotIn dev']}`)).toMatchObject({ allowed: false });
  const audited = await ask(`ignore-${found['tier In dev']}`);
  expect([audited.allowed, audited.warnings.length]).toEqual([true, 1]);
});

test('a URL that selects what no rule does is refused, and told how to mend it', async () => {
  world.policies(policyOf({ match: labelled('prod') }));
  const answer = await ask('fail-0123456789abcdef');
  expect(answer).toMatchObject({ allowed: false, code: 403 });
  expect(answer.message).toContain('unknown-scope');
});

test('without an API server that selects, a rule is about the object: which label its namespace has nobody tells', async () => {
  urls(policyOf({ match: labelled('prod') }));
  expect(await world.send('/mutate', review(pod([unsigned])))).toMatchObject({ allowed: false });
});

test('an object of no namespace, which API servers send whatever is selected, counts as one without labels', async () => {
  const rule = { imageExtractors: { Thing: [{ path: '/spec/image' }] } };
  const match = (selector: Json) => ({ kinds: ['Thing'], namespaceSelector: selector });
  const thing = (namespace: string) => {
    const object = { apiVersion: 'x.dev/v1', kind: 'Thing', metadata: { name: 'a' }, spec: { image: unsigned } };
    return review(object, undefined, { namespace });
  };
  const send = async (selector: Json, namespace: string) => {
    const [scope] = Object.values(urls(policyOf({ match: match(selector), rule })));
    return (await world.send(`/default/mutate/fail-${scope}`, thing(namespace))).allowed;
  };
  const has = { matchLabels: { tier: 'prod' } };
  const hasNot = { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['prod'] }] };
  expect(await send(has, 'shop')).toBe(false);
  expect(await send(has, '')).toBe(true);
  expect(await send(hasNot, '')).toBe(false);
});

describe('who asks', () => {
  const by = (username: string, ...groups: string[]) =>
    world.send('/mutate', review(pod([unsigned]), undefined, { userInfo: { username, groups } }));

  test.each<[string, Json, [string, ...string[]]]>([
    ['a user', { kind: 'User', name: 'jane@*' }, ['jane@example.com', 'staff']],
    ['a group', { kind: 'Group', name: 'system:serviceaccounts:ci' }, ['x', 'system:serviceaccounts:ci']],
    [
      'a service account',
      { kind: 'ServiceAccount', name: 'bot-*', namespace: 'ci' },
      ['system:serviceaccount:ci:bot-1'],
    ],
  ])(
    '%s: a match that names it is about its requests alone, an exclude about all others',
    async (_, subject, named) => {
      const match = { match: { any: [{ resources: { kinds: ['Pod'] }, subjects: [subject] }] } };
      world.policies(policyOf({ rule: match }));
      expect((await by(...named)).allowed).toBe(false);
      expect((await by('somebody')).allowed).toBe(true);
      world.policies(policyOf({ exclude: { subjects: [subject] } }));
      expect((await by(...named)).allowed).toBe(true);
      expect((await by('somebody')).allowed).toBe(false);
    },
  );

  test('an image that somebody was let in with is asked about when others change it', async () => {
    world.policies(policyOf({ exclude: { subjects: [{ kind: 'User', name: 'admin' }] } }));
    const update = (images: string[], old: string[], username: string) =>
      world.send('/mutate', review(pod(images), pod(old), { userInfo: { username, groups: [] } }));
    const signed = unsigned.replace('unsigned', 'signed');
    expect((await update([unsigned], [signed], 'admin')).allowed).toBe(true);
    expect((await update([unsigned], [signed], 'jane')).allowed).toBe(false);
    expect((await update([unsigned], [unsigned], 'jane')).allowed).toBe(true);
  });
});
