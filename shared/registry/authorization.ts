import { LRUCache } from 'lru-cache';
import { ecrRegistry, registryName } from '../image/registry-names.ts';
import type { Repository } from '../image/repository.ts';
import type { Spending } from '../net/door.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credential } from './credentials.ts';
import { mayHaveCredentials, parseRealm } from './realm.ts';
import { basic, type Tokens, type TokenWant } from './token.ts';

/** A registry that is asked, for a repository, as someone. */
export interface Asking {
  /** Scheme, host and port of the registry. */
  readonly at: URL;
  readonly repository: Repository;
  readonly credential: Credential | undefined;
}

/** What a registry has asked for before; `scopes` only where they were not the usual ones. */
type Learned = { readonly scheme: 'basic' } | Bearer;

interface Bearer {
  readonly scheme: 'bearer';
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[] | undefined;
}

export interface Authorizer {
  /** The Authorization header to send at once, by what the registry has asked for before. Throws Refusal. */
  standing(asking: Asking, spending: Spending): Promise<string | undefined>;
  /**
   * The header that a 401's challenges ask for, other than `refused`, which has just been sent; `undefined` if there is
   * none, so that asking again is of no use. Throws Refusal.
   */
  challenged(
    asking: Asking,
    header: string | undefined,
    refused: string | undefined,
    spending: Spending,
  ): Promise<string | undefined>;
}

/**
 * How registries are authorized with. What one asked for is remembered by host and repository, and by host for its other
 * repositories, so that a challenge costs its two rounds once.
 */
export function createAuthorizer(tokens: Tokens, realms: Readonly<Record<string, readonly string[]>>): Authorizer {
  const learned = new LRUCache<string, Learned>({ max: 2000 });

  function wanted(asking: Asking, challenge: Bearer): TokenWant {
    const { at, repository, credential } = asking;
    const realm = parseRealm(challenge.realm, at);
    const allowed = mayHaveCredentials(realm, at, registryName(repository.registry), realms);
    return {
      registry: at,
      realm,
      service: challenge.service,
      scopes: challenge.scopes ?? [pullScope(repository.path)],
      credential: allowed ? credential : undefined,
    };
  }

  return {
    async standing(asking, spending) {
      const { at, repository, credential } = asking;
      if (credential?.kind === 'registry-token') return `Bearer ${credential.token}`;
      const known = learned.get(repositoryKey(asking)) ?? learned.get(at.origin);
      if (known?.scheme === 'bearer') {
        try {
          return `Bearer ${await tokens.get(wanted(asking, known), spending)}`;
        } catch (thrown) {
          // The registry may have another token server by now: the next request asks it again.
          learned.delete(repositoryKey(asking));
          learned.delete(at.origin);
          throw thrown;
        }
      }
      // ECR takes Basic without asking for it; any other registry has to ask once.
      const unasked =
        known === undefined && credential?.kind === 'basic' && ecrRegistry(repository.registry) !== undefined;
      return known?.scheme === 'basic' || unasked ? basic(credential) : undefined;
    },

    async challenged(asking, header, refused, spending) {
      if (asking.credential?.kind === 'registry-token') return undefined;
      const challenge = choose(parseChallenges(header ?? ''), asking.repository.path);
      if (challenge === undefined) return undefined;
      let answer: string | undefined;
      if (challenge.scheme === 'basic') {
        answer = basic(asking.credential);
      } else {
        const before = refused?.startsWith('Bearer ') ? refused.slice('Bearer '.length) : undefined;
        answer = `Bearer ${await tokens.get(wanted(asking, challenge), spending, before)}`;
      }
      // Only now: a realm that is refused, or gives no token, is not asked unasked from here on.
      learned.set(repositoryKey(asking), challenge);
      learned.set(asking.at.origin, challenge.scheme === 'basic' ? challenge : { ...challenge, scopes: undefined });
      return answer === refused ? undefined : answer;
    },
  };
}

function repositoryKey({ at, repository }: Asking): string {
  return `${at.origin}/${repository.path}`;
}

function pullScope(path: string): string {
  return `repository:${path}:pull`;
}

/** A token server is asked rather than the password sent with every request. */
function choose(challenges: readonly Challenge[], path: string): Learned | undefined {
  const bearer = challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters.get('realm') !== undefined,
  );
  const realm = bearer?.parameters.get('realm');
  if (bearer !== undefined && realm !== undefined) {
    const scopes = saneScopes(bearer.parameters.get('scope'));
    const own = scopes.length === 0 || (scopes.length === 1 && scopes[0] === pullScope(path));
    const service = bearer.parameters.get('service');
    return { scheme: 'bearer', realm, service, scopes: own ? undefined : scopes };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

/**
 * The scopes of a challenge that say which repository is to be pulled: proxies and mirrors know it by another name than
 * we do. Any right but to pull is left out, and so is what is no repository's scope; at most four are taken.
 */
function saneScopes(scope: string | undefined): string[] {
  const found = new Set<string>();
  for (const text of (scope ?? '').split(' ')) {
    const parts = /^repository:([a-z0-9]+(?:[._/-]+[a-z0-9]+)*):([a-z*,]+)$/.exec(text);
    const [, name, actions] = parts ?? [];
    if (name === undefined || name.length > 255 || actions === undefined) continue;
    if (actions.split(',').some((action) => action === 'pull' || action === '*')) found.add(pullScope(name));
  }
  return [...found].sort().slice(0, 4);
}
