import { dockerHub } from '../image/host.ts';
import { registryName } from '../image/registry-names.ts';
import type { Repository } from '../image/repository.ts';
import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';

/** Docker Hub's API is on another host than its names. */
const apiHosts: ReadonlyMap<string, string> = new Map([[dockerHub, 'registry-1.docker.io']]);

/** host[:port] that serves a registry's API. Throws Refusal `image-unparsable` for text that is no host. */
export function apiHost(registry: string): string {
  // What was parsed as a reference is a host already; this keeps any other text from becoming part of another URL.
  if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(registry) || !URL.canParse(`https://${registry}`)) {
    throw new Refusal('image-unparsable', `${quoted(registry, 100)} is no registry host`);
  }
  return apiHosts.get(registry) ?? registry;
}

/** The name that stands for all names of the registry that a credential file's host means. */
export function canonicalRegistry(host: string): string {
  return registryName(host.toLowerCase().replace(/:443$/, ''));
}

/** `/v2/<name>/<rest>` of the distribution-spec. */
export function apiPath(repository: Repository, rest: string): string {
  return `/v2/${repository.path.split('/').map(encodeURIComponent).join('/')}/${rest}`;
}
