import fc from 'fast-check';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, type PodParts, pod, policy, type Response, review, type World } from '../e2e/harness.ts';

let world: World;
let good: Digest;
let bad: Digest;
const name = 'team/app';

beforeEach(async () => {
  world = await openWorld();
  world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team] }));
  good = await makeImage(world.destination, name, 'good');
  await sign(world.destination, { repository: name, digest: good, key: world.team });
  bad = await makeImage(world.destination, name, 'bad');
});
afterEach(() => world.close());

const image = (suffix: string) => `${world.registry.host}/${name}${suffix}`;
const mutate = (object: unknown, old?: unknown, more: Readonly<Record<string, unknown>> = {}) =>
  world.send('/mutate', review(object, old, more));

function expectDenied(response: Response, reason = 'no-signature'): void {
  expect(response).toMatchObject({ allowed: false, code: 403, patch: [] });
  expect(response.message).toContain(`(${reason})`);
}

type Json = Readonly<Record<string, unknown>>;
const inTemplate = (spec: Json): Json => ({ template: { metadata: {}, spec } });
/** Each kind in each API group that it has lived in, with its pod spec wrapped as that kind has it. */
const kinds: readonly [string, string, (spec: Json) => Json, string][] = [
  ['v1', 'Pod', (spec) => spec, '/spec'],
  ['v1', 'ReplicationController', inTemplate, '/spec/template/spec'],
  ...['apps/v1', 'extensions/v1beta1'].flatMap((version) =>
    ['DaemonSet', 'Deployment', 'ReplicaSet'].map((kind): [string, string, (spec: Json) => Json, string] => [
      version,
      kind,
      inTemplate,
      '/spec/template/spec',
    ]),
  ),
  ['apps/v1', 'StatefulSet', inTemplate, '/spec/template/spec'],
  ['batch/v1', 'Job', inTemplate, '/spec/template/spec'],
  [
    'batch/v1',
    'CronJob',
    (spec) => ({ jobTemplate: { spec: inTemplate(spec) } }),
    '/spec/jobTemplate/spec/template/spec',
  ],
  [
    'batch/v1beta1',
    'CronJob',
    (spec) => ({ jobTemplate: { spec: inTemplate(spec) } }),
    '/spec/jobTemplate/spec/template/spec',
  ],
];
/** Every field of a PodSpec that makes the kubelet pull an image, as of Kubernetes 1.34. */
const fields: readonly [string, string, (reference: string) => Json][] = [
  ['containers', '/containers/1/image', (reference) => ({ name: 'b', image: reference })],
  ['initContainers', '/initContainers/1/image', (reference) => ({ name: 'b', image: reference })],
  ['ephemeralContainers', '/ephemeralContainers/1/image', (reference) => ({ name: 'b', image: reference })],
  ['volumes', '/volumes/1/image/reference', (reference) => ({ name: 'b', image: { reference } })],
];

