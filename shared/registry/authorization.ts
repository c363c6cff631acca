import { LRUCache } from 'lru-cache';
import { ecrRegistry, registryName } from '../image/registry-names.ts';
import type { Repository } from '../image/repository.ts';
import { apart } from '../net/apart.ts';
import type { Spending } from '../net/spending.ts';
import { Refusal } from '../reasons.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credential } from './credentials.ts';
import { notReadable, unauthorized, unknownIfLetIn } from './not-readable.ts';
import { mayHaveCredentials, parseRealm } from './realm.ts';
import { basic, isNoToken, type Tokens, type TokenWant } from './token.ts';

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

/** An Authorization header, and the credential that went into it; none for an anonymous token. */
export interface Authorization {
  readonly header: string;
  readonly as: Credential | undefined;
  /** By what the registry asked for elsewhere: where it is refused, the registry is asked what it wants here. */
  readonly guessed?: boolean;
}

/** All methods throw Refusal; `image-not-readable` where a token server lets us in and refuses this repository. */
export interface Authorizer {
  /** What to send at once, by what the registry has asked for before. */
  standing(asking: Asking, spending: Spending): Promise<Authorization | undefined>;
  /**
   * What a 401's challenges ask for, other than `refused`, which has just been sent; `undefined` if there is none, so that
   * asking again is of no use.
   */
  challenged(
    asking: Asking,
    challenges: string | undefined,
    refused: Authorization | undefined,
    spending: Spending,
  ): Promise<Authorization | undefined>;
  /** What the challenges of a host ask for, that a registry redirected to. Nothing is learned about that host: another chose what it is asked. */
  challengedElsewhere(
    asking: Asking,
    challenges: string | undefined,
    spending: Spending,
  ): Promise<Authorization | undefined>;
  /** What the challenges of `/v2/` ask for. The scope that some registries write there is an example, and not taken. */
  challengedAtRoot(
    asking: Asking,
    challenges: string | undefined,
    spending: Spending,
  ): Promise<Authorization | undefined>;
  /** A token in place of one that was kept and has just been refused (403), since rights may have been granted meanwhile. */
  renewed(asking: Asking, refused: Authorization, spending: Spending): Promise<Authorization | undefined>;
  /** Forgets what the registry has asked for, for this repository. */
  forget(asking: Asking, spending: Spending): void;
}

const bearerPrefix = 'Bearer ';

/**
 * How registries are authorized with. What one asked for is remembered by host and repository, and by host for its other
 * repositories, so that a challenge costs its two rounds once.
 */
