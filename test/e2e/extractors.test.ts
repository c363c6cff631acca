import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, pod, review, type World } from './harness.ts';
import { applyPatch } from './json-patch.ts';
import { folderWith, inThisProcess } from './processes.ts';

type Json = Record<string, unknown>;

let world: World;
let signed: string;
let unsigned: string;
/** The signed image as it is pinned. */
let pinned: string;

beforeAll(async () => {
  world = await openWorld();
  const { destination, team: key, registry } = world;
  const digest = await makeImage(destination, 'x/signed', '1', { label: 'signed' });
  await sign(destination, { repository: 'x/signed', digest, key });
  await makeImage(destination, 'x/unsigned', '1', { label: 'unsigned' });
  [signed, unsigned] = [`${registry.host}/x/signed:1`, `${registry.host}/x/unsigned:1`];
  pinned = `${signed}@${digest}`;
});
afterAll(() => world.close());

/** A policy about one kind, whose images must be signed by the team. */
function policyFor(kinds: string, imageExtractors: Json, entry: Json = {}, rule: Json = {}, spec: Json = {}): string {
  const verifies = {
    imageReferences: [`${world.registry.host}/x/*`],
    attestors: [{ entries: [byKey(world.team)] }],
    ...entry,
  };
  return JSON.stringify({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'signed' },
    spec: {
      validationFailureAction: 'Enforce',
      ...spec,
      rules: [
        {
          name: 'check',
          match: { any: [{ resources: { kinds: [kinds] } }] },
          imageExtractors,
          verifyImages: [verifies],
          ...rule,
        },
      ],
    },
  });
}

const steps = [
  { path: '/spec/steps/*/image', name: 'steps', key: 'name' },
  { path: '/spec/sidecars/*/image', name: 'sidecars', key: 'name' },
];
const aboutTasks = (entry?: Json, rule?: Json, spec?: Json) =>
  policyFor('tekton.dev/v1/Task', { Task: steps }, entry, rule, spec);

const named = (images: readonly string[]) => images.map((image, index) => ({ name: `s${index}`, image }));
interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json;
  readonly spec?: Json;
}
const object = (apiVersion: string, kind: string, more: Json): Thing => ({
  apiVersion,
  kind,
  metadata: { name: 'thing', namespace: 'shop' },
  ...more,
});
const task = (images: readonly string[], more: Json = {}) =>
  object('tekton.dev/v1', 'Task', { spec: { steps: named(images) }, ...more });

const mutate = (about: unknown, old?: unknown) => world.send('/mutate', review(about, old));
const reasons = () => world.records.at(-1)?.images.map(({ reason }) => reason);

/** What mutate and validate come to, one after the other. */
async function admit<T>(about: T) {
  const first = await mutate(about);
  if (!first.allowed) return { first, object: about, allowed: false };
  const patched = applyPatch(about, first);
  const second = await world.send('/validate', review(patched));
  return { first, object: patched, allowed: second.allowed };
}

