import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, type PodParts, pod, review, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;
const purposes = ['mutate', 'validate'] as const;

let world: World;
/** By digest, so that both calls ask for the signature alone. */
let signed: string;
let unsigned: string;

beforeAll(async () => {
  world = await openWorld();
  const { destination, team: key, registry } = world;
  const pinned = await Promise.all(
    ['exc/signed', 'exc/unsigned'].map(async (repository) => {
      const digest = await makeImage(destination, repository, '1', { label: repository });
      if (repository === 'exc/signed') await sign(destination, { repository, digest, key });
      return `${registry.host}/${repository}:1@${digest}`;
    }),
  );
  [signed = '', unsigned = ''] = pinned;
});
beforeEach(() => {
  world.registry.settings.intercept = undefined;
  world.registry.requests.length = 0;
  // Nothing that an earlier test verified is remembered.
  world.now += 2 * 3_600_000;
});
afterAll(() => world.close());

/** A policy of one rule, `check`, about every image of the registry. */
function policyOf(rule: Json = {}, spec: Json = {}): string {
  return JSON.stringify({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'signed' },
    spec: {
      validationFailureAction: 'Enforce',
      rules: [
        {
          name: 'check',
          match: { any: [{ resources: { kinds: ['Pod'] } }] },
          verifyImages: [
            { imageReferences: [`${world.registry.host}/*`], attestors: [{ entries: [byKey(world.team)] }] },
          ],
          ...rule,
        },
      ],
      ...spec,
    },
  });
}

const legacy = { any: [{ resources: { kinds: ['Pod'], selector: { matchLabels: { legacy: 'true' } } } }] };

/** An exception from all rules of the policy, for Pods with the label `legacy`. */
function exceptionOf(spec: Json = {}, metadata: Json = { name: 'legacy', namespace: 'team' }): string {
  return JSON.stringify({
    apiVersion: 'kyverno.io/v2',
    kind: 'PolicyException',
    metadata,
    spec: { match: legacy, exceptions: [{ policyName: 'signed', ruleNames: ['*'] }], ...spec },
  });
}

const old = (parts: PodParts = {}) => ({ labels: { legacy: 'true' }, ...parts });
const last = () => world.records.at(-1);
const lastReasons = () => last()?.images.map(({ reason }) => reason);

