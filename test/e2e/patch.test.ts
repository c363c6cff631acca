import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { parseReference } from '../../shared/image/reference.ts';
import { openWorld, type PolicyParts, pod, policy, review, type World } from './harness.ts';
import { applyPatch } from './json-patch.ts';

const flat = 'kyverno.io/verify-images';
const scoped = 'kyverno.io/verify-images-scoped';

let world: World;
let host: string;
const digests = new Map<string, Digest>();

beforeAll(async () => {
  world = await openWorld();
  host = world.registry.host;
  for (const name of ['app', 'init', 'debug', 'data', 'unsigned']) {
    const repository = `patch/${name}`;
    const digest = await makeImage(world.destination, repository, '1', { label: name });
    world.registry.store.tag(repository, 'latest', digest);
    if (name !== 'unsigned') await sign(world.destination, { repository, digest, key: world.team });
    digests.set(name, digest);
  }
});
beforeEach(() => world.policies(rule()));
afterAll(() => world.close());

function rule(parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${host}/patch/*`, keys: [world.team], ...parts });
}

const image = (name: string, tag = '1') => `${host}/patch/${name}:${tag}`;
const pinned = (name: string, tag = '1') => `${image(name, tag)}@${digests.get(name)}`;
const byDigest = (name: string) => `${host}/patch/${name}@${digests.get(name)}`;

/** A pod spec with an image in each of the four places. */
function spec(text: (name: string) => string) {
  return {
    containers: [
      { name: 'app', image: text('app') },
      { name: 'again', image: text('app') },
    ],
    initContainers: [{ name: 'init', image: text('init') }],
    ephemeralContainers: [{ name: 'debug', image: text('debug') }],
    volumes: [
      { name: 'empty', emptyDir: {} },
      { name: 'data', image: { reference: text('data'), pullPolicy: 'Always' } },
    ],
  };
}

const template = (text: (name: string) => string) => ({ template: { spec: spec(text) } });
const kinds = [
  { apiVersion: 'v1', kind: 'Pod', rule: 'check', spec },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', rule: 'autogen-check', spec: template },
  { apiVersion: 'apps/v1', kind: 'Deployment', rule: 'autogen-check', spec: template },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', rule: 'autogen-check', spec: template },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', rule: 'autogen-check', spec: template },
  { apiVersion: 'batch/v1', kind: 'Job', rule: 'autogen-check', spec: template },
  { apiVersion: 'v1', kind: 'ReplicationController', rule: 'autogen-check', spec: template },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    rule: 'autogen-cronjob-check',
    spec: (text: (name: string) => string) => ({ schedule: '* * * * *', jobTemplate: { spec: template(text) } }),
  },
];

describe.each(kinds)('$kind', ({ apiVersion, kind, rule: ruleName, spec }) => {
  const object = (text: (name: string) => string, annotations?: Readonly<Record<string, string>>) => ({
    apiVersion,
    kind,
    metadata: { name: 'web', namespace: 'default', ...(annotations === undefined ? {} : { annotations }) },
    spec: spec(text),
  });

  test('every place that names an image is pinned to repo:tag@digest, and nothing else changes', async () => {
    const before = object(image);
    const answer = await world.send('/mutate', review(before));
    const after = applyPatch(before, answer);
    const proofs = { [flat]: expect.any(String), [scoped]: expect.any(String) };
    expect(after).toEqual({ ...object(pinned), metadata: { ...before.metadata, annotations: proofs } });
  });

  test('a second call has nothing to patch, and validate is content', async () => {
    const once = applyPatch(object(image), await world.send('/mutate', review(object(image))));
    const again = await world.send('/mutate', review(once));
    expect(again).toMatchObject({ allowed: true, patch: [] });
    expect(again.body).not.toContain('"patchType"');
    expect(await world.send('/validate', review(once))).toMatchObject({ allowed: true, patch: [] });
  });

  test('the proof names policy and rule, and each image by its digest', async () => {
    const after = applyPatch(object(image), await world.send('/mutate', review(object(image))));
    const annotations = (after.metadata as { annotations?: Record<string, string> }).annotations ?? {};
    const images = Object.fromEntries(['app', 'init', 'debug', 'data'].map((name) => [byDigest(name), 'pass']));
    expect(JSON.parse(annotations[flat] ?? '')).toEqual(images);
    expect(JSON.parse(annotations[scoped] ?? '')).toEqual({
      version: 1,
      policies: { '/signed': { [ruleName]: images } },
    });
  });

  test('one unsigned image denies the whole object, and nothing is patched', async () => {
    const before = object((name) => (name === 'data' ? image('unsigned') : image(name)));
    const answer = await world.send('/mutate', review(before));
    expect(answer).toMatchObject({ allowed: false, code: 403, patch: [] });
    expect(answer.message).toContain(`policy signed, rule ${ruleName}: failed to verify image ${image('unsigned')}`);
  });
});

