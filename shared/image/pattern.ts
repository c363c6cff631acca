import { canonicalHost, dockerHub, isHost } from './host.ts';
import type { ImageReference } from './reference.ts';
import { registryNames } from './registry-names.ts';
import { compileWildcard, hasWildcard } from './wildcard.ts';

/** One pattern of imageReferences or skipImageReferences, compiled. */
export interface ImagePattern {
  readonly text: string;
  /**
   * As a pattern of imageReferences: whether any spelling of the reference matches. Spellings are the names of its registry,
   * each with port 443 and without, on Docker Hub with and without `library/`, and, given a digest, `name:tag`,
   * `name@digest` and `name:tag@digest`. A pattern that names no tag, or every tag (`:*`), is asked of the bare name too, so
   * that it covers a repository's tags and digests alike. The host that a pattern spells out is read as an image's is.
   */
  covers(reference: ImageReference): boolean;
  /**
   * As a pattern of skipImageReferences: literally, of `name@digest` alone where there is a digest (the tag is decoration
   * then, and whoever writes the image chooses it), else of `name:tag`; Docker Hub with and without `library/`. What stands
   * before the pattern's first `/` is compared with the host alone, port included, since the path too is its author's
   * choice. Of a registry's names the one that is written counts.
   */
  skips(reference: ImageReference): boolean;
}

export function compilePattern(pattern: string): ImagePattern {
  return { text: pattern, covers: compileCover(pattern), skips: compileSkip(pattern) };
}

type Asks = (reference: ImageReference) => boolean;

function compileCover(pattern: string): Asks {
  const host = literalHost(pattern);
  const parts = splitPattern(host === undefined ? pattern : host + pattern.slice(pattern.indexOf('/')));
  const whole = compileWildcard(parts.text);
  const bare = parts.names === 'some-tags' ? undefined : compileWildcard(parts.name);
  const fits = (name: string, reference: ImageReference) => {
    if (bare?.(name) === true) return true;
    for (const identifier of identifiers(reference)) if (whole(name + identifier)) return true;
    return false;
  };
  if (host !== undefined) {
    const hosts = new Set(registryNames(host));
    const paths = hosts.has(dockerHub) ? hubPaths : onePath;
    return (reference) => {
      const { registry, path } = reference.repository;
      return hosts.has(registry) && paths(path).some((each) => fits(`${host}/${each}`, reference));
    };
  }
  // Without these characters `:443` can only be what a `*` stands for, which stands for nothing as well.
  const mayNamePort = /[:?43]/.test(pattern);
  return (reference) => {
    const { registry, path } = reference.repository;
    if (fits(`${registry}/${path}`, reference)) return true;
    const names = registryNames(registry);
    const paths = names.includes(dockerHub) ? hubPaths(path) : onePath(path);
    for (const each of mayNamePort ? names.flatMap(withPort) : names) {
      if (paths.some((one) => fits(`${each}/${one}`, reference))) return true;
    }
    return false;
  };
}

function compileSkip(pattern: string): Asks {
  const slash = pattern.indexOf('/');
  const host = compileWildcard(slash === -1 ? '*' : pattern.slice(0, slash));
  const rest = compileWildcard(pattern.slice(slash + 1));
  return (reference) => {
    const { registry, path } = reference.repository;
    if (!host(registry)) return false;
    const identifier = reference.digest === undefined ? `:${reference.tag}` : `@${reference.digest}`;
    const before = slash === -1 ? `${registry}/` : '';
    const paths = registry === dockerHub ? hubPaths(path) : onePath(path);
    return paths.some((each) => rest(before + each + identifier));
  };
}

const compiledLists = new WeakMap<readonly string[], readonly ImagePattern[]>();

/** The patterns of a list that lives as long as its policy; compiled once per list, and forgotten with it. */
export function compilePatterns(patterns: readonly string[]): readonly ImagePattern[] {
  let compiled = compiledLists.get(patterns);
  if (compiled === undefined) {
    compiled = patterns.map(compilePattern);
    compiledLists.set(patterns, compiled);
  }
  return compiled;
}

/** compilePattern(pattern).covers(reference), for those who ask once. */
export function covers(pattern: string, reference: ImageReference): boolean {
  return compilePattern(pattern).covers(reference);
}

