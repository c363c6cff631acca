import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { ShareGuard } from '../ledger/ledger.ts';
import { type CredentialsRef, keyedBy } from '../plan/credentials.ts';
import type { Allowance, HeldImage, Image, Registries } from '../registry/registry.ts';

/** Bytes of a manifest that are held: it takes some forty layers to have more. */
const mostHeld = 8 * 1024;

/** A request for an image, as it is shared (`Session.share`): whoever asks for the same asks for it under this name. */
export interface Fetching<T> {
  readonly name: string;
  readonly guards: readonly ShareGuard[];
  fetch(aboard: Allowance): Promise<T>;
}

/** The image that a tag names now. */
export function imageOfTag(
  registries: Registries,
  repository: Repository,
  tag: string,
  credentials: CredentialsRef,
): Fetching<HeldImage> {
  return {
    name: keyedBy(credentials, `resolve#${repositoryName(repository)}:${tag}`),
    guards: [{ repository, tag }],
    fetch: async (aboard) => held(await registries.as(credentials).resolve(repository, tag, aboard)),
  };
}

export function imageOfDigest(
  registries: Registries,
  repository: Repository,
  digest: Digest,
  credentials: CredentialsRef,
): Fetching<HeldImage> {
  const { guards, fetch } = wholeImage(registries, repository, digest, credentials);
  const name = keyedBy(credentials, `image#${repositoryName(repository)}@${digest}`);
  return { name, guards, fetch: async (aboard) => held(await fetch(aboard)) };
}

/** The image with its bytes, however many. */
export function wholeImage(
  registries: Registries,
  repository: Repository,
  digest: Digest,
  credentials: CredentialsRef,
): Fetching<Image> {
  return {
    name: keyedBy(credentials, `whole#${repositoryName(repository)}@${digest}`),
    guards: [{ repository }],
    fetch: (aboard) => registries.as(credentials).image(repository, digest, aboard),
  };
}

function held({ digest, bytes, mediaType }: Image): HeldImage {
  const size = bytes.length;
  return { digest, bytes: size > mostHeld ? undefined : bytes, size, mediaType };
}
