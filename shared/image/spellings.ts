import { dockerHub } from './host.ts';
import type { ImageReference } from './reference.ts';
import { registryNames } from './registry-names.ts';

/** Texts that name one image. `longest` are those of `identified` that no other one continues. */
export interface Texts {
  /** `registry/path` alone. */
  readonly names: readonly string[];
  /** Each name with what identifies the image: `:tag`, `@digest`, `:tag@digest`. */
  readonly identified: readonly string[];
  readonly longest: readonly string[];
}

/** The texts under which patterns look for an image: made when first asked for, and once for all patterns. */
export class Spellings {
  readonly reference: ImageReference;
  readonly identifiers: readonly string[];
  /** Those of `identifiers` that no other one continues. */
  readonly longest: readonly string[];
  #written: Texts | undefined;
  #all: Texts | undefined;
  #allWithPorts: Texts | undefined;

  constructor(reference: ImageReference) {
    const { tag, digest } = reference;
    this.reference = reference;
    if (digest === undefined) {
      this.identifiers = [`:${tag}`];
      this.longest = this.identifiers;
    } else if (tag === undefined) {
      this.identifiers = [`@${digest}`];
      this.longest = this.identifiers;
    } else {
      this.longest = [`@${digest}`, `:${tag}@${digest}`];
      this.identifiers = [`:${tag}`, ...this.longest];
    }
  }

  /** Under the name that is written. */
  get written(): Texts {
    const { registry, path } = this.reference.repository;
    this.#written ??= this.#texts([`${registry}/${path}`]);
    return this.#written;
  }

  /** Under every name of its registry; on Docker Hub with and without `library/`. */
  get all(): Texts {
    this.#all ??= this.#texts(this.#under((name) => [name]));
    return this.#all;
  }

  /** The same, each name also with port 443. */
  get allWithPorts(): Texts {
    this.#allWithPorts ??= this.#texts(this.#under(withPort));
    return this.#allWithPorts;
  }

  #under(ports: (host: string) => readonly string[]): string[] {
    const { registry, path } = this.reference.repository;
    const hosts = registryNames(registry);
    const paths = hosts.includes(dockerHub) ? hubPaths(path) : [path];
    return hosts.flatMap(ports).flatMap((host) => paths.map((each) => `${host}/${each}`));
  }

  #texts(names: readonly string[]): Texts {
    const identified = (by: readonly string[]) => names.flatMap((name) => by.map((identifier) => name + identifier));
    return { names, identified: identified(this.identifiers), longest: identified(this.longest) };
  }
}

const officialImage = /^library\/([^/]+)$/;

/** A path on Docker Hub; an official image's with and without `library/`. */
export function hubPaths(path: string): readonly string[] {
  const short = officialImage.exec(path)?.[1];
  if (short !== undefined) return [path, short];
  return path.includes('/') ? [path] : [path, `library/${path}`];
}

/** A registry's name with port 443 and without: the same, unless another port is written, or only the port tells it from a path. */
export function withPort(name: string): readonly string[] {
  const hasPort = name.lastIndexOf(':') > name.lastIndexOf(']');
  return hasPort ? [name] : [name, `${name}:443`];
}