export function createAuthorizer(tokens: Tokens, realms: Readonly<Record<string, readonly string[]>>): Authorizer {
  const remembered = apart(() => new LRUCache<string, Learned>({ max: 2000 }));

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

  /** A token for the repository, other than the one in `refused`. */
  async function bearer(
    asking: Asking,
    challenge: Bearer,
    spending: Spending,
    refused?: Authorization,
  ): Promise<Authorization> {
    const want = wanted(asking, challenge);
    const before = refused?.header.startsWith(bearerPrefix) ? refused.header.slice(bearerPrefix.length) : undefined;
    try {
      return { header: bearerPrefix + (await tokens.get(want, spending, before)), as: want.credential };
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      const { reason, message } = thrown;
      const refusedUs = reason === 'registry-unauthorized';
      if (!refusedUs && !isNoToken(thrown)) throw thrown;
      const closed = notReadable(asking, want.credential, message);
      if (await letsIn(want, refusedUs, spending)) throw closed;
      throw refusedUs ? unknownIfLetIn(unauthorized(asking, want.credential, message), closed) : thrown;
    }
  }

  /**
   * A token server that gives no token for a repository: does it give anyone one? Without a scope it is asked for no repository.
   * One that refuses us (`refusedUs`) with a scope, and answers for good and otherwise without, refuses not everyone: it wants a scope.
   */
  async function letsIn(want: TokenWant, refusedUs: boolean, spending: Spending): Promise<boolean> {
    try {
      await tokens.get({ ...want, scopes: [] }, spending);
      return true;
    } catch (thrown) {
      if (thrown instanceof Refusal) return refusedUs && isNoToken(thrown);
      throw thrown;
    }
  }

  async function answer(
    asking: Asking,
    challenge: Learned | undefined,
    refused: Authorization | undefined,
    spending: Spending,
  ): Promise<Authorization | undefined> {
    const found = await given(asking, challenge, refused, spending);
    if (challenge === undefined || asking.credential?.kind === 'registry-token') return undefined;
    const learned = remembered(spending);
    // Only now: a realm that is refused, or gives no token, is not asked unasked from here on.
    learned.set(repositoryKey(asking), challenge);
    learned.set(asking.at.origin, challenge.scheme === 'basic' ? challenge : { ...challenge, scopes: undefined });
    return found?.header === refused?.header ? undefined : found;
  }

  async function given(
    asking: Asking,
    challenge: Learned | undefined,
    refused: Authorization | undefined,
    spending: Spending,
  ): Promise<Authorization | undefined> {
    if (challenge === undefined || asking.credential?.kind === 'registry-token') return undefined;
    return challenge.scheme === 'basic' ? basicAs(asking.credential) : bearer(asking, challenge, spending, refused);
  }

  return {
    async standing(asking, spending) {
      const { at, repository, credential } = asking;
      const learned = remembered(spending);
      if (credential?.kind === 'registry-token') return { header: bearerPrefix + credential.token, as: credential };
      const own = learned.get(repositoryKey(asking));
      const before = own ?? learned.get(at.origin);
      // Of this repository the registry may want something else than of its others, or than scopes of others.
      const guessed = own === undefined || (own.scheme === 'bearer' && own.scopes !== undefined);
      if (before?.scheme === 'bearer') {
        try {
          return { ...(await bearer(asking, before, spending)), guessed };
        } catch (thrown) {
          const reason = thrown instanceof Refusal ? thrown.reason : undefined;
          const answered = reason === 'image-not-readable';
          if (guessed && (answered || reason === 'registry-unauthorized')) {
            learned.delete(repositoryKey(asking));
            return undefined;
          }
          // The registry may have another token server by now: the next request asks it again.
          if (!answered) {
            learned.delete(repositoryKey(asking));
            learned.delete(at.origin);
          }
          throw thrown;
        }
      }
      // ECR takes Basic without asking for it; any other registry has to ask once.
      const unasked =
        before === undefined && credential?.kind === 'basic' && ecrRegistry(repository.registry) !== undefined;
      const found = before?.scheme === 'basic' || unasked ? basicAs(credential) : undefined;
      return found && { ...found, guessed: guessed && !unasked };
    },

    challenged: (asking, challenges, refused, spending) =>
      answer(asking, choose(parseChallenges(challenges ?? ''), asking.repository.path), refused, spending),

    challengedElsewhere: (asking, challenges, spending) =>
      given(asking, choose(parseChallenges(challenges ?? ''), asking.repository.path), undefined, spending),

    challengedAtRoot(asking, challenges, spending) {
      const challenge = choose(parseChallenges(challenges ?? ''), asking.repository.path);
      const unscoped = challenge?.scheme === 'bearer' ? { ...challenge, scopes: undefined } : challenge;
      return answer(asking, unscoped, undefined, spending);
    },

    async renewed(asking, refused, spending) {
      const learned = remembered(spending);
      const before = learned.get(repositoryKey(asking)) ?? learned.get(asking.at.origin);
      if (before?.scheme !== 'bearer' || asking.credential?.kind === 'registry-token') return undefined;
      return bearer(asking, before, spending, refused);
    },

    forget: (asking, spending) => void remembered(spending).delete(repositoryKey(asking)),
  };
}

function basicAs(credential: Credential | undefined): Authorization | undefined {
  const header = basic(credential);
  return header === undefined ? undefined : { header, as: credential };
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
