import type { Fault } from '../../local/registry/faults.ts';
import { pod, policy } from '../e2e/documents.ts';
import { oneCluster, type Scene } from './scene.ts';

// What fails on the way: the registry, the endpoint, a review that is too large for a function. What each rule asks for decides.

const cluster = oneCluster();

const rules = [
  ['Enforce', 'Fail'],
  ['Enforce', 'Ignore'],
  ['Audit', 'Fail'],
  ['Audit', 'Ignore'],
] as const;
type Action = (typeof rules)[number][0];
type FailurePolicy = (typeof rules)[number][1];

const faults: readonly [what: string, fault: Fault, reason: string][] = [
  ['is down', { kind: 'reset' }, 'registry-unreachable'],
  ['is too slow', { kind: 'hang' }, 'deadline'],
  ['answers 429', { kind: 'status', status: 429 }, 'registry-throttled'],
];

describe.each(['http-api', 'rest-api'] as const)('events of a %s', (shape) => {
  // Kyverno lets no rule that audits pin digests; none is asked for then.
  const open = (action: Action, failurePolicy: FailurePolicy) =>
    cluster.open({
      shape,
      policies: (host, team) => [
        policy({
          images: `${host}/*`,
          keys: [team],
          action,
          failurePolicy,
          spec: ['webhookTimeoutSeconds: 2'],
          entry: action === 'Audit' ? ['verifyDigest: false'] : [],
        }),
      ],
    });
  const podOf = ({ namespace }: Scene, image: string, name: string) => pod([image], { namespace, name });

  describe.each(rules)('%s under failurePolicy %s', (action, failurePolicy) => {
    const blocks = action === 'Enforce' && failurePolicy === 'Fail';
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(action, failurePolicy);
    });
    afterEach(() => {
      scene.registry.settings.intercept = undefined;
    });

    test.each(faults)(
      `a registry that %s: ${blocks ? 'denied' : 'created with a warning'}`,
      async (what, fault, reason) => {
        const name = what.replaceAll(' ', '-');
        const image = await scene.image(name);
        scene.registry.settings.intercept = () => fault;
        const { code, stderr } = await scene.create(podOf(scene, image.tagged, name));
        if (blocks) {
          expect(code).toBe(1);
          expect(stderr).toContain(`Pod ${scene.namespace}/${name}: 1 image could not be verified\n`);
          expect(stderr).toContain(
            `policy signed, rule check: failed to verify image ${image.tagged}\n  unavailable (${reason}): `,
          );
          expect((await scene.audited('create', name)).responseStatus?.code).toBe(503);
        } else {
          expect(stderr).toMatch(
            new RegExp(`^(Warning: signed/check: failed to verify image ${image.tagged}: ${reason}: .*\n)+$`),
          );
          expect(code).toBe(0);
          expect((await scene.stored(`pod/${name}`)).spec.containers[0].image).toBe(image.tagged);
        }
        expect(scene.count('verdict', { result: 'error', reason })).toBe(blocks ? 1 : 2);

        scene.registry.settings.intercept = undefined;
        expect(await scene.create(podOf(scene, image.tagged, `${name}-after`))).toMatchObject({ code: 0, stderr: '' });
      },
    );

    test(`an unsigned image: ${action === 'Enforce' ? 'denied' : 'created with a warning'}`, async () => {
      const bad = await scene.image('bad', { signed: false });
      const { code, stderr } = await scene.create(podOf(scene, bad.tagged, 'bad'));
      if (action === 'Enforce') {
        expect(code).toBe(1);
        expect(stderr).toContain(
          `policy signed, rule check: failed to verify image ${bad.pinned}\n  denied (no-signature): `,
        );
      } else {
        expect(code).toBe(0);
        expect(stderr).toBe(
          `Warning: signed/check: failed to verify image ${bad.pinned}: no-signature: no signature is attached to the image\n`,
        );
      }
    });

    test(`the endpoint is unreachable: ${blocks ? 'denied' : 'created'}`, async () => {
      const good = await scene.image('good');
      await scene.unplug();
      const { code, stderr } = await scene.create(podOf(scene, good.tagged, 'good'));
      if (blocks) {
        expect(code).toBe(1);
        expect(stderr).toMatch(/failed calling webhook "mutate-fail\..*connection refused/);
      } else {
        expect([code, stderr]).toEqual([0, '']);
        const { annotations = {} } = await scene.audited('create', 'good');
        expect(Object.keys(annotations).filter((key) => key.startsWith('failed-open.')).length).toBe(2);
      }
    });
  });

  describe.each(['Fail', 'Ignore'] as const)('900 KB of `<` in a Pod, failurePolicy %s', (failurePolicy) => {
    // Six bytes each in the API server's JSON, and a backslash more in the function's event.
    const large = '<'.repeat(900_000);
    const most = '<'.repeat(800_000);
    let scene: Scene;
    beforeAll(async () => {
      scene = await open('Enforce', failurePolicy);
    });

    /** Sent as it is: kubectl would write each `<` as six bytes, and the API server takes 3 MiB. */
    const create = (name: string, image: string, value: string) => {
      const object = podOf(scene, image, name);
      const [container] = object.spec.containers;
      const spec = { containers: [{ ...container, env: [{ name: 'LARGE', value }] }] };
      return cluster().api('POST', `/api/v1/namespaces/${scene.namespace}/pods`, { ...object, spec });
    };

    test(`it fits no function: ${failurePolicy === 'Fail' ? 'denied' : 'admitted unverified'}, and counted`, async () => {
      const bad = await scene.image('bad', { signed: false });
      const { status, body } = await create('large', bad.tagged, large);
      if (failurePolicy === 'Fail') {
        expect(status).toBe(500);
        expect(body.message).toMatch(/^Internal error occurred: failed calling webhook "mutate-fail\./);
        expect(scene.count('event-too-large')).toBe(1);
      } else {
        expect(status).toBe(201);
        expect(scene.count('event-too-large')).toBe(2);
      }
      expect(scene.records).toEqual([]);
    });

    test('a Pod that just fits is verified', async () => {
      const [good, bad] = [await scene.image('good'), await scene.image('bad', { signed: false })];
      const admitted = await create('good', good.tagged, most);
      expect(admitted).toMatchObject({ status: 201, body: { spec: { containers: [{ image: good.pinned }] } } });
      const { status, body } = await create('bad', bad.tagged, most);
      expect(status).toBe(403);
      expect(body.message).toContain('denied (no-signature)');
    });
  });
});
