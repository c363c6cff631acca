import type { Repository } from '../image/repository.ts';
import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';

/** Docker Hub's API is on another host than its names. */
const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** Names under which docker and kubectl keep Docker Hub's credential; `https://index.docker.io/v1/` is the usual one. */
const hubAliases: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** host[:port] that serves a registry's API. Throws Refusal `image-unparsable` for text that is no host. */
export function apiHost(registry: string): string {
  // What was parsed as a reference is a host already; this keeps any other text from becoming part of another URL.
  if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(registry) || !URL.canParse(`https://${registry}`)) {
    throw new Refusal('image-unparsable', `${quoted(registry, 100)} is no registry host`);
  }
  return apiHosts[registry] ?? registry;
}

/** A host of a credential file in the canonical form of Repository.registry. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase().replace(/:443$/, '');
  return hubAliases.has(lower) ? 'docker.io' : lower;
}

/** `/v2/<name>/<rest>` of the distribution-spec. */
export function apiPath(repository: Repository, rest: string): string {
  return `/v2/${repository.path.split('/').map(encodeURIComponent).join('/')}/${rest}`;
}