describe('a Tekton Task', () => {
  beforeEach(() => world.policies(aboutTasks()));

  test('is pinned in its steps and sidecars, and carries the proof', async () => {
    const about = task([signed, signed], { spec: { steps: named([signed, signed]), sidecars: named([signed]) } });
    const { allowed, object } = await admit(about);
    expect(allowed).toBe(true);
    expect(object.spec).toEqual({ steps: named([pinned, pinned]), sidecars: named([pinned]) });
    const { annotations } = object.metadata as { annotations?: Record<string, string> };
    expect(JSON.parse(annotations?.['kyverno.io/verify-images'] ?? '')).toEqual({
      [pinned.replace(':1@', '@')]: 'pass',
    });
  });

  test.each<[string, () => Json]>([
    ['a step', () => ({ steps: named([signed, unsigned]) })],
    ['a sidecar', () => ({ steps: named([signed]), sidecars: named([unsigned]) })],
  ])('is denied for %s that nobody has signed', async (_, spec) => {
    const { first, allowed } = await admit(task([], { spec: spec() }));
    expect(allowed).toBe(false);
    expect(first).toMatchObject({ code: 403 });
    expect(first.message).toMatch(
      /^Task shop\/thing: 1 image denied\npolicy signed, rule check: failed to verify image .*\/x\/unsigned:1@/,
    );
    expect(first.message).toContain('denied (no-signature)');
  });

  test('is asked again by validate: what mutate was not asked is not believed', async () => {
    const { spec } = (await admit(task([signed]))).object;
    expect(await world.send('/validate', review(task([], { spec })))).toMatchObject({ allowed: true });
    expect(await world.send('/validate', review(task([signed])))).toMatchObject({ allowed: false });
  });

  test('of another version, or a kind of another group, is none of the rule', async () => {
    for (const apiVersion of ['tekton.dev/v1beta1', 'example.com/v1']) {
      expect(await mutate(object(apiVersion, 'Task', { spec: { steps: named([unsigned]) } }))).toMatchObject({
        allowed: true,
        patch: [],
        warnings: [],
      });
    }
  });

  describe('that is updated', () => {
    const labelled = (about: Thing) => ({
      ...about,
      metadata: { name: 'thing', namespace: 'shop', labels: { a: 'b' } },
    });

    test('is not asked about the images that stay', async () => {
      const old = task([unsigned]);
      expect(await mutate(labelled(old), old)).toMatchObject({ allowed: true, patch: [], warnings: [] });
      expect(reasons()).toEqual(['unchanged']);
    });

    test('is asked about one that is new or in another place', async () => {
      const old = task([signed, unsigned]);
      const first = await mutate(task([unsigned, signed]), old);
      expect(first).toMatchObject({ allowed: false });
      const added = task([], { spec: { steps: named([signed, unsigned]), sidecars: named([unsigned]) } });
      expect(await mutate(added, old)).toMatchObject({ allowed: false });
    });

    test('by position where the rule has no key: what moves up is asked about', async () => {
      world.policies(policyFor('Task', { Task: [{ path: '/spec/steps/*/image' }] }));
      const old = task([signed, unsigned]);
      expect(await mutate(task([signed, unsigned], { kind: 'Task' }), old)).toMatchObject({ allowed: true });
      expect(await mutate(task([unsigned]), old)).toMatchObject({ allowed: false });
    });
  });

  describe('in which nothing is found', () => {
    const empty = { spec: { params: [] } };

    test('is admitted with a warning that names the rule and where it looked', async () => {
      const answer = await mutate(task([], empty));
      expect(answer).toMatchObject({ allowed: true, patch: [] });
      expect(answer.warnings).toEqual([
        'signed/check: (the object as a whole): no-image: ' +
          "the rule's imageExtractors find nothing at /spec/steps/*/image, /spec/sidecars/*/image",
      ]);
      expect(reasons()).toEqual(['no-image']);
    });

    test('is so too of a rule that audits', async () => {
      world.policies(aboutTasks({ mutateDigest: false }, {}, { validationFailureAction: 'Audit' }));
      expect((await mutate(task([], empty))).warnings).toHaveLength(1);
    });

    test('is no news where there is an image, or there was none before', async () => {
      expect((await mutate(task([signed]))).warnings).toEqual([]);
      expect(await mutate(task([], empty), task([], empty))).toMatchObject({ allowed: true, warnings: [] });
    });
  });

  test('of which a field has another type is denied, and the field named', async () => {
    for (const [spec, field] of [
      [{ steps: 'none' }, '"/spec/steps" must be a list or an object'],
      [{ steps: [{ name: 'a', image: 7 }] }, '"/spec/steps/0/image" must be a string'],
      [{ steps: [{ image: signed }] }, '"/spec/steps/0/name" must be a string'],
      [{ steps: [...named([signed]), ...named([signed])] }, '"/spec/steps/1/image" is a second "s0" of steps'],
      [{ steps: Array.from({ length: 10_001 }, () => ({})) }, '"/spec/steps/10000" is one of more than 10000 elements'],
    ] as const) {
      const answer = await mutate(task([], { spec }));
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain(`invalid (object-malformed): ${field}`);
    }
  });
});

