import { type PodParts, pod, policy } from '../e2e/documents.ts';
import { oneCluster, type Scene, type SceneImage } from './scene.ts';

// What becomes of objects after they were created: what an update leaves alone is nobody's business, even with the registry
// down; what it changes, or brings into a rule's reach, is verified.

const cluster = oneCluster();

function deployment(name: string, images: readonly string[]) {
  const labels = { app: name };
  const containers = images.map((image, at) => ({ name: `c${at}`, image }));
  const template = { metadata: { labels }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template },
  };
}

describe.each(['http-api', 'rest-api'] as const)('events of a %s', (shape) => {
  let scene: Scene;
  let good: SceneImage;
  let other: SceneImage;
  let bad: SceneImage;

  async function open(more: Parameters<typeof policy>[0] | object = {}, later = false) {
    scene = await cluster.open({
      shape,
      policies: (host, team) => [policy({ images: `${host}/*`, keys: [team], ...more })],
      later,
    });
    [good, other, bad] = [
      await scene.image('good'),
      await scene.image('other'),
      await scene.image('bad', { signed: false }),
    ];
  }

  const podOf = (image: string, parts: PodParts) => pod([image], { namespace: scene.namespace, ...parts });
  const imagesOf = (spec: { containers: { image: string }[] }) => spec.containers.map(({ image }) => image);
  /** Every connection to the registry is cut from now on, and none is needed: the request count stays at 0. */
  const registryDown = () => {
    scene.registry.settings.intercept = () => ({ kind: 'reset' });
    scene.registry.requests.length = 0;
  };
  const registryUp = () => {
    scene.registry.settings.intercept = undefined;
  };

  describe('a Deployment', () => {
    beforeAll(async () => {
      await open();
      expect(await scene.create(deployment('web', [good.tagged, good.tagged]))).toMatchObject({ code: 0 });
    });
    afterEach(registryUp);

    const images = async () => imagesOf((await scene.stored('deployment/web')).spec.template.spec);

    test('set image: the new image is pinned, the other stays', async () => {
      const { code, stderr } = await scene.kubectl(['set', 'image', 'deployment/web', `c1=${other.tagged}`]);
      expect([code, stderr]).toEqual([0, '']);
      expect(await images()).toEqual([good.pinned, other.pinned]);
    });

    test('set image to an unsigned one: denied, and nothing changes', async () => {
      const before = await images();
      const { code, stderr } = await scene.kubectl(['set', 'image', 'deployment/web', `c0=${bad.tagged}`]);
      expect(code).toBe(1);
      expect(stderr).toContain(`Deployment ${scene.namespace}/web: 1 image denied`);
      expect(stderr).toContain(`policy signed, rule autogen-check: failed to verify image ${bad.pinned}`);
      expect(await images()).toEqual(before);
    });

    test('scale, with the registry down', async () => {
      registryDown();
      const { code, stderr } = await scene.kubectl(['scale', 'deployment/web', '--replicas=3']);
      expect([code, stderr]).toEqual([0, '']);
      expect((await scene.stored('deployment/web')).spec.replicas).toBe(3);
      expect(scene.registry.requests).toEqual([]);
    });

    test('rollout restart, with the registry down', async () => {
      const before = await images();
      registryDown();
      const { code, stderr } = await scene.kubectl(['rollout', 'restart', 'deployment/web']);
      expect([code, stderr]).toEqual([0, '']);
      const { spec } = await scene.stored('deployment/web');
      expect(spec.template.metadata.annotations).toHaveProperty(['kubectl.kubernetes.io/restartedAt']);
      expect(imagesOf(spec.template.spec)).toEqual(before);
      expect(scene.registry.requests).toEqual([]);
    });

    test('set image while the registry is down: unavailable', async () => {
      registryDown();
      const { code, stderr } = await scene.kubectl([
        'set',
        'image',
        'deployment/web',
        `c0=${scene.registry.host}/new:1`,
      ]);
      expect(code).toBe(1);
      expect(stderr).toContain('1 image could not be verified');
      expect(stderr).toContain('unavailable (registry-unreachable)');
    });
  });

  describe('a verified Pod, with the registry down', () => {
    beforeAll(async () => {
      await open();
      expect(await scene.create(podOf(good.tagged, { name: 'web' }))).toMatchObject({ code: 0 });
      registryDown();
    });
    afterEach(() => expect(scene.registry.requests).toEqual([]));

    test.each([
      ['a label', 2, ['label', 'pod/web', 'team=shop']],
      ['an annotation', 2, ['annotate', 'pod/web', 'example.com/note=seen']],
      ['a finalizer', 0, ['patch', 'pod/web', '-p', '{"metadata":{"finalizers":["example.com/keep"]}}']],
      ['a toleration', 2, ['patch', 'pod/web', '-p', '{"spec":{"tolerations":[{"key":"spot","operator":"Exists"}]}}']],
    ])('%s is added: %i calls', async (_, calls, args) => {
      scene.records.length = 0;
      expect(await scene.kubectl(args)).toMatchObject({ code: 0, stderr: '' });
      const reasons = scene.records.map(({ images }) => images.map(({ reason }) => reason));
      expect(reasons).toEqual(Array(calls).fill(['unchanged']));
    });

    test('it is deleted: the finalizer is taken off, with a label too, and it is gone', async () => {
      expect(await scene.kubectl(['delete', 'pod/web', '--wait=false'])).toMatchObject({ code: 0 });
      expect((await scene.stored('pod/web')).metadata).toHaveProperty('deletionTimestamp');
      const off = '{"metadata":{"finalizers":null,"labels":{"bye":"now"}}}';
      expect(await scene.kubectl(['patch', 'pod/web', '--type=merge', '-p', off])).toMatchObject({
        code: 0,
        stderr: '',
      });
      await expect(scene.stored('pod/web')).rejects.toThrow('NotFound');
    });
  });

  describe('a Pod that is older than the policy', () => {
    beforeAll(async () => {
      await open({}, true);
      expect(await scene.create(podOf(bad.tagged, { name: 'old' }))).toMatchObject({ code: 0 });
      await scene.register();
    });

    test('is labelled as before: its image is as it was', async () => {
      expect(await scene.kubectl(['label', 'pod/old', 'a=b'])).toMatchObject({ code: 0, stderr: '' });
      expect(imagesOf((await scene.stored('pod/old')).spec)).toEqual([bad.tagged]);
      expect(scene.records.flatMap((record) => record.images.map(({ reason }) => reason))).toEqual([
        'unchanged',
        'unchanged',
      ]);
    });

    test('is given a signed image: pinned; another unsigned one: denied', async () => {
      expect(await scene.kubectl(['set', 'image', 'pod/old', `c0=${good.tagged}`])).toMatchObject({ code: 0 });
      expect(imagesOf((await scene.stored('pod/old')).spec)).toEqual([good.pinned]);
      const { code, stderr } = await scene.kubectl(['set', 'image', 'pod/old', `c0=${bad.tagged}`]);
      expect(code).toBe(1);
      expect(stderr).toContain(`Pod ${scene.namespace}/old: 1 image denied`);
    });
  });

  describe('a rule for Pods with a label', () => {
    const match = 'any: [{resources: {kinds: [Pod], selector: {matchLabels: {verify: "yes"}}}}]';

    beforeAll(async () => {
      await open({ match });
      expect(await scene.create(podOf(bad.tagged, { name: 'bad' }))).toMatchObject({ code: 0 });
      expect(await scene.create(podOf(good.tagged, { name: 'good' }))).toMatchObject({ code: 0 });
    });

    test('an unsigned Pod cannot be labelled into its reach', async () => {
      const { code, stderr } = await scene.kubectl(['label', 'pod/bad', 'verify=yes']);
      expect(code).toBe(1);
      expect(stderr).toContain(`policy signed, rule check: failed to verify image ${bad.pinned}`);
      expect((await scene.stored('pod/bad')).metadata.labels).toBeUndefined();
    });

    test('a signed one can, and is pinned then', async () => {
      expect(imagesOf((await scene.stored('pod/good')).spec)).toEqual([good.tagged]);
      expect(await scene.kubectl(['label', 'pod/good', 'verify=yes'])).toMatchObject({ code: 0, stderr: '' });
      const { metadata, spec } = await scene.stored('pod/good');
      expect(metadata.labels).toEqual({ verify: 'yes' });
      expect(imagesOf(spec)).toEqual([good.pinned]);
    });
  });
});