describe('A1 (connaisseur ≤1.3.0, ≤3.1.1): an image in a field or a kind that nobody looks at', () => {
  const cases = kinds.flatMap(([version, kind, wrap, at]) =>
    fields.map(([list, jsonPointer, make]) => ({ version, kind, list, wrap, jsonPointer: at + jsonPointer, make })),
  );

  test.each(cases)(
    '$version $kind, $list: unsigned is denied, signed is pinned there',
    async ({ version, kind, list, wrap, jsonPointer, make }) => {
      const object = (reference: string) => {
        const first = { ...make(image(':good')), name: 'a' };
        const spec = { containers: [{ name: 'a', image: image(':good') }], [list]: [first, make(reference)] };
        return { apiVersion: version, kind, metadata: { name: 'x', namespace: 'default' }, spec: wrap(spec) };
      };
      expectDenied(await mutate(object(image(':bad'))));
      const { allowed, patch } = await mutate(object(image(':good')));
      expect(allowed).toBe(true);
      expect(patch).toContainEqual({ op: 'replace', path: jsonPointer, value: image(`:good@${good}`) });
    },
  );

  test('a debug container that is added to a running Pod is looked at', async () => {
    const running = pod([image(`@${good}`)]);
    const withDebug = (reference: string) => ({
      ...running,
      spec: { ...running.spec, ephemeralContainers: [{ name: 'debug', image: reference }] },
    });
    const through = { subResource: 'ephemeralcontainers' };
    expectDenied(await mutate(withDebug(image(':bad')), running, through));
    expect((await mutate(withDebug(image(':good')), running, through)).allowed).toBe(true);
  });

  test('of any Pod that can be generated, one unsigned image anywhere denies the whole', async () => {
    const count = fc.integer({ min: 0, max: 4 });
    const shape = fc.record({
      containers: fc.integer({ min: 1, max: 4 }),
      initContainers: count,
      ephemeralContainers: count,
      volumes: count,
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), async (sizes, pick) => {
        const places = Object.entries(sizes).flatMap(([list, size]) =>
          Array.from({ length: size }, (_, at) => ({ list, at })),
        );
        const chosen = places[pick % places.length];
        const make = (unsigned: boolean) => {
          const spec: Record<string, Json[]> = { volumes: [{ name: 'plain', emptyDir: {} }] };
          for (const { list, at } of places) {
            const isChosen = unsigned && chosen?.list === list && chosen.at === at;
            const reference = image(isChosen ? ':bad' : ':good');
            spec[list] ??= [];
            spec[list].push({
              name: `n${at}`,
              ...(list === 'volumes' ? { image: { reference } } : { image: reference }),
            });
          }
          return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'default' }, spec };
        };
        expectDenied(await mutate(make(true)));
        expect((await mutate(make(false))).allowed).toBe(true);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  test('fields that hold the word image and no image are let be', async () => {
    const object = pod([image(':good')]);
    const spec = {
      ...object.spec,
      imagePullSecrets: [{ name: image(':bad') }],
      containers: [
        { ...object.spec.containers[0], imagePullPolicy: 'Always', env: [{ name: 'image', value: image(':bad') }] },
      ],
      volumes: [{ name: 'disk', rbd: { image: image(':bad'), monitors: [] } }],
    };
    expect((await mutate({ ...object, spec })).allowed).toBe(true);
  });

  test('a list that is no list, and a text that is no string, are invalid rather than empty', async () => {
    for (const broken of [
      { image: image(':bad') },
      [null],
      [{ name: 'a', image: 7 }],
      [{ image: image(':bad') }],
      'x',
    ]) {
      const { spec } = pod([image(':good')]);
      expectDenied(await mutate({ ...pod([]), spec: { ...spec, initContainers: broken } }), 'object-malformed');
    }
  });
});

describe('A13 (found here): metadata that is written along with a debug container, and dropped by the API server', () => {
  test.each(['Fail', 'Ignore'] as const)('excludes nothing, failurePolicy %s', async (failurePolicy) => {
    // With `required: false` validate does not ask again.
    const exclude = {
      any: [
        { resources: { selector: { matchLabels: { tool: 'debug' } } } },
        { resources: { annotations: { tool: 'debug' } } },
        { resources: { names: ['debug-*'] } },
      ],
    };
    world.policies(
      policy({
        images: `${world.registry.host}/*`,
        keys: [world.team],
        failurePolicy,
        entry: ['required: false'],
        match: `any: [{resources: {kinds: [Pod]}}]\n      exclude: ${JSON.stringify(exclude)}`,
      }),
    );
    const through = { subResource: 'ephemeralcontainers' };
    const running = (parts: PodParts = {}) => pod([image(`@${good}`)], parts);
    const withDebug = (reference: string, parts: PodParts = {}) => {
      const object = running(parts);
      return { ...object, spec: { ...object.spec, ephemeralContainers: [{ name: 'debug', image: reference }] } };
    };
    const excluded: readonly PodParts[] = [
      { labels: { tool: 'debug' } },
      { annotations: { tool: 'debug' } },
      { name: 'debug-1' },
    ];
    for (const parts of excluded) {
      expectDenied(await mutate(withDebug(image(':bad'), parts), running(), through));
      // What stands on the Pod itself excludes, whatever the request says of it.
      expect((await mutate(withDebug(image(':bad'), parts), running(parts), through)).allowed).toBe(true);
      expect((await mutate(withDebug(image(':bad')), running(parts), through)).allowed).toBe(true);
      // Without an old object there is only what is written.
      expect((await mutate(withDebug(image(':bad'), parts), undefined, through)).allowed).toBe(true);
    }
    expectDenied(await mutate(withDebug(image(':bad')), running(), through));
    expect((await mutate(withDebug(image(':good')), running(), through)).allowed).toBe(true);
  });

  test('and takes the container out of no rule that matches by a label', async () => {
    const match = 'any: [{resources: {kinds: [Pod], selector: {matchLabels: {tier: prod}}}}]';
    world.policies(
      policy({ images: `${world.registry.host}/*`, keys: [world.team], entry: ['required: false'], match }),
    );
    const running = pod([image(`@${good}`)], { labels: { tier: 'prod' } });
    const debug = { ...running.spec, ephemeralContainers: [{ name: 'debug', image: image(':bad') }] };
    const without = { ...pod([]), spec: debug };
    expectDenied(await mutate(without, running, { subResource: 'ephemeralcontainers' }));
    expect((await mutate({ ...running, spec: debug }, pod([]), { subResource: 'ephemeralcontainers' })).allowed).toBe(
      true,
    );
    expect((await mutate(without, running)).allowed).toBe(true);
  });
});

describe('A2 CVE-2023-34091: a deletionTimestamp that the requester wrote', () => {
  const since = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const unsigned = (more: object = {}) => pod([image(':bad')], more);

  test('on an object that is created, or on the new one alone, it excuses nothing', async () => {
    expectDenied(await mutate(unsigned(since)));
    expectDenied(await mutate(unsigned(since), pod([image(':good')])));
  });

  test('an object that was being deleted already keeps its images, and gets no others', async () => {
    const finalized = { ...since, finalizers: [] };
    expect((await mutate(unsigned(finalized), unsigned(since))).allowed).toBe(true);
    expectDenied(await mutate(unsigned(since), pod([image(':good')], since)));
    expectDenied(await mutate(pod([image(':bad'), image(':bad')], since), unsigned(since)));
    expect((await mutate(pod([image(':good')], since), unsigned(since))).allowed).toBe(true);
  });
});

describe('A3 CVE-2025-46342: selectors that are dropped', () => {
  const matching = (resources: string, more = '') =>
    policy({
      images: `${world.registry.host}/*`,
      keys: [world.team],
      match: `any: [{resources: {kinds: [Pod], ${resources}}${more}}]`,
    });

  test('a namespaceSelector is asked at the URL of those that it selects alone; where nobody has evaluated it, it lets nothing by', async () => {
    world.policies(matching('namespaceSelector: {matchLabels: {env: prod}}'));
    expectDenied(await mutate(pod([image(':bad')])));
    expect((await mutate(pod([image(':good')]))).allowed).toBe(true);
    const elsewhere = await world.send('/default/mutate/fail', review(pod([image(':bad')])));
    expect([elsewhere.allowed, world.records.at(-1)?.images]).toEqual([true, []]);
    world.policies(matching('namespaceSelector: {}'));
    expectDenied(await world.send('/default/mutate/fail', review(pod([image(':bad')]))));
  });

  test('in an exclude it takes nothing away where nobody has evaluated it', async () => {
    const excluded = 'exclude: {any: [{resources: {namespaceSelector: {matchLabels: {env: dev}}}}]}';
    world.policies(matching('names: ["*"]').replace('      verifyImages:', `      ${excluded}\n      verifyImages:`));
    expectDenied(await mutate(pod([image(':bad')])));
    expect((await mutate(pod([image(':good')]))).allowed).toBe(true);
  });

  test('subjects in a match are asked, and roles, which no review tells, are refused at load', async () => {
    world.policies(matching('names: ["*"]', ', subjects: [{kind: User, name: x}]'));
    const by = (username: string) => mutate(pod([image(':bad')]), undefined, { userInfo: { username, groups: [] } });
    expectDenied(await by('x'));
    expect((await by('y')).allowed).toBe(true);
    for (const users of ['roles: [x]', 'clusterRoles: [x]']) {
      expect(() => world.policies(matching('names: ["*"]', `, ${users}`))).toThrow('cannot be known: a review names');
    }
  });
});

describe('A4 GHSA-gg4x, CVE-2024-48921: exceptions that combine, from any namespace', () => {
  const exception = (name: string, match: Json, more: Json = {}) =>
    JSON.stringify({
      apiVersion: 'kyverno.io/v2',
      kind: 'PolicyException',
      metadata: { name, namespace: 'mallory' },
      spec: { match: { any: [match] }, exceptions: [{ policyName: 'signed', ruleNames: ['check'] }], ...more },
    });
  const rule = () => policy({ images: `${world.registry.host}/*`, keys: [world.team] });

  test('one that a cluster holds, or is sent, is none: those beside the policies count', async () => {
    const everything = exception('all', { resources: { kinds: ['*'] } });
    world.policies(rule());
    expect((await mutate(JSON.parse(everything))).allowed).toBe(true);
    expectDenied(await mutate(pod([image(':bad')])));
    world.policies(rule(), everything);
    expect(await mutate(pod([image(':bad')]))).toMatchObject({ allowed: true, patch: [] });
  });

  test('each has to hold by itself: the match of one and the conditions of another are no exception', async () => {
    const never = { conditions: { all: [{ key: '{{ request.name }}', operator: 'Equals', value: 'never' }] } };
    const of = (legacy: string) => ({ resources: { kinds: ['Pod'], selector: { matchLabels: { legacy } } } });
    world.policies(rule(), exception('a', of('a'), never), exception('b', of('b')));
    expectDenied(await mutate(pod([image(':bad')], { labels: { legacy: 'a' } })));
    expect(await mutate(pod([image(':bad')], { labels: { legacy: 'b' } }))).toMatchObject({ allowed: true });
  });

  test('one that asks nothing is about nothing', async () => {
    world.policies(rule(), exception('a', {}));
    expectDenied(await mutate(pod([image(':bad')])));
  });

  test('one that cannot be read keeps the policies from loading, so widens nothing', () => {
    expect(() => world.policies(rule(), exception('a', { resources: { kindz: ['Pod'] } }))).toThrow('unknown field');
    expect(() => world.policies(rule())).not.toThrow();
  });
});

describe('A7 (connaisseur): ownerReferences that the requester wrote', () => {
  test.each(['ReplicaSet', 'CronJob', 'Anything'])(
    'a Pod that says a %s owns it is verified like any other',
    async (kind) => {
      const ownerReferences = [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'b7b0d6ac-0002', controller: true }];
      const owned = (suffix: string) => {
        const made = pod([image(suffix)]);
        return { ...made, metadata: { ...made.metadata, ownerReferences } };
      };
      expectDenied(await mutate(owned(':bad')));
      expect((await mutate(owned(':good'))).allowed).toBe(true);
    },
  );
});

describe('A15: a filter of names, asked of a generateName and then of the name that is made of it', () => {
  /** As an API server asks: mutate before there is a name, validate with the name. */
  async function created(reference: string, generateName: string, end = 'x7k2m') {
    const written = { ...pod([reference]), metadata: { namespace: 'default', generateName } };
    const mutated = await mutate(written);
    if (!mutated.allowed) return mutated;
    const image = mutated.patch.find(({ path }) => path.endsWith('/image'))?.value ?? reference;
    const named = { ...pod([String(image)]), metadata: { ...written.metadata, name: generateName.slice(0, 58) + end } };
    return world.send('/validate', review(named));
  }
  const matching = (name: string) => `any: [{resources: {kinds: [Pod], names: ["${name}"]}}]`;
  const excluding = (name: string) =>
    `any: [{resources: {kinds: [Pod]}}]\n      exclude: {any: [{resources: {kinds: [Pod], names: ["${name}"]}}]}`;

  describe.each(['Fail', 'Ignore'] as const)('under %s', (failurePolicy) => {
    const long = 'a'.repeat(60);
    test.each<[string, string, string]>([
      ['a match of a ReplicaSet’s Pods', matching('web-*-?????'), 'web-7d9f9c-'],
      ['a match of some ends', matching('web-*m'), 'web-'],
      ['a match of a prefix that is cut', matching(`${'a'.repeat(58)}?????`), long],
      ['an exclude of the generateName', excluding('maintenance'), 'maintenance'],
      ['an exclude of its end', excluding('*-canary'), 'web-canary'],
      ['an exclude of some ends', excluding('web-*z'), 'web-'],
    ])(
      '%s: unsigned is denied whatever validate asks, signed is pinned and admitted',
      async (_, match, generateName) => {
        const rule = { images: `${world.registry.host}/*`, keys: [world.team], failurePolicy, match };
        world.policies(policy(rule));
        expect(await created(image(':good'), generateName)).toMatchObject({ allowed: true });
        expectDenied(await created(image(':bad'), generateName));
        world.policies(policy({ ...rule, entry: ['required: false'] }));
        expectDenied(await created(image(`@${bad}`), generateName));
        expect(await created(image(`@${good}`), generateName)).toMatchObject({ allowed: true });
      },
    );

    test.each<[string, string, string, string]>([
      ['a match of other names', matching('api-*'), 'web-', 'api-1'],
      ['a match of a letter that is never added', matching('web-a*'), 'web-', 'web-a'],
      ['an exclude of every name', excluding('web-*'), 'web-', 'web'],
      ['an exclude of a ReplicaSet’s Pods', excluding('web-*-?????'), 'web-7d9f9c-', 'web-7d9f9c-'],
    ])('%s asks nothing of either, and of another name it does', async (_, match, generateName, name) => {
      world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team], failurePolicy, match }));
      expect(await created(image(':bad'), generateName)).toMatchObject({ allowed: true });
      expectDenied(await mutate(pod([image(':bad')], { name })));
    });
  });
});