/** compilePattern(pattern).skips(reference), for those who ask once. */
export function skips(pattern: string, reference: ImageReference): boolean {
  return compilePattern(pattern).skips(reference);
}

/**
 * The pattern without its tag or digest, if it names some of them and not all: such a pattern binds only those who write
 * such a tag, since any digest may be written under any tag or none. `undefined` where nothing is to be proposed.
 */
export function namesSomeTags(pattern: string): string | undefined {
  const parts = splitPattern(pattern);
  return parts.names === 'some-tags' ? parts.name : undefined;
}

/**
 * For a pattern that begins with a name which is no registry, as `nginx*` and `acme/app`: the pattern as it would be written
 * with Docker Hub's. It covers nothing that people mean by it, since every image is compared with its registry written out.
 */
export function withoutRegistry(pattern: string): string | undefined {
  const slash = pattern.indexOf('/');
  const first = slash === -1 ? pattern : pattern.slice(0, slash);
  const literal = first.replace(/[*?].*$/, '');
  if (literal === '' || isHost(literal)) return undefined;
  if (slash === -1) return `${dockerHub}/library/${pattern}`;
  return hasWildcard(first) ? undefined : `${dockerHub}/${pattern}`;
}

/**
 * Whether a pattern of skipImageReferences fits registries that anyone may set up: with a wildcard in the host's last two labels,
 * where a domain has its owner (`*`, `ghcr.io*`, `*example.com`), or, without a `/`, at its beginning.
 */
export function skipsOpenHost(pattern: string): boolean {
  const slash = pattern.indexOf('/');
  if (slash === -1 && /^[*?]/.test(pattern)) return true;
  const host = slash === -1 ? pattern : pattern.slice(0, slash);
  const name = host.replace(/:[^:\]]*$/, '');
  return hasWildcard(name.split('.').slice(-2).join('.'));
}

/** The registry that a pattern names without wildcards, in canonical form; `undefined` where its host is open or unwritten. */
export function literalHost(pattern: string): string | undefined {
  const slash = pattern.indexOf('/');
  if (slash === -1) return undefined;
  const host = pattern.slice(0, slash);
  return hasWildcard(host) || !isHost(host) ? undefined : canonicalHost(host);
}

interface PatternParts {
  readonly text: string;
  /** What stands before the tag and the digest. */
  readonly name: string;
  readonly names: 'no-tag' | 'every-tag' | 'some-tags';
}

export function splitPattern(text: string): PatternParts {
  const at = text.indexOf('@');
  const tagged = at === -1 ? text : text.slice(0, at);
  const slash = tagged.lastIndexOf('/');
  const colon = tagged.lastIndexOf(':');
  // `localhost:5000*`: a colon after a literal first component begins a port.
  const isPort = slash === -1 && !hasWildcard(tagged.slice(0, colon));
  const hasTag = colon > slash && !isPort;
  const name = hasTag ? tagged.slice(0, colon) : tagged;
  if (at !== -1) return { text, name, names: 'some-tags' };
  if (!hasTag) return { text, name, names: 'no-tag' };
  return { text, name, names: matchesEveryTag(tagged.slice(colon + 1)) ? 'every-tag' : 'some-tags' };
}

/** Stars alone, or with one `?`, since no tag is empty. */
function matchesEveryTag(tag: string): boolean {
  return ['*', '?*', '*?', '*?*'].includes(tag.replaceAll(/\*+/g, '*'));
}

/** A registry's name with port 443 and without: the same, unless another port is written, or only the port tells it from a path. */
function withPort(name: string): readonly string[] {
  const hasPort = name.lastIndexOf(':') > name.lastIndexOf(']');
  return hasPort ? [name] : [name, `${name}:443`];
}

const officialImage = /^library\/([^/]+)$/;

function onePath(path: string): readonly string[] {
  return [path];
}

/** A path on Docker Hub; an official image's with and without `library/`. */
function hubPaths(path: string): readonly string[] {
  const short = officialImage.exec(path)?.[1];
  if (short !== undefined) return [path, short];
  return path.includes('/') ? [path] : [path, `library/${path}`];
}

function identifiers({ tag, digest }: ImageReference): string[] {
  if (digest === undefined) return [`:${tag}`];
  return tag === undefined ? [`@${digest}`] : [`:${tag}`, `@${digest}`, `:${tag}@${digest}`];
}