describe.each(purposes)('%s of an object that an exception is about', (purpose) => {
  const ask = (object: unknown, before?: unknown, more: Json = {}) =>
    world.send(`/${purpose}`, review(object, before, more));

  test('each image is skipped, nothing is fetched for it, and the exception is named; another object is denied', async () => {
    world.policies(policyOf(), exceptionOf());
    const tagged = unsigned.replace(/@.*/, '');
    const answer = await ask(pod([unsigned, tagged], old()));
    expect(answer).toMatchObject({ allowed: true, warnings: [], patch: [] });
    expect(world.registry.requests).toEqual([]);
    expect(last()?.images).toEqual(
      [unsigned, tagged].map((image) => ({
        image,
        policy: 'signed',
        rule: 'check',
        result: 'skip',
        reason: 'policy-exception',
        signers: [],
        source: 'none',
        exceptions: ['team/legacy'],
      })),
    );
    expect(answer.body).toContain('auditAnnotations');
    expect(answer.body).toContain('team/legacy');
    expect(await ask(pod([unsigned]))).toMatchObject({ allowed: false, code: 403 });
    expect(last()?.images[0]).not.toHaveProperty('exceptions');
  });

  test('where the registry is down, such an object is admitted and the others are not', async () => {
    world.policies(policyOf(), exceptionOf());
    world.registry.settings.intercept = on({}, { kind: 'status', status: 503 });
    expect(await ask(pod([signed], old()))).toMatchObject({ allowed: true, warnings: [] });
    expect(await ask(pod([signed]))).toMatchObject({ allowed: false, code: 503 });
  });

  test('all that hold are named, and from one rule only those that name it', async () => {
    const named = (name: string, ruleNames: readonly string[]) =>
      exceptionOf({ exceptions: [{ policyName: 'signed', ruleNames }] }, { name });
    world.policies(policyOf(), named('a', ['check']), named('b', ['other']), named('c', ['ch*']));
    await ask(pod([unsigned], old()));
    expect(last()?.images[0]?.exceptions).toEqual(['a', 'c']);
    world.policies(policyOf(), named('b', ['other', 'autogen-check']));
    expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: false });
  });

  test('conditions must hold as well; one that has no value does not', async () => {
    const where = (key: string, value: unknown) =>
      world.policies(policyOf(), exceptionOf({ conditions: { all: [{ key, operator: 'Equals', value }] } }));
    where('{{ request.object.metadata.labels.ticket }}', 'SEC-7');
    expect(await ask(pod([unsigned], { labels: { legacy: 'true', ticket: 'SEC-7' } }))).toMatchObject({
      allowed: true,
    });
    expect(await ask(pod([unsigned], { labels: { legacy: 'true', ticket: 'SEC-8' } }))).toMatchObject({ code: 403 });
    // No such label.
    expect(await ask(pod([unsigned], old()))).toMatchObject({ code: 403 });
    expect(await ask(pod([signed], old()))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['verified']);
    where("{{ request.object.metadata.labels.ticket || '' }}", '');
    expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: true });
  });

  test("conditions see the rule's context", async () => {
    const context = [{ name: 'allowed', variable: { value: ['web'] } }];
    const conditions = { any: [{ key: '{{ request.name }}', operator: 'AnyIn', value: '{{ allowed }}' }] };
    world.policies(policyOf({ context }), exceptionOf({ conditions }));
    expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: true });
    expect(await ask(pod([unsigned], old({ name: 'other' })))).toMatchObject({ code: 403 });
  });

  test('preconditions come first: where they cannot be evaluated, no exception helps', async () => {
    const asking = (key: string) => ({ preconditions: { all: [{ key, operator: 'Equals', value: 'a' }] } });
    world.policies(policyOf(asking('{{ request.object.metadata.labels.tier }}')), exceptionOf());
    expect(await ask(pod([unsigned], old()))).toMatchObject({ code: 403 });
    expect(lastReasons()).toEqual(['variable-unresolved']);
    expect(await ask(pod([unsigned], { labels: { legacy: 'true', tier: 'a' } }))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['policy-exception']);
    await ask(pod([unsigned], { labels: { legacy: 'true', tier: 'b' } }));
    expect(lastReasons()).toEqual(['preconditions-unmet']);
  });

  test('variables that have no value are not asked for then', async () => {
    const attestors = [{ entries: [byKey('{{ request.object.metadata.annotations.key }}')] }];
    const verifyImages = [{ imageReferences: [`${world.registry.host}/*`], attestors }];
    world.policies(policyOf({ verifyImages }), exceptionOf());
    expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: true });
    expect(await ask(pod([unsigned]))).toMatchObject({ code: 403 });
    expect(lastReasons()).toEqual(['variable-unresolved']);
  });

  test('by who asks', async () => {
    const subjects = [{ kind: 'ServiceAccount', namespace: 'ci', name: 'migrator' }];
    const match = { any: [{ resources: { kinds: ['Pod'] }, subjects }] };
    world.policies(policyOf(), exceptionOf({ match, background: false }));
    const by = (username: string) => ask(pod([unsigned]), undefined, { userInfo: { username, groups: [] } });
    expect(await by('system:serviceaccount:ci:migrator')).toMatchObject({ allowed: true });
    expect(await by('migrator')).toMatchObject({ code: 403 });
  });

  test('an image that is no image reference stays one', async () => {
    world.policies(policyOf(), exceptionOf());
    expect(await ask(pod(['Not An Image'], old()))).toMatchObject({ code: 403 });
    expect(lastReasons()).toEqual(['image-unparsable']);
  });

  describe('on an UPDATE that leaves the images as they were', () => {
    const update = (now: PodParts, before: PodParts, image = unsigned) =>
      ask(pod([image], now), pod([image], before), { operation: 'UPDATE' });

    test('an image that an exception let by is looked at where it no longer is about the object', async () => {
      world.policies(policyOf(), exceptionOf());
      expect(await update({}, old())).toMatchObject({ allowed: false, code: 403 });
      expect(await update({}, old(), signed)).toMatchObject({ allowed: true });
      expect(lastReasons()).toEqual(['verified']);
      // Neither was it about the object before, nor is it now.
      expect(await update({}, {})).toMatchObject({ allowed: true });
      expect(lastReasons()).toEqual(['unchanged']);
    });

    test('one that is about both lets them by, whatever the state of the registry', async () => {
      world.policies(policyOf(), exceptionOf());
      world.registry.settings.intercept = on({}, { kind: 'status', status: 503 });
      expect(await update(old({ annotations: { a: 'b' } }), old())).toMatchObject({ allowed: true });
      expect(lastReasons()).toEqual(['policy-exception']);
    });

    test.each(['Fail', 'Ignore'])(
      'one that has ended meanwhile leaves what is there: failurePolicy %s',
      async (failurePolicy) => {
        const key = "{{ time_before(time_now_utc(), '2027-07-01T00:00:00Z') }}";
        const until = exceptionOf({ conditions: { all: [{ key, operator: 'Equals', value: true }] } });
        world.policies(policyOf({}, { failurePolicy }), until);
        const since = world.now;
        expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: true });
        world.now = Date.parse('2027-08-01T00:00:00Z');
        expect(await ask(pod([unsigned], old()))).toMatchObject({ allowed: false, code: 403 });
        expect(await update(old({ annotations: { a: 'b' } }), old())).toMatchObject({ allowed: true });
        expect(lastReasons()).toEqual(['unchanged']);
        world.policies(policyOf({}, { failurePolicy }));
        expect(await update(old({ annotations: { a: 'b' } }), old())).toMatchObject({ allowed: true });
        world.now = since;
      },
    );

    test('an object that was being deleted keeps its images all the same', async () => {
      world.policies(policyOf(), exceptionOf());
      const deletionTimestamp = '2026-01-01T00:00:00Z';
      expect(await update({ deletionTimestamp }, old({ deletionTimestamp }))).toMatchObject({ allowed: true });
      expect(lastReasons()).toEqual(['unchanged']);
    });
  });
});