describe('annotations', () => {
  const patchedFrom = async (metadata: object) => {
    const before = { ...pod([image('app')]), metadata };
    return applyPatch(before, await world.send('/mutate', review(before))).metadata as Record<string, unknown>;
  };
  const proofs = () => ({ [flat]: expect.stringContaining('pass'), [scoped]: expect.stringContaining('pass') });

  test.each([
    ['absent', {}],
    ['null', { annotations: null }],
    ['empty', { annotations: {} }],
  ])('%s', async (_, more) => {
    expect(await patchedFrom({ name: 'web', ...more })).toEqual({ name: 'web', annotations: proofs() });
  });

  test('others stay as they are, with `/`, `~`, and names of prototypes in theirs', async () => {
    const annotations = JSON.parse(
      '{"a/b~c":"1","~1":"2","kyverno.io~1verify-images":"3","constructor":"4","__proto__":"5"}',
    );
    const after = await patchedFrom({ name: 'web', annotations });
    expect(JSON.stringify(after['annotations'])).toContain('"__proto__":"5"');
    expect(Object.entries(after['annotations'] ?? {})).toEqual(
      expect.arrayContaining([...Object.entries(annotations), [flat, expect.anything()], [scoped, expect.anything()]]),
    );
  });

  test('a proof that someone wrote is replaced', async () => {
    const forged = { [flat]: JSON.stringify({ [byDigest('app')]: 'skip' }), [scoped]: 'nonsense' };
    expect((await patchedFrom({ name: 'web', annotations: forged }))['annotations']).toEqual(proofs());
  });

  test('the object has no metadata at all', async () => {
    const before = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'app', image: image('app') }] } };
    const after = applyPatch(before, await world.send('/mutate', review(before)));
    expect(after).toMatchObject({ metadata: { annotations: proofs() } });
  });

  test('without a rule about it nothing is written', async () => {
    const answer = await world.send('/mutate', review(pod([`${host}/elsewhere/app:1`])));
    expect(answer).toMatchObject({ allowed: true, patch: [] });
  });

  test('none is written through a subresource, where the API server would drop it; the image is pinned', async () => {
    const debugged = { ...pod([]), spec: { ephemeralContainers: [{ name: 'debug', image: image('debug') }] } };
    const request = review(debugged, pod([]), { operation: 'UPDATE', subResource: 'ephemeralcontainers' });
    const answer = await world.send('/mutate', request);
    expect(answer.patch).toEqual([
      { op: 'replace', path: '/spec/ephemeralContainers/0/image', value: pinned('debug') },
    ]);
  });

  test('skipped images stand in the proof of a review that verified something, those of an audited failure as fail', async () => {
    world.policies(
      rule({ entry: [`skipImageReferences: ["${host}/patch/unsigned*"]`] }),
      rule({ name: 'soft', action: 'Audit' }),
    );
    const before = pod([image('app'), byDigest('unsigned')]);
    const after = applyPatch(before, await world.send('/mutate', review(before)));
    const annotations = (after.metadata as { annotations?: Record<string, string> }).annotations ?? {};
    expect(JSON.parse(annotations[scoped] ?? '').policies).toEqual({
      '/signed': { check: { [byDigest('app')]: 'pass', [byDigest('unsigned')]: 'skip' } },
      '/soft': { check: { [byDigest('app')]: 'pass', [byDigest('unsigned')]: 'fail' } },
    });
    expect(JSON.parse(annotations[flat] ?? '')).toEqual({ [byDigest('app')]: 'pass', [byDigest('unsigned')]: 'fail' });
  });

  test('a namespaced Policy is named by its namespace', async () => {
    world.policies(
      rule()
        .replace('kind: ClusterPolicy', 'kind: Policy')
        .replace('name: signed', 'name: signed\n  namespace: default'),
    );
    const after = await patchedFrom({ name: 'web' });
    expect(after['annotations']).toMatchObject({ [scoped]: expect.stringContaining('{"default/signed":{"check":') });
  });
});

