import { literalHost } from './pattern.ts';
import { ecrHosts, registryNames } from './registry-names.ts';
import { hasWildcard } from './wildcard.ts';

/*
 * What patterns fit that is anyone's to make. Those who write them mean registries and repositories of their own.
 */

/** Domains under which everyone may have a registry: the label before them is its owner's. */
const rented: readonly string[] = ['azurecr.io', 'azurecr.cn', 'azurecr.us', 'jfrog.io', 'github.io'];
/** Those of Amazon ECR, whose first label is an account. */
const ofAccounts: readonly string[] = [...new Set(ecrHosts.map((host) => host.slice(host.lastIndexOf('*.') + 2)))];

/** Registries at which everyone may have a name: the first part of a path is its owner's. */
const shared: ReadonlySet<string> = new Set(
  ['docker.io', 'ghcr.io', 'quay.io', 'gcr.io', 'public.ecr.aws', 'registry.gitlab.com'].flatMap(registryNames),
);

/**
 * Whether a pattern of skipImageReferences fits registries that anyone may set up: with a wildcard in the host's last two labels,
 * where a domain has its owner (`*`, `ghcr.io*`, `*example.com`), in the label that names an owner or an account where a domain
 * has many (`*.azurecr.io`, `*.dkr.ecr.*.amazonaws.com`), or, without a `/`, at its beginning.
 */
export function skipsOpenHost(pattern: string): boolean {
  const slash = pattern.indexOf('/');
  if (slash === -1 && /^[*?]/.test(pattern)) return true;
  const host = slash === -1 ? pattern : pattern.slice(0, slash);
  const labels = labelsOf(host);
  const name = labels.join('.');
  const under = (domain: string) => name.endsWith(`.${domain}`);
  if (ofAccounts.some(under)) return hasWildcard(labels[0] ?? '');
  return hasWildcard(labels.slice(rented.some(under) ? -3 : -2).join('.'));
}

/**
 * What a pattern of imageReferences says of hosts, port included; `undefined`: any will do, since it has no `/`, or a wildcard in the host's
 * last two labels.
 */
export function hostOfPattern(pattern: string): string | undefined {
  const slash = pattern.indexOf('/');
  if (slash === -1) return undefined;
  const host = pattern.slice(0, slash);
  return hasWildcard(labelsOf(host).slice(-2).join('.')) ? undefined : host;
}

function labelsOf(host: string): string[] {
  return host.replace(/:[^:\]]*$/, '').split('.');
}

/**
 * Whether a pattern of skipImageReferences fits owners that anyone may become: a wildcard in an owner's name at a registry that everyone
 * shares (`ghcr.io/acme*`). One that is all of the registry (`ghcr.io/*`) is plain enough.
 */
export function skipsOpenOwner(pattern: string): boolean {
  const host = literalHost(pattern);
  if (host === undefined || !shared.has(host)) return false;
  const [owner = '', ...more] = pattern.slice(pattern.indexOf('/') + 1).split('/');
  return hasWildcard(owner) && (more.length > 0 || !/^\*(?:[:@]|$)/.test(owner));
}