describe('A9 (connaisseur): a pattern that matches anywhere in the name', () => {
  /** What the rule says of an image that nobody can fetch: covered or not is all that is asked. */
  async function isCovered(images: string, reference: string): Promise<boolean> {
    world.policies(policy({ images, entry: ['mutateDigest: false'] }));
    return !(await world.send('/validate', review(pod([reference])))).allowed;
  }

  test.each([
    ['docker.io/ok/*', 'docker.io/ok/x@sha256:', 'evil.test/docker.io/ok/x@sha256:'],
    ['ghcr.io/*', 'ghcr.io/a/b@sha256:', 'ghcr.io.evil.test/a/b@sha256:'],
    ['ghcr.io/acme/*', 'ghcr.io/acme/x@sha256:', 'ghcr.io/acme-evil/x@sha256:'],
    ['ghcr.io/acme/app', 'ghcr.io/acme/app@sha256:', 'ghcr.io/acme/app2@sha256:'],
    ['nginx', 'nginx@sha256:', 'evil.test/nginx@sha256:'],
    ['ghcr.io/acme/*', 'GHCR.io:443/acme/x@sha256:', 'ghcr.io:444/acme/x@sha256:'],
  ])('%s covers %s…, not %s…', async (pattern, inside, outside) => {
    const spelled = pattern === 'nginx' ? 'docker.io/library/nginx' : pattern;
    expect(await isCovered(spelled, inside + 'a'.repeat(64))).toBe(true);
    expect(await isCovered(spelled, outside + 'a'.repeat(64))).toBe(false);
  });

  test('a look-alike of what is skipped is not skipped', async () => {
    const skipping = (pattern: string) =>
      world.policies(policy({ images: '*', keys: [world.team], entry: [`skipImageReferences: ["${pattern}"]`] }));
    const lookalike = `${world.registry.host}/docker.io/ok/x`;
    await makeImage(world.destination, 'docker.io/ok/x', 'v1');
    skipping('docker.io/ok/*');
    expectDenied(await mutate(pod([`${lookalike}:v1`])));
    expect((await mutate(pod(['docker.io/ok/x:v1']))).allowed).toBe(true);
    skipping(`${world.registry.host}/docker.io/*`);
    expect((await mutate(pod([`${lookalike}:v1`]))).allowed).toBe(true);
  });

  test('a tag beside a digest does not make an image one that is skipped', async () => {
    world.policies(policy({ images: '*', keys: [world.team], entry: [`skipImageReferences: ["${image(':skip*')}"]`] }));
    expectDenied(await mutate(pod([image(`:skipped@${bad}`)])));
    expect((await mutate(pod([image(':skipped')]))).allowed).toBe(true);
  });
});
