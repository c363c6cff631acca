import { Refusal } from '../reasons.ts';

type Realms = Readonly<Record<string, readonly string[]>>;

/** Registry hosts whose token server is elsewhere, by the registry's name; the rest is told by `mayHaveCredentials`. */
const knownRealms: Realms = {
  'docker.io': ['auth.docker.io'],
  'registry.connect.redhat.com': ['sso.redhat.com'],
};

/**
 * The token server that a challenge of `registry` names. Refusals: `redirect-refused` for plain HTTP, unless the registry
 * itself is asked over it, and for what is no HTTP URL. The door's address rules apply beside.
 */
export function parseRealm(realm: string, registry: URL): URL {
  const refused = (why: string) => new Refusal('redirect-refused', `${registry.host} names a token server ${why}`);
  if (!URL.canParse(realm)) throw refused('that is no URL');
  const url = new URL(realm);
  if (url.username !== '' || url.password !== '') throw refused('with a user name in its URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && registry.protocol === 'http:')) {
    throw refused('that would have to be asked over plain HTTP');
  }
  url.hash = '';
  return url;
}

/**
 * Whether a registry's credential may be sent to a token server (CVE-2026-48978): to the registry's own host and port; to a
 * domain that the registry's host lies in, whose owner holds the registry's name as well (`gitlab.com` for
 * `registry.gitlab.com`); to those that are known or that the setting `realms` lists for the registry. All others are
 * asked for an anonymous token.
 *
 * `name` stands for all names of the registry (registryName): `docker.io` for `registry-1.docker.io`.
 */
export function mayHaveCredentials(realm: URL, registry: URL, name: string, realms: Realms): boolean {
  if (realm.origin === registry.origin || lists(realms, name, realm)) return true;
  if (realm.protocol !== 'https:') return false;
  if (lists(knownRealms, name, realm)) return true;
  return realm.port === '' && realm.hostname.includes('.') && registry.hostname.endsWith(`.${realm.hostname}`);
}

/** An image's author names the registry: `constructor` is no entry of any table. */
function lists(realms: Realms, name: string, { host }: URL): boolean {
  return Object.hasOwn(realms, name) && realms[name]?.includes(host) === true;
}
