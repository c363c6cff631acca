import { createHash } from 'node:crypto';
import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { type CredentialsRef, keyedBy } from '../plan/credentials.ts';
import { generationKey } from './generation.ts';
import { lengthPrefixed } from './seal.ts';
import type { Key } from './table.ts';

/** A verification's key, and one string that names it. */
export interface VerificationKey extends Key {
  readonly id: string;
}

/** Entries after which the book is closed and a new one begun: names are a caller's text, so they must not pile up. */
const maxEntries = 10_000;

/**
 * The keys of what has been asked for, made once: on a warm review their strings would be most of the ledger's work. A key is
 * told by its text, never by its object.
 */
export class KeyBook {
  readonly #engine: string;
  #repositories = new Map<string, RepositoryKeys>();
  /** The one asked for last: to spare joining and hashing its names again and again within a review. */
  #last: { readonly repository: Repository; readonly keys: RepositoryKeys } | undefined;
  #sortKeys = new Map<string, string>();
  #entries = 0;

  /** @param engine hash of the build, which is part of what a check means; empty where memory does not outlive it. */
  constructor(engine: string) {
    this.#engine = engine;
  }

  repository(repository: Repository): RepositoryKeys {
    if (this.#last?.repository === repository) return this.#last.keys;
    const name = repositoryName(repository);
    let keys = this.#repositories.get(name);
    if (keys === undefined) {
      this.#note();
      keys = new RepositoryKeys(name, () => this.#note());
      this.#repositories.set(name, keys);
    }
    this.#last = { repository, keys };
    return keys;
  }

  verification(digest: DigestKeys, checkHash: string): VerificationKey {
    let sk = this.#sortKeys.get(checkHash);
    if (sk === undefined) {
      this.#note();
      const hash = createHash('sha256').update(lengthPrefixed(checkHash)).update(lengthPrefixed(this.#engine));
      sk = `check#${hash.digest('hex')}`;
      this.#sortKeys.set(checkHash, sk);
    }
    return digest.verification(sk);
  }

  /** Counts a new entry; keys that a caller still holds stay good. */
  #note(): void {
    this.#entries += 1;
    if (this.#entries <= maxEntries) return;
    this.#repositories = new Map();
    this.#last = undefined;
    this.#sortKeys = new Map();
    this.#entries = 1;
  }
}

export class RepositoryKeys {
  readonly generation: Key;
  readonly #name: string;
  readonly #note: () => void;
  readonly #pointers = new Map<string, Key>();
  readonly #digests = new Map<Digest, DigestKeys>();

  constructor(name: string, note: () => void) {
    this.generation = generationKey(name);
    this.#name = name;
    this.#note = note;
  }

  pointer(tag: string, credentials: CredentialsRef): Key {
    const text = keyedBy(credentials, tag);
    let key = this.#pointers.get(text);
    if (key === undefined) {
      this.#note();
      key = { pk: `tag#${this.#name}:${text}`, sk: 'pointer' };
      this.#pointers.set(text, key);
    }
    return key;
  }

  digest(digest: Digest): DigestKeys {
    let keys = this.#digests.get(digest);
    if (keys === undefined) {
      this.#note();
      keys = new DigestKeys(this.#name, digest, this.#note);
      this.#digests.set(digest, keys);
    }
    return keys;
  }
}

export class DigestKeys {
  readonly generation: Key;
  readonly #pk: string;
  readonly #note: () => void;
  readonly #verifications = new Map<string, VerificationKey>();

  constructor(name: string, digest: Digest, note: () => void) {
    this.generation = generationKey(name, digest);
    this.#pk = `img#${name}@${digest}`;
    this.#note = note;
  }

  verification(sk: string): VerificationKey {
    let key = this.#verifications.get(sk);
    if (key === undefined) {
      this.#note();
      key = { pk: this.#pk, sk, id: `${this.#pk}\n${sk}` };
      this.#verifications.set(sk, key);
    }
    return key;
  }
}
