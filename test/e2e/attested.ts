import { attest, type ImageOptions, makeImage, type SigningKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { byKey, openWorld, type PolicyParts, pod, policy, type Response, review, type World } from './harness.ts';

export const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
export const provenanceType = 'https://slsa.dev/provenance/v1';

export interface Attesting {
  /** The team's by default. */
  readonly key?: SigningKey;
  /** A vulnerability scan by default. */
  readonly type?: string;
  readonly format?: 'att' | 'bundle';
  /** All that is signed, instead of a statement about the image. */
  readonly payload?: Uint8Array;
}

/** An image in the world's registry, signed by the team. */
export interface AttestedImage {
  readonly repository: string;
  readonly digest: Digest;
  /** As a Pod names it, by its tag. */
  readonly name: string;
  /** The same with its digest. */
  readonly pinned: string;
  attest(predicate: unknown, parts?: Attesting): Promise<void>;
}

export interface PushOptions extends ImageOptions {
  readonly repository?: string;
  readonly tag?: string;
  /** Who signs it; the team by default. */
  readonly by?: SigningKey;
}

/** Pushes `acme/app:1` or another image, and signs it. */
export async function pushImage(
  { destination, registry, team }: World,
  { repository = 'acme/app', tag = '1', by: signer = team, ...options }: PushOptions = {},
): Promise<AttestedImage> {
  const digest = await makeImage(destination, repository, tag, options);
  await sign(destination, { repository, digest, key: signer });
  return {
    repository,
    digest,
    name: `${registry.host}/${repository}:${tag}`,
    pinned: `${registry.host}/${repository}:${tag}@${digest}`,
    async attest(predicate, { key = team, type = scanType, format = 'att', payload } = {}) {
      const claim = payload === undefined ? {} : { claim: { payload } };
      await attest(destination, { repository, digest, key, predicateType: type, predicate, format, ...claim });
    },
  };
}

/** A world with one such image. */
export async function openAttested(): Promise<World & { readonly image: AttestedImage }> {
  const world = await openWorld();
  return Object.assign(world, { image: await pushImage(world) });
}

export interface RuleParts extends Partial<PolicyParts> {
  /** JSON, each a part of the rule. */
  readonly context?: readonly unknown[];
  readonly preconditions?: unknown;
  /** JSON, each a part of the entry. */
  readonly attestations?: readonly unknown[];
  readonly validate?: unknown;
}

/** A policy about `acme/*`, signed by the team unless it says otherwise. */
export function about({ registry, team }: World, parts: RuleParts = {}): string {
  const { context, preconditions, attestations, validate, ...more } = parts;
  const asLine = (name: string, value: unknown) => (value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`]);
  const entry = [...(more.entry ?? []), ...asLine('attestations', attestations), ...asLine('validate', validate)];
  const written = policy({ images: `${registry.host}/acme/*`, keys: [team], ...more, entry });
  const rule = [...asLine('context', context), ...asLine('preconditions', preconditions)];
  return written.replace(
    '      verifyImages:',
    [...rule.map((line) => `      ${line}`), '      verifyImages:'].join('\n'),
  );
}

/** Attestor sets of these keys, each of its own set: all of them. */
export const by = (...keys: readonly SigningKey[]) => keys.map((key) => ({ entries: [byKey(key)] }));

/** One attestor set of these keys, of which `count` are enough. */
export const someOf = (count: number, ...keys: readonly SigningKey[]) => [
  { count, entries: keys.map((key) => byKey(key)) },
];

export const equals = (key: unknown, value: unknown) => ({ key, operator: 'Equals', value });
export const all = (...conditions: readonly unknown[]) => ({ all: conditions });

export function configMap(name: string, data: Readonly<Record<string, string>>, namespace = 'default'): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
}

/** Sends a Pod with these images, or another object. */
export function admit(
  world: World,
  asked: string | object,
  purpose: 'mutate' | 'validate' = 'mutate',
): Promise<Response> {
  return world.send(`/${purpose}`, review(typeof asked === 'string' ? pod([asked]) : asked));
}

/** `allowed`, or the code, the reason and what is told after it, as `403 (reason): message`. */
export function told({ allowed, code, message }: Response): string {
  if (allowed === true) return 'allowed';
  return `${code} ${/\((?<reason>[a-z-]+)\): (?<message>.*)/.exec(message)?.[0] ?? message}`;
}
