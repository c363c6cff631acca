/**
 * A repository in canonical form. `registry` is host[:port] in lower case (`docker.io`, `ghcr.io`, `localhost:5000`,
 * `[::1]:5000`; see canonicalHost about port 443); `path` has `library/` written out for Docker Hub's official images.
 */
export interface Repository {
  readonly registry: string;
  readonly path: string;
}

/** `registry/path`: the name under which caches, ledgers and patterns know a repository. */
export function repositoryName(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}
