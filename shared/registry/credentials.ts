import { isJsonObject } from '../admission/json.ts';
import { registryName, registryNames } from '../image/registry-names.ts';
import type { Repository } from '../image/repository.ts';
import { matchesLabels, splitHost } from '../net/hosts.ts';
import { quoted } from '../printable.ts';
import { canonicalRegistry } from './endpoint.ts';

export type Credential = (
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** Docker's `identitytoken`: an OAuth2 refresh token for the registry's token server. */
  | { readonly kind: 'identity-token'; readonly username: string; readonly token: string }
  /** Docker's `registrytoken`: a bearer token for the registry itself. */
  | { readonly kind: 'registry-token'; readonly token: string }
) & {
  /** What it is configured for, in the words of messages: `ghcr.io/acme`. */
  readonly for?: string;
  /** The registry's own service has just issued it: who is refused a repository with it (403) is let in all the same. */
  readonly issued?: true;
};

/** Who asks for a credential gets the one for exactly this repository, or none. */
export interface CredentialSource {
  find(repository: Repository): Credential | undefined | Promise<Credential | undefined>;
}

export interface Credentials extends CredentialSource {
  find(repository: Repository): Credential | undefined;
  /** What the file holds that is not used, for people: never a secret. */
  readonly warnings: readonly string[];
}

export const noCredentials: Credentials = { find: () => undefined, warnings: [] };

/** The text is no docker config. The message quotes nothing of it. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

interface Login {
  readonly host: string;
  /** Path prefix, without slashes at its ends; empty for the whole host. */
  readonly path: string;
  readonly glob: boolean;
  readonly credential: Credential;
}

/**
 * Reads a docker config (`~/.docker/config.json`, a Secret's `.dockerconfigjson`): `auths` with `auth`, `username` and
 * `password`, `identitytoken`, `registrytoken`. Credential helpers and stores run programs and are not supported: they
 * become warnings. Throws CredentialsError.
 *
 * Matching is kubelet's and containers-auth.json(5)'s: the host exactly, its port included, or a glob by label; of several
 * keys for a host the longest path prefix, cut at a slash; an exact host before a glob. A registry has the credential of each
 * of its names (registryNames): docker keeps Docker Hub's under `https://index.docker.io/v1/`.
 */
export function parseDockerConfig(text: string): Credentials {
  const config = parseObject(text);
  const auths = config['auths'] ?? {};
  if (!isJsonObject(auths)) throw new CredentialsError('the docker config has an "auths" that is no object');
  const warnings: string[] = [];
  for (const field of ['credsStore', 'credHelpers']) {
    if (config[field] !== undefined) warnings.push(`${field} in the docker config is not supported and not used`);
  }
  const logins: Login[] = [];
  for (const [key, value] of Object.entries(auths)) {
    const credential = isJsonObject(value) ? readCredential(value) : 'malformed';
    if (credential === 'malformed') warnings.push(`the docker config's entry for ${quoted(key, 100)} is not readable`);
    else if (credential !== undefined) {
      const { host, path, glob } = readKey(key);
      logins.push({ host, path, glob, credential: { ...credential, for: path === '' ? host : `${host}/${path}` } });
    }
  }
  logins.sort((a, b) => Number(a.glob) - Number(b.glob) || b.path.length - a.path.length);
  return { find: (repository) => logins.find((login) => covers(login, repository))?.credential, warnings };
}

function covers({ host, path, glob }: Login, repository: Repository): boolean {
  if (path !== '' && repository.path !== path && !repository.path.startsWith(`${path}/`)) return false;
  if (!glob) return host === registryName(repository.registry);
  const wanted = splitHost(host);
  return registryNames(repository.registry)
    .map(splitHost)
    .some((actual) => {
      return wanted.port === actual.port && matchesLabels(wanted.name, actual.name);
    });
}

/** `https://index.docker.io/v1/`, `ghcr.io`, `registry.example:5000/team`, `*.example.com`. */
function readKey(key: string): { host: string; path: string; glob: boolean } {
  const bare = key.trim().replace(/^https?:\/\//i, '');
  const slash = bare.indexOf('/');
  const host = canonicalRegistry(slash < 0 ? bare : bare.slice(0, slash));
  const path = slash < 0 ? '' : bare.slice(slash).replace(/^\/+|\/+$/g, '');
  // `/v1/` and `/v2/` are where the API is, not a part of a name.
  return { host, path: path.replace(/^v[12](?:\/|$)/, ''), glob: /[*?]/.test(host) };
}

function readCredential(login: Readonly<Record<string, unknown>>): Credential | 'malformed' | undefined {
  const field = (name: string) => {
    const value = login[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const registryToken = field('registrytoken');
  if (registryToken !== undefined) return { kind: 'registry-token', token: registryToken };
  const auth = field('auth');
  const pair = auth === undefined ? { username: field('username'), password: field('password') } : decodeAuth(auth);
  if (pair === undefined) return 'malformed';
  const username = pair.username ?? '';
  const identityToken = field('identitytoken') ?? (username === '<token>' ? pair.password : undefined);
  if (identityToken !== undefined) return { kind: 'identity-token', username, token: identityToken };
  if (username === '' && pair.password === undefined) return undefined;
  // A colon would end the name early in the header that is made of it (RFC 7617 §2).
  return username.includes(':') ? 'malformed' : { kind: 'basic', username, password: pair.password ?? '' };
}

/** Base64 of `user:password`; a password may hold colons. Docker has written NUL bytes at the end. */
function decodeAuth(auth: string): { username: string; password: string | undefined } | undefined {
  if (!/^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/.test(auth)) return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const password = text.slice(colon + 1);
  return { username: text.slice(0, colon), password: password === '' ? undefined : password };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and the text holds passwords.
    throw new CredentialsError('the docker config is no JSON');
  }
  if (!isJsonObject(value)) throw new CredentialsError('the docker config is no JSON object');
  return value;
}
