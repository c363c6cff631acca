import { type Digest, parseDigest } from './digest.ts';
import { canonicalHost, dockerHub, isHost } from './host.ts';
import { type Repository, repositoryName } from './repository.ts';

/**
 * An image reference in canonical form. `tag` is set unless only a digest was written: a text with neither means `latest`.
 * With both, the digest decides and the tag is decoration.
 */
export interface ImageReference {
  readonly repository: Repository;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** What a text turned out to be; `problem` completes the sentence "… is no image reference: ". */
export type ParsedReference = { readonly reference: ImageReference } | { readonly problem: string };

/** distribution/reference's bound on `registry/path`. */
const maxName = 255;
/** Over every text that can be well-formed: a name, a tag of 128, a sha512 digest, and slack for what canonical form drops. */
export const maxText = 640;
export const pathGrammar = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
export const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const notPrintable = /[^\x21-\x7e]/;
const imageId = /^[0-9a-f]{64}$/;
/** As container runtimes take it, ahead of a repository `sha256` on Docker Hub: containerd reads a part of the digits as well. */
const writtenImageId = /^sha(?:256|384|512):[0-9a-f]+$/i;

/**
 * Reads an image reference by distribution/reference's grammar, and gives every spelling of one image the same result:
 * Docker Hub's aliases and `library/`, the host's case, port 443 (see canonicalHost). Nothing is guessed and nothing
 * trimmed: what a container runtime might read in another way is a problem.
 */
export function parseReference(text: string): ParsedReference {
  if (text.length > maxText) return { problem: `it is longer than ${maxText} characters` };
  if (imageId.test(text))
    return { problem: 'it is an image ID (64 hexadecimal digits); write the name of a repository' };
  if (writtenImageId.test(text))
    return { problem: 'it is an image ID of the node (a hash and hexadecimal digits); write the name of a repository' };

  let rest = text;
  let digest: Digest | undefined;
  const at = text.indexOf('@');
  if (at !== -1) {
    digest = parseDigest(text.slice(at + 1));
    if (digest === undefined) return { problem: digestProblem(text, text.slice(at + 1)) };
    rest = text.slice(0, at);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    if (!tagGrammar.test(tag)) return { problem: tagProblem(text, tag) };
    rest = rest.slice(0, colon);
  }
  const repository = readRepository(rest);
  if (typeof repository === 'string') return { problem: generalProblem(text) ?? repository };
  if (digest === undefined) return { reference: { repository, tag: tag ?? 'latest' } };
  return { reference: tag === undefined ? { repository, digest } : { repository, tag, digest } };
}

/** A repository without tag and digest, as `repository:` of a policy names it; `undefined` for anything else. */
export function parseRepository(text: string): Repository | undefined {
  if (text.length > maxText || imageId.test(text)) return undefined;
  const repository = readRepository(text);
  return typeof repository === 'string' ? undefined : repository;
}

/** `registry/path:tag@digest`, the parts that there are: a text that parses to the same reference. */
export function formatReference(reference: ImageReference): string {
  const { repository, tag, digest } = reference;
  const name = repositoryName(repository);
  const tagged = tag === undefined ? name : `${name}:${tag}`;
  return digest === undefined ? tagged : `${tagged}@${digest}`;
}

/** References with the same key are one image: where there is a digest, the tag is decoration. */
export function imageKey(reference: ImageReference): string {
  const { repository, digest } = reference;
  return digest === undefined ? formatReference(reference) : `${repositoryName(repository)}@${digest}`;
}

/** The repository that a name without tag and digest means, or what is wrong with it. */
function readRepository(name: string): Repository | string {
  let registry: string | undefined = dockerHub;
  let path = name;
  const slash = name.indexOf('/');
  if (slash > 0 && isHost(name.slice(0, slash))) {
    registry = canonicalHost(name.slice(0, slash));
    if (registry === undefined) return 'the registry is no host, or no host and port';
    path = name.slice(slash + 1);
  }
  if (!pathGrammar.test(path)) return pathProblem(path);
  if (registry === dockerHub && !path.includes('/')) path = `library/${path}`;
  if (registry.length + 1 + path.length > maxName) return `the repository's name is longer than ${maxName} characters`;
  return { registry, path };
}

function pathProblem(path: string): string {
  if (path === '') return 'it names no repository';
  if (/[A-Z]/.test(path)) return 'a repository is written in lower case';
  return "a repository's components are a-z and 0-9, joined by '.', '_', '__' or '-'";
}

function tagProblem(text: string, tag: string): string {
  if (tag === '') return "the tag after ':' is empty";
  return (
    generalProblem(text) ??
    "a tag is up to 128 of A-Z, a-z, 0-9, '_', '.' and '-', and begins with none of the last two"
  );
}

function digestProblem(text: string, digest: string): string {
  if (digest.includes('@')) return "it has more than one '@'";
  return generalProblem(text) ?? 'a digest is sha256: and 64, or sha512: and 128, lower-case hexadecimal digits';
}

function generalProblem(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (notPrintable.test(text)) return 'it holds white space, a control character or a letter outside ASCII';
  if (text.includes('://')) return 'it begins with a URL scheme';
  return undefined;
}