describe('other kinds', () => {
  test('an Argo Rollout', async () => {
    const path = '/spec/template/spec/containers/*/image';
    world.policies(policyFor('argoproj.io/v1alpha1/Rollout', { Rollout: [{ path, key: 'name' }] }));
    const rollout = (image: string) =>
      object('argoproj.io/v1alpha1', 'Rollout', { spec: { template: { spec: { containers: named([image]) } } } });
    expect(await admit(rollout(signed))).toMatchObject({ allowed: true, object: { spec: rollout(pinned).spec } });
    expect(await admit(rollout(unsigned))).toMatchObject({ allowed: false });
  });

  test('a map of images, whatever its keys are: they are pinned where they stand', async () => {
    world.policies(policyFor('Stack', { Stack: [{ path: '/spec/images/*', value: 'ref' }] }));
    const keys = ['db', 'a/b', 'c~d', '~1', '__proto__', 'constructor', '0', ' '];
    const images = (ref: string) =>
      JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}: ${JSON.stringify({ ref })}`)}}`) as Json;
    const stack = (ref: string) => object('example.com/v1', 'Stack', { spec: { images: images(ref) } });
    const { allowed, object: after } = await admit(stack(signed));
    expect(allowed).toBe(true);
    expect(JSON.stringify(after.spec)).toBe(JSON.stringify(stack(pinned).spec));
    for (const key of keys) {
      const spec = JSON.parse(
        JSON.stringify({ images: images(signed) }).replace(
          `${JSON.stringify(key)}:{"ref":${JSON.stringify(signed)}}`,
          `${JSON.stringify(key)}:{"ref":${JSON.stringify(unsigned)}}`,
        ),
      );
      expect(await mutate(object('example.com/v1', 'Stack', { spec }))).toMatchObject({ allowed: false });
    }
  });

  test('lists in lists, as a CronWorkflow has them', async () => {
    const path = '/spec/workflowSpec/templates/*';
    world.policies(
      policyFor('CronWorkflow', {
        CronWorkflow: [{ path: `${path}/container/image` }, { path: `${path}/containerSet/containers/*/image` }],
      }),
    );
    const workflow = (...images: [string, string, string]) =>
      object('argoproj.io/v1alpha1', 'CronWorkflow', {
        spec: {
          workflowSpec: {
            templates: [
              { name: 'a', container: { image: images[0] } },
              { name: 'b', steps: [[{ template: 'a' }]] },
              { name: 'c', containerSet: { containers: [{ image: images[1] }, { image: images[2] }] } },
            ],
          },
        },
      });
    const { allowed, object: after } = await admit(workflow(signed, signed, signed));
    expect([allowed, after.spec]).toEqual([true, workflow(pinned, pinned, pinned).spec]);
    for (const at of [0, 1, 2]) {
      const images = [signed, signed, signed].with(at, unsigned) as [string, string, string];
      expect(await admit(workflow(...images))).toMatchObject({ allowed: false });
    }
  });

  test('a prefix that a jmesPath takes off: verified, and left as it is written', async () => {
    const extractors = { Thing: [{ path: '/spec/url', jmesPath: "trim_prefix(@, 'docker://')" }] };
    world.policies(policyFor('Thing', extractors, { mutateDigest: false, verifyDigest: false }));
    const thing = (url: string) => object('example.com/v1', 'Thing', { spec: { url } });
    const good = await admit(thing(`docker://${signed}`));
    expect([good.allowed, good.object.spec]).toEqual([true, { url: `docker://${signed}` }]);
    expect(await admit(thing(`docker://${unsigned}`))).toMatchObject({ allowed: false });
  });

  test('a path of 64 steps, and an object that is deeper', async () => {
    const names = Array.from({ length: 63 }, () => 'a');
    world.policies(policyFor('Deep', { Deep: [{ path: `/${names.join('/')}/image` }] }));
    const deep = (inner: Json) => names.reduceRight<Json>((value, name) => ({ [name]: value }), inner);
    expect(await mutate({ ...object('x.dev/v1', 'Deep', {}), ...deep({ image: signed }) })).toMatchObject({
      allowed: true,
    });
    expect(await mutate({ ...object('x.dev/v1', 'Deep', {}), ...deep({ image: unsigned }) })).toMatchObject({
      allowed: false,
    });
  });

  test('what is in no namespace', async () => {
    world.policies(policyFor('Thing', { Thing: [{ path: '/spec/image' }] }));
    const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec: { image: unsigned } };
    const answer = await world.send('/default/mutate/fail', review(thing, undefined, { namespace: '' }));
    expect(answer.message).toContain('Thing a: 1 image denied');
  });
});

