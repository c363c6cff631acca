import { type Fault, type Intercept, on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openStage, type PolicyParts, pod, policy, type Response, review, type Stage } from './harness.ts';

/** A stage whose registry can be broken, with a signed and an unsigned image in it. */
export interface FaultyStage {
  readonly stage: Stage;
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

export async function openFaultyStage(): Promise<FaultyStage> {
  const stage = await openStage();
  const { host } = stage.registry;
  const { target, team: key } = stage;
  const repository = 'faults/signed';
  const signed = await makeImage(target, repository, '1');
  // Both ways of storing it: whichever source a test breaks, the other holds a good signature.
  await sign(target, { repository, digest: signed, key, format: 'sig' });
  await sign(target, { repository, digest: signed, key, format: 'bundle' });
  await makeImage(target, 'faults/unsigned', '1', { label: 'unsigned' });

  const ask: FaultyStage['ask'] = (image, parts = {}, timeout = '10s') => {
    const images = `${image.slice(0, image.indexOf('/'))}/faults/*`;
    const spec = [`webhookTimeoutSeconds: ${Number.parseInt(timeout, 10)}`];
    stage.policies(policy({ images, keys: [stage.team], spec, ...parts }));
    return stage.send('/mutate', review(pod([image])), { timeout });
  };

  return {
    stage,
    host,
    signed,
    ask,
    mend() {
      stage.registry.settings.intercept = undefined;
      stage.registry.requests.length = 0;
      stage.waits.length = 0;
      stage.now += day;
    },
    breakAt(filter, fault) {
      stage.registry.settings.intercept = on(filter, fault);
    },
    async expectUnavailable(image, reason) {
      const fail = await ask(image);
      expect(fail).toMatchObject({
        allowed: false,
        code: 503,
        message: expect.stringContaining(`unavailable (${reason})`),
      });
      const before = stage.count('verdict', { result: 'error', reason });
      stage.now += day;
      const ignore = await ask(image, { failurePolicy: 'Ignore' });
      expect(ignore).toMatchObject({ allowed: true, patch: [], warnings: [expect.stringContaining(reason)] });
      expect(stage.count('verdict', { result: 'error', reason })).toBe(before + 1);
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