describe('what is pinned', () => {
  const pinOf = async (text: string) => {
    const answer = await world.send('/mutate', review(pod([text])));
    expect(answer.allowed).toBe(true);
    return answer.patch.find(({ path }) => path === '/spec/containers/0/image')?.value;
  };

  test('a text without tag or digest means latest, and says so', async () => {
    expect(await pinOf(`${host}/patch/app`)).toBe(pinned('app', 'latest'));
  });

  test('a text with a digest stays as it is', async () => {
    expect(await pinOf(pinned('app'))).toBeUndefined();
    expect(await pinOf(byDigest('app'))).toBeUndefined();
  });

  test('what was written parses to the same image and the digest that was verified', async () => {
    const value = String(await pinOf(image('app')));
    expect(parseReference(value)).toEqual({
      reference: {
        repository: { registry: host, path: 'patch/app' },
        tag: '1',
        digest: digests.get('app'),
      },
    });
  });

  test('two policies about one slot write it once', async () => {
    world.policies(rule(), rule({ name: 'second' }));
    const { patch } = await world.send('/mutate', review(pod([image('app')])));
    expect(patch.filter(({ op }) => op === 'replace')).toHaveLength(1);
  });

  test('a tag that moves between two reviews is pinned to what was verified then', async () => {
    const { store } = world.registry;
    const second = await makeImage(world.destination, 'patch/moving', undefined, { label: 'second' });
    const first = await makeImage(world.destination, 'patch/moving', '1', { label: 'first' });
    for (const digest of [first, second]) {
      await sign(world.destination, { repository: 'patch/moving', digest, key: world.team });
    }
    expect(await pinOf(image('moving'))).toBe(`${image('moving')}@${first}`);
    store.tag('patch/moving', '1', second);
    world.now += 31_000;
    expect(await pinOf(image('moving'))).toBe(`${image('moving')}@${second}`);
  });

  test('mutateDigest: false verifies and leaves the text; validate then misses the digest unless verifyDigest is off', async () => {
    world.policies(rule({ entry: ['mutateDigest: false'] }));
    expect(await pinOf(image('app'))).toBeUndefined();
    expect(await world.send('/mutate', review(pod([image('unsigned')])))).toMatchObject({ code: 403 });
    expect((await world.send('/validate', review(pod([image('app')])))).message).toContain('digest-missing');
    world.policies(rule({ entry: ['mutateDigest: false', 'verifyDigest: false'] }));
    expect(await world.send('/validate', review(pod([image('app')])))).toMatchObject({ allowed: true });
  });

  test('an entry without attestors pins whatever the tag names, and proves nothing', async () => {
    world.policies(rule({ keys: [], entry: ['required: false'] }));
    const { patch } = await world.send('/mutate', review(pod([image('unsigned')])));
    expect(patch).toEqual([{ op: 'replace', path: '/spec/containers/0/image', value: pinned('unsigned') }]);
    expect(await world.send('/validate', review(pod([pinned('unsigned')])))).toMatchObject({ allowed: true });
  });

  test('and when it is required it denies on validate, since nothing could verify the image', async () => {
    world.policies(rule({ keys: [] }));
    expect(await world.send('/validate', review(pod([pinned('unsigned')])))).toMatchObject({
      code: 403,
      message: expect.stringMatching(/: unverified image \S+\n {2}denied \(no-attestors\): /),
    });
  });

  test('a rule that audits leaves a failing image alone, and pins a good one where it may', async () => {
    world.policies(rule());
    const at = (name: string) => world.send('/prod/mutate/audit', review(pod([image(name)])));
    expect(await at('unsigned')).toMatchObject({ allowed: true, patch: [], warnings: [expect.anything()] });
    expect((await at('app')).patch[0]).toEqual({
      op: 'replace',
      path: '/spec/containers/0/image',
      value: pinned('app'),
    });
  });

  test('beside an image that fails without blocking the good one is pinned', async () => {
    world.policies(rule());
    const { patch } = await world.send('/prod/mutate/audit', review(pod([image('unsigned'), image('app')])));
    expect(patch.filter(({ op }) => op === 'replace')).toEqual([
      { op: 'replace', path: '/spec/containers/1/image', value: pinned('app') },
    ]);
  });

  test('an image that one entry verifies and another denies is not pinned', async () => {
    world.policies(rule(), rule({ name: 'stranger', keys: [world.stranger] }));
    const blocked = await world.send('/mutate', review(pod([image('app')])));
    expect(blocked).toMatchObject({ allowed: false, patch: [] });
  });

  test('validate patches nothing, whatever the rule asks', async () => {
    world.policies(rule({ entry: ['verifyDigest: false'] }));
    const answer = await world.send('/validate', review(pod([image('app')])));
    expect(answer).toMatchObject({ allowed: true, patch: [] });
    expect(answer.body).not.toContain('"patchType"');
  });
});
