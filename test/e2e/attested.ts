import { attest, makeImage, type SigningKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { byKey, openWorld, pod, policy, type Response, review, type World, type WorldOptions } from './harness.ts';

export const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
export const provenanceType = 'https://slsa.dev/provenance/v1';

/** A world with one image, signed by the team, about which more can be attested. */
export interface AttestedImage {
  readonly world: World;
  /** By tag. */
  readonly image: string;
  readonly repository: string;
  readonly digest: Digest;
  attest(predicate: unknown, parts?: AttestationParts): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface AttestationParts {
  /** The team's by default. */
  readonly key?: SigningKey;
  /** A scan by default. */
  readonly type?: string;
  readonly format?: 'att' | 'bundle';
  /** Another image's statement, attached to this one. */
  readonly about?: Digest;
}

export async function openAttested(options: WorldOptions = {}): Promise<AttestedImage> {
  const world = await openWorld(options);
  const repository = 'acme/app';
  const digest = await makeImage(world.destination, repository, '1');
  await sign(world.destination, { repository, digest, key: world.team });
  return {
    world,
    repository,
    digest,
    image: `${world.registry.host}/${repository}:1`,
    async attest(predicate, { key = world.team, type = scanType, format = 'att', about } = {}) {
      const claim = about === undefined ? {} : { claim: { digest: about } };
      await attest(world.destination, { repository, digest, key, predicateType: type, predicate, format, ...claim });
    },
    [Symbol.asyncDispose]: () => world.close(),
  };
}

/** A policy that wants attestations beside a signature by the team. */
export function wantingAll(world: World, attestations: readonly object[], more: readonly string[] = []): string {
  return policy({
    images: `${world.registry.host}/acme/*`,
    keys: [world.team],
    entry: [`attestations: ${JSON.stringify(attestations)}`, ...more],
  });
}

export function wanting(world: World, attestation: object, more: readonly string[] = []): string {
  return wantingAll(world, [attestation], more);
}

export const by = (key: SigningKey) => [{ entries: [byKey(key)] }];
/** Of a scan: that it has found nothing critical. */
export const critical = { all: [{ key: '{{ critical }}', operator: 'Equals', value: 0 }] };

export async function admit(world: World, image: string, purpose: 'mutate' | 'validate' = 'mutate'): Promise<Response> {
  return world.send(`/${purpose}`, review(pod([image])));
}

/** `allowed`, or the reason and what is told after it. */
export function told(answer: Response): string {
  if (answer.allowed === true) return 'allowed';
  return /\((?<reason>[a-z-]+)\): (?<message>.*)/.exec(answer.message)?.[0] ?? answer.message;
}
