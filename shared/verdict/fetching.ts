import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { ShareGuard } from '../ledger/ledger.ts';
import { type CredentialsRef, keyedBy } from '../plan/credentials.ts';
import type { Allowance, Image, Registries } from '../registry/registry.ts';

/** A request for an image, as it is shared (`Session.share`): whoever asks for the same asks for it under this name. */
export interface Fetching {
  readonly name: string;
  readonly guards: readonly ShareGuard[];
  fetch(aboard: Allowance): Promise<Image>;
}

/** The image that a tag names now. */
export function imageOfTag(
  registries: Registries,
  repository: Repository,
  tag: string,
  credentials: CredentialsRef,
): Fetching {
  return {
    name: keyedBy(credentials, `resolve#${repositoryName(repository)}:${tag}`),
    guards: [{ repository, tag }],
    fetch: (aboard) => registries.as(credentials).resolve(repository, tag, aboard),
  };
}

export function imageOfDigest(
  registries: Registries,
  repository: Repository,
  digest: Digest,
  credentials: CredentialsRef,
): Fetching {
  return {
    name: keyedBy(credentials, `image#${repositoryName(repository)}@${digest}`),
    guards: [{ repository }],
    fetch: (aboard) => registries.as(credentials).image(repository, digest, aboard),
  };
}
