import { type PodParts, pod, policy } from '../e2e/documents.ts';
import { inject } from './injector.ts';
import { oneCluster, type Scene, type SceneOptions } from './scene.ts';

// What the API server makes of the answers: dry runs, warnings, the audit log, a second round of mutation; and what a Pod that
// wants to get around them achieves.

const cluster = oneCluster();

describe.each(['http-api', 'rest-api'] as const)('events of a %s', (shape) => {
  const open = (parts: Partial<Parameters<typeof policy>[0]> = {}, more: Partial<SceneOptions> = {}) =>
    cluster.open({
      shape,
      policies: (host, team) => [policy({ images: `${host}/*`, keys: [team], ...parts })],
      ...more,
    });
  const podOf = ({ namespace }: Scene, images: readonly string[], parts: PodParts) =>
    pod(images, { namespace, ...parts });
  const imagesOf = (spec: { containers: { image: string }[] }) => spec.containers.map(({ image }) => image);
  const imagesIn = async (scene: Scene, resource: string) => imagesOf((await scene.stored(resource)).spec);

  describe('server dry run', () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open();
    });

    test('prints the Pod as it would be stored, and stores nothing', async () => {
      const good = await scene.image('good');
      const { code, stdout } = await scene.create(
        podOf(scene, [good.tagged], { name: 'dry' }),
        '--dry-run=server',
        '-o',
        'json',
      );
      expect(code).toBe(0);
      expect(imagesOf(JSON.parse(stdout).spec)).toEqual([good.pinned]);
      expect(scene.records.map(({ step, dryRun }) => [step, dryRun])).toEqual([
        ['mutate', true],
        ['validate', true],
      ]);
      await expect(scene.stored('pod/dry')).rejects.toThrow('NotFound');
    });

    test('prints the denial', async () => {
      const bad = await scene.image('bad', { signed: false });
      const { code, stderr } = await scene.create(podOf(scene, [bad.tagged], { name: 'dry' }), '--dry-run=server');
      expect(code).toBe(1);
      expect(stderr).toContain('denied (no-signature)');
    });
  });

  test('a rule that audits: kubectl prints the warning, and the Pod is stored as it was written', async () => {
    const scene = await open({ action: 'Audit', entry: ['verifyDigest: false'] });
    const good = await scene.image('good');
    const bad = await scene.image('bad', { signed: false });
    const warned = await scene.create(podOf(scene, [bad.tagged], { name: 'bad' }));
    expect([warned.code, warned.stdout]).toEqual([0, 'pod/bad created\n']);
    expect(warned.stderr).toBe(
      `Warning: signed/check: failed to verify image ${bad.pinned}: no-signature: no signature is attached to the image\n`,
    );
    expect(await imagesIn(scene, 'pod/bad')).toEqual([bad.tagged]);
    expect(await scene.create(podOf(scene, [good.tagged], { name: 'good' }))).toMatchObject({ code: 0, stderr: '' });
  });

  test('the audit log of the cluster says who signed what, and what was denied', async () => {
    const scene = await open();
    const good = await scene.image('good');
    const bad = await scene.image('bad', { signed: false });
    await scene.create(podOf(scene, [good.tagged], { name: 'good' }));
    await scene.create(podOf(scene, [bad.tagged], { name: 'bad' }));

    const annotation = async (name: string, purpose: string, key: string) =>
      (await scene.audited('create', name)).annotations?.[`${purpose}-fail.countersign.internal/${key}`] ?? '{}';
    const entry = { image: good.pinned, policy: 'signed', rule: 'check', result: 'pass', reason: 'verified' };
    for (const [purpose, source] of [
      ['mutate', 'registry'],
      ['validate', 'ledger'],
    ] as const) {
      expect(JSON.parse(await annotation('good', purpose, 'images'))).toEqual([
        { ...entry, signers: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)], source },
      ]);
    }
    expect(await annotation('good', 'validate', 'policySet')).toMatch(/^[0-9a-f]{64}$/);
    expect(await annotation('good', 'validate', 'uid')).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(JSON.parse(await annotation('bad', 'mutate', 'images'))).toMatchObject([
      { image: bad.pinned, result: 'fail', reason: 'no-signature', signers: [] },
    ]);
  });

  describe('another webhook changes the Pod after ours: ours is asked again', () => {
    /** Whether each call of ours patched, by the audit log: round 0, then round 1. */
    const rounds = async (scene: Scene, name: string) => {
      const { annotations = {} } = await scene.audited('create', name);
      const calls = Object.entries(annotations)
        .filter(([key]) => key.startsWith('mutation.webhook.admission.k8s.io/round_'))
        .map(([key, value]) => ({ round: key.replace(/^.*round_(\d+)_.*$/, '$1'), ...JSON.parse(value) }))
        .filter(({ configuration }) => configuration === scene.namespace);
      return calls.sort((a, b) => a.round - b.round).map(({ mutated }) => mutated);
    };

    test('a label is added: nothing is left to patch', async () => {
      const scene = await open();
      const good = await scene.image('good');
      await inject(cluster(), scene);
      await scene.create(podOf(scene, [good.tagged], { name: 'web' }));
      expect(await rounds(scene, 'web')).toEqual([true, false]);
      expect(await imagesIn(scene, 'pod/web')).toEqual([good.pinned]);
    });

    test('a container is added: its image is verified and pinned too', async () => {
      const scene = await open();
      const good = await scene.image('good');
      const sidecar = await scene.image('sidecar');
      const container = { name: 'sidecar', image: sidecar.tagged };
      await inject(cluster(), scene, [{ op: 'add', path: '/spec/containers/-', value: container }]);
      await scene.create(podOf(scene, [good.tagged], { name: 'web' }));
      expect(await rounds(scene, 'web')).toEqual([true, true]);
      expect(await imagesIn(scene, 'pod/web')).toEqual([good.pinned, sidecar.pinned]);
    });

    test('an unsigned container is added: the Pod is denied', async () => {
      const scene = await open();
      const good = await scene.image('good');
      const bad = await scene.image('bad', { signed: false });
      await inject(cluster(), scene, [
        { op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: bad.tagged } },
      ]);
      const { code, stderr } = await scene.create(podOf(scene, [good.tagged], { name: 'web' }));
      expect(code).toBe(1);
      expect(stderr).toContain(`policy signed, rule check: failed to verify image ${bad.pinned}`);
    });
  });

  describe('mutation skipped: only the validating webhook is registered', () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open({}, { kinds: ['ValidatingWebhookConfiguration'] });
    });

    test('annotations that claim a verification are not believed', async () => {
      const bad = await scene.image('bad', { signed: false });
      const name = bad.pinned.replace(':1@', '@');
      const annotations = {
        'kyverno.io/verify-images': JSON.stringify({ [name]: 'pass' }),
        'kyverno.io/verify-images-scoped': JSON.stringify({
          version: 1,
          policies: { '/signed': { check: { [name]: 'pass' } } },
        }),
      };
      const { code, stderr } = await scene.create(podOf(scene, [bad.pinned], { name: 'forged', annotations }));
      expect(code).toBe(1);
      expect(stderr).toContain('"validate-fail.countersign.internal" denied the request');
      expect(stderr).toContain('denied (no-signature)');
    });

    test('a signed image is admitted by digest, and not by tag', async () => {
      const good = await scene.image('good');
      expect(await scene.create(podOf(scene, [good.pinned], { name: 'pinned' }))).toMatchObject({
        code: 0,
        stderr: '',
      });
      const { code, stderr } = await scene.create(podOf(scene, [good.tagged], { name: 'tagged' }));
      expect(code).toBe(1);
      expect(stderr).toContain('denied (digest-missing)');
    });
  });

  describe.each(['Fail', 'Ignore'] as const)(
    'a `__proto__` in volume attributes, failurePolicy %s',
    (failurePolicy) => {
      const attributes = JSON.parse('{"__proto__":"x","constructor":"y"}');
      const withVolume = (scene: Scene, image: string, name: string) => {
        const object = podOf(scene, [image], { name });
        const volumes = [{ name: 'v', csi: { driver: 'csi.example.com', volumeAttributes: attributes } }];
        return { ...object, spec: { ...object.spec, volumes } };
      };
      let scene: Scene;
      beforeAll(async () => {
        scene = await open({ failurePolicy });
      });

      test('a signed Pod is stored with its attributes', async () => {
        const good = await scene.image('good');
        expect(await scene.create(withVolume(scene, good.tagged, 'good'))).toMatchObject({ code: 0, stderr: '' });
        const { spec } = await scene.stored('pod/good');
        expect(imagesOf(spec)).toEqual([good.pinned]);
        expect(JSON.stringify(spec.volumes[0].csi.volumeAttributes)).toBe('{"__proto__":"x","constructor":"y"}');
      });

      test('an unsigned one is denied', async () => {
        const bad = await scene.image('bad', { signed: false });
        const { code, stderr } = await scene.create(withVolume(scene, bad.tagged, 'bad'));
        expect(code).toBe(1);
        expect(stderr).toContain('denied (no-signature)');
      });
    },
  );
});