describe('a Pod', () => {
  test('is looked at where the rule says, and there alone', async () => {
    const path = '/metadata/annotations/image';
    world.policies(policyFor('Pod', { Pod: [{ path }] }));
    const about = (image: string) => pod([unsigned], { annotations: { image } });
    expect(await mutate(about(signed))).toMatchObject({ allowed: true });
    expect(await mutate(about(unsigned))).toMatchObject({ allowed: false });
  });

  test('of another rule is looked at as ever', async () => {
    const other = aboutTasks().replace('"name":"signed"', '"name":"tasks"');
    world.policies(policyFor('Pod', {}), other);
    expect(await admit(pod([signed]))).toMatchObject({ allowed: true, object: { spec: pod([pinned]).spec } });
    expect(await admit(pod([unsigned]))).toMatchObject({ allowed: false });
    expect(await admit(task([unsigned]))).toMatchObject({ allowed: false });
  });
});

describe('variables of a rule with extractors', () => {
  const only = (name: string) => ({
    preconditions: { all: [{ key: `{{ images.steps.${name}.name || '' }}`, operator: 'Equals', value: 'unsigned' }] },
  });

  test('are of the images that they find, by key', async () => {
    world.policies(aboutTasks({}, only('s0')));
    expect(await mutate(task([unsigned]))).toMatchObject({ allowed: false });
    world.policies(aboutTasks({}, only('s1')));
    expect(await mutate(task([unsigned]))).toMatchObject({ allowed: true });
    expect(reasons()).toEqual(['preconditions-unmet']);
  });
});

describe('apply', () => {
  const apply = async (policy: string, about: unknown, ...words: string[]) => {
    await using folder = await folderWith({ 'p.yaml': policy, 'o.json': JSON.stringify(about) });
    return await inThisProcess(['apply', folder.file('p.yaml'), '--resource', folder.file('o.json'), ...words]);
  };

  test('prints a custom resource as admission would leave it', async () => {
    const { status, stdout } = await apply(aboutTasks(), task([signed]), '-o', 'json');
    const { verdict, results, patched } = JSON.parse(stdout);
    expect([status, verdict, results[0].resource]).toEqual([0, 'pass', 'Task/shop/thing']);
    expect(patched[0].spec).toEqual({ steps: named([pinned]) });
    expect(await apply(aboutTasks(), task([unsigned]), '-o', 'json')).toMatchObject({ status: 1 });
  });

  test('names what no pattern covers, what nothing is found in, and what no rule is about', async () => {
    const elsewhere = await apply(aboutTasks(), task(['registry.invalid/a:1']), '-o', 'json');
    expect(JSON.parse(elsewhere.stdout).results).toMatchObject([{ reason: 'not-covered' }]);
    const empty = await apply(aboutTasks(), task([], { spec: {} }), '-o', 'json');
    expect(JSON.parse(empty.stdout).results).toMatchObject([{ result: 'skip', reason: 'no-image' }]);
    expect(empty.stderr).not.toContain('nothing was checked');
    const other = await apply(aboutTasks(), { ...task([unsigned]), apiVersion: 'tekton.dev/v1beta1' });
    expect(other.stderr).toContain('1 resource is matched by no rule, so nothing was checked: Task');
    const unknown = await apply(aboutTasks(), { ...task([unsigned]), kind: 'Run' });
    expect(unknown.stderr).toContain('1 resource holds no image that is known here, so nothing was checked: Run');
  });
});
