import { type Fault, type Intercept, on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, type PolicyParts, pod, policy, type Response, review, type World } from './harness.ts';

/** A world whose registry can be broken, with a signed and an unsigned image in it. */
export interface FaultyWorld {
  readonly world: World;
  readonly host: string;
  readonly signed: Digest;
  /** Nothing is broken, and nothing that was verified is remembered. */
  mend(): void;
  /** What the registry does with the requests that match, from now on. */
  breakAt(filter: Parameters<typeof on>[0], fault: Fault | Intercept): void;
  ask(image: string, parts?: Partial<PolicyParts>, timeout?: string): Promise<Response>;
  /** 503 under Fail; under Ignore admitted, with a warning and a metric. */
  expectUnavailable(image: string, reason: string): Promise<void>;
  /** 403 under Fail and Ignore alike: an image's author must not be able to choose. */
  expectDenied(image: string, reason: string): Promise<void>;
  /** Without a word; the signed image where none is named. */
  expectAdmitted(image?: string): Promise<void>;
}

const day = 24 * 3_600_000;

export async function openFaultyWorld(): Promise<FaultyWorld> {
  const world = await openWorld();
  const { host } = world.registry;
  const { destination, team: key } = world;
  const repository = 'faults/signed';
  const signed = await makeImage(destination, repository, '1');
  // Both ways of storing it: whichever source a test breaks, the other holds a good signature.
  await sign(destination, { repository, digest: signed, key, format: 'sig' });
  await sign(destination, { repository, digest: signed, key, format: 'bundle' });
  await makeImage(destination, 'faults/unsigned', '1', { label: 'unsigned' });

  const ask: FaultyWorld['ask'] = (image, parts = {}, timeout = '10s') => {
    const images = `${image.slice(0, image.indexOf('/'))}/faults/*`;
    const spec = [`webhookTimeoutSeconds: ${Number.parseInt(timeout, 10)}`];
    world.policies(policy({ images, keys: [world.team], spec, ...parts }));
    return world.send('/mutate', review(pod([image])), { timeout });
  };

  return {
    world,
    host,
    signed,
    ask,
    mend() {
      world.registry.settings.intercept = undefined;
      world.registry.requests.length = 0;
      world.waits.length = 0;
      world.now += day;
    },
    breakAt(filter, fault) {
      world.registry.settings.intercept = on(filter, fault);
    },
    async expectUnavailable(image, reason) {
      const fail = await ask(image);
      expect(fail).toMatchObject({
        allowed: false,
        code: 503,
        message: expect.stringContaining(`unavailable (${reason})`),
      });
      const before = world.count('verdict', { result: 'error', reason });
      world.now += day;
      const ignore = await ask(image, { failurePolicy: 'Ignore' });
      expect(ignore).toMatchObject({ allowed: true, patch: [], warnings: [expect.stringContaining(reason)] });
      expect(world.count('verdict', { result: 'error', reason })).toBe(before + 1);
    },
    async expectDenied(image, reason) {
      for (const failurePolicy of ['Fail', 'Ignore'] as const) {
        const answer = await ask(image, { failurePolicy });
        expect(answer).toMatchObject({ allowed: false, code: 403, warnings: [] });
        expect(answer.message).toContain(`denied (${reason})`);
      }
    },
    async expectAdmitted(image = `${host}/${repository}:1`) {
      expect(await ask(image)).toMatchObject({ allowed: true, warnings: [], message: '' });
    },
  };
}
