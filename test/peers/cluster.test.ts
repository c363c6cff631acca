import { type PodParts, pod, policy } from '../e2e/documents.ts';
import { oneCluster, type Scene, type SceneImage } from './scene.ts';

// A real API server calls the real handler over HTTPS, in either event shape of API Gateway: what is created is stored pinned
// to what was verified, and kubectl prints why something is not created.

const cluster = oneCluster();

describe.each(['http-api', 'rest-api'] as const)('events of a %s', (shape) => {
  let scene: Scene;
  let good: SceneImage;
  let other: SceneImage;
  let bad: SceneImage;

  beforeAll(async () => {
    scene = await cluster.open({ shape, policies: (host, team) => [policy({ images: `${host}/*`, keys: [team] })] });
    [good, other, bad] = [
      await scene.image('good'),
      await scene.image('other'),
      await scene.image('bad', { signed: false }),
    ];
  });

  const podOf = (images: readonly string[], parts: PodParts) => pod(images, { namespace: scene.namespace, ...parts });

  /** What kubectl prints of a denial by the mutating webhook. */
  const denial = (kind: string, name: string, rule: string) =>
    `admission webhook "mutate-fail.countersign.internal" denied the request: ` +
    `${kind} ${scene.namespace}/${name}: 1 image denied\n` +
    `policy signed, rule ${rule}: failed to verify image ${bad.pinned}\n` +
    '  denied (no-signature): no signature is attached to the image\n' +
    `  - no attestors[0].entries[0]: no signature is attached in ${scene.registry.host}/bad\n` +
    '  next: sign the image by digest\n';

  test('a Pod with a signed image is stored with the digest that was verified', async () => {
    const { stdout, stderr } = await scene.create(podOf([good.tagged, other.tagged], { name: 'signed' }));
    expect([stdout, stderr]).toEqual(['pod/signed created\n', '']);
    const { metadata, spec } = await scene.stored('pod/signed');
    expect(spec.containers.map(({ image }: { image: string }) => image)).toEqual([good.pinned, other.pinned]);
    expect(JSON.parse(metadata.annotations['kyverno.io/verify-images'])).toEqual({
      [good.pinned.replace(':1@', '@')]: 'pass',
      [other.pinned.replace(':1@', '@')]: 'pass',
    });
  });

  test('a Pod with an unsigned image is not created; kubectl prints policy, rule, image, reason and what to do', async () => {
    const { code, stdout, stderr } = await scene.create(podOf([good.tagged, bad.tagged], { name: 'unsigned' }));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `Error from server (Forbidden): error when creating "STDIN": ${denial('Pod', 'unsigned', 'check')}`,
    );
    await expect(scene.stored('pod/unsigned')).rejects.toThrow('NotFound');
  });

  test('kubectl run', async () => {
    expect(await scene.kubectl(['run', 'ran', `--image=${good.tagged}`])).toMatchObject({ code: 0, stderr: '' });
    expect((await scene.stored('pod/ran')).spec.containers[0].image).toBe(good.pinned);
    const { code, stderr } = await scene.kubectl(['run', 'not-run', `--image=${bad.tagged}`]);
    expect([code, stderr]).toEqual([1, `Error from server (Forbidden): ${denial('Pod', 'not-run', 'check')}`]);
  });

  test('init containers', async () => {
    const init = (image: string, name: string) => podOf([good.tagged], { name, initContainers: [image] });
    expect(await scene.create(init(other.tagged, 'init'))).toMatchObject({ code: 0 });
    expect((await scene.stored('pod/init')).spec.initContainers[0].image).toBe(other.pinned);
    const { stderr } = await scene.create(init(bad.tagged, 'bad-init'));
    expect(stderr).toContain(denial('Pod', 'bad-init', 'check'));
  });

  test('image volumes', async () => {
    const volumes = (image: string, name: string) => podOf([good.tagged], { name, volumes: [image] });
    expect(await scene.create(volumes(other.tagged, 'volume'))).toMatchObject({ code: 0 });
    const { spec } = await scene.stored('pod/volume');
    expect(spec.volumes).toMatchObject([{ name: 'v0', image: { reference: other.pinned } }]);
    const { stderr } = await scene.create(volumes(bad.tagged, 'bad-volume'));
    expect(stderr).toContain(denial('Pod', 'bad-volume', 'check'));
  });

  test('ephemeral containers: kubectl debug', async () => {
    await scene.create(podOf([good.tagged], { name: 'debugged' }));
    const debug = (image: string, name: string) =>
      scene.kubectl(['debug', 'debugged', `--image=${image}`, `--container=${name}`, '--profile=general']);
    expect(await debug(other.tagged, 'first')).toMatchObject({ code: 0, stderr: '' });
    const { stderr, code } = await debug(bad.tagged, 'second');
    expect(code).toBe(1);
    expect(stderr).toContain(denial('Pod', 'debugged', 'check'));
    const { spec } = await scene.stored('pod/debugged');
    expect(spec.ephemeralContainers).toMatchObject([{ name: 'first', image: other.pinned }]);
  });

  describe.each([
    ['DaemonSet', 'apps/v1', {}],
    ['Deployment', 'apps/v1', {}],
    ['Job', 'batch/v1', {}],
    ['ReplicaSet', 'apps/v1', {}],
    ['ReplicationController', 'v1', {}],
    ['StatefulSet', 'apps/v1', { serviceName: 'none' }],
    ['CronJob', 'batch/v1', {}],
  ])('a %s', (kind, apiVersion, more) => {
    const name = kind.toLowerCase();

    function controller(image: string) {
      const labels = { app: name };
      const template = {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image }], ...(kind.endsWith('Job') ? { restartPolicy: 'Never' } : {}) },
      };
      const selector = kind === 'ReplicationController' ? labels : { matchLabels: labels };
      const spec =
        kind === 'CronJob'
          ? { schedule: '@daily', jobTemplate: { spec: { template } } }
          : { template, ...(kind === 'Job' ? {} : { selector }), ...more };
      return { apiVersion, kind, metadata: { name }, spec };
    }

    test('with an unsigned image is not created', async () => {
      const { code, stderr } = await scene.create(controller(bad.tagged));
      expect(code).toBe(1);
      expect(stderr).toContain(denial(kind, name, kind === 'CronJob' ? 'autogen-cronjob-check' : 'autogen-check'));
    });

    test('with a signed image is stored pinned', async () => {
      expect(await scene.create(controller(good.tagged))).toMatchObject({ code: 0, stderr: '' });
      const { spec } = await scene.stored(`${name}/${name}`);
      const { template } = kind === 'CronJob' ? spec.jobTemplate.spec : spec;
      expect(template.spec.containers[0].image).toBe(good.pinned);
    });
  });
});