describe('what an author can bring about', () => {
  test('an exception in the object, or sent as an object, is none', async () => {
    world.policies(policyOf());
    const claiming = { 'policies.kyverno.io/exception': 'team/legacy' };
    expect(await world.send('/mutate', review(pod([unsigned], { annotations: claiming })))).toMatchObject({
      code: 403,
    });
    expect(await world.send('/mutate', review(JSON.parse(exceptionOf())))).toMatchObject({ allowed: true });
    expect(await world.send('/mutate', review(pod([unsigned], old())))).toMatchObject({ code: 403 });
  });

  test('a generated name lets an exception by name hold where every name would', async () => {
    const match = { any: [{ resources: { kinds: ['Pod'], names: ['legacy-7*'] } }] };
    world.policies(policyOf(), exceptionOf({ match }));
    const generated = (generateName: string) => {
      const object = pod([unsigned], { generateName });
      return review({ ...object, metadata: { ...object.metadata, name: undefined } }, undefined, { name: '' });
    };
    expect(await world.send('/mutate', generated('legacy-'))).toMatchObject({ code: 403 });
    expect(await world.send('/mutate', generated('legacy-77'))).toMatchObject({ allowed: true });
  });

  test('many exceptions and long labels: the object is denied in time, and nobody waits for it', async () => {
    const wide = (index: number) =>
      exceptionOf(
        { match: { any: [{ resources: { kinds: ['Pod'], annotations: { [`*a*${index}*b*`]: '*x*y*z*' } } }] } },
        { name: `e${index}` },
      );
    world.policies(policyOf(), ...Array.from({ length: 300 }, (_, index) => wide(index)));
    const annotations = Object.fromEntries(
      Array.from({ length: 250 }, (_, index) => [`a${'a'.repeat(60)}${index}`, 'x'.repeat(900)]),
    );
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const answer = await world.send('/mutate', review(pod([unsigned], { annotations })));
    clearInterval(timer);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(turns).toBeGreaterThan(0);
  });
});

test('a rule that audits warns of nothing then, and a Deployment is taken out by the names of auto-gen', async () => {
  const match = { any: [{ resources: { kinds: ['Deployment'], namespaces: ['old'] } }] };
  const exceptions = [{ policyName: 'signed', ruleNames: ['autogen-check'] }];
  const deployment = (namespace: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { template: { spec: { containers: [{ name: 'a', image: unsigned }] } } },
  });
  const ask = (namespace: string) => world.send('/mutate', review(deployment(namespace)));
  world.policies(policyOf(), exceptionOf({ match, exceptions }));
  expect(await ask('old')).toMatchObject({ allowed: true, warnings: [] });
  expect(last()?.images).toMatchObject([{ rule: 'autogen-check', reason: 'policy-exception' }]);
  expect(await ask('new')).toMatchObject({ allowed: false });
  const verifyImages = [
    {
      imageReferences: [`${world.registry.host}/*`],
      mutateDigest: false,
      attestors: [{ entries: [byKey(world.team)] }],
    },
  ];
  world.policies(policyOf({ verifyImages }, { validationFailureAction: 'Audit' }), exceptionOf({ match, exceptions }));
  expect(await ask('old')).toMatchObject({ allowed: true, warnings: [] });
  expect((await ask('new')).warnings).toHaveLength(1);
});
