import { canonicalHost, dockerHub, isHost } from './host.ts';
import type { ImageReference } from './reference.ts';
import { registryNames } from './registry-names.ts';
import { hubPaths, Spellings, type Texts } from './spellings.ts';
import { compileWildcard, hasWildcard } from './wildcard.ts';

/** One pattern of imageReferences or skipImageReferences, compiled. */
export interface ImagePattern {
  readonly text: string;
  /**
   * As a pattern of imageReferences: whether any of an image's spellings matches. These are the names of its registry,
   * each with port 443 and without, on Docker Hub with and without `library/`, and, given a digest, `name:tag`,
   * `name@digest` and `name:tag@digest`. A pattern that names no tag, or every tag (`:*`), is asked of the bare name too, so
   * that it covers a repository's tags and digests alike. The host that a pattern spells out is read as an image's is.
   */
  covers(spellings: Spellings): boolean;
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

function compileCover(pattern: string): ImagePattern['covers'] {
  const host = literalHost(pattern);
  const parts = splitPattern(host === undefined ? pattern : host + pattern.slice(pattern.indexOf('/')));
  const whole = compileWildcard(parts.text);
  // What ends with a star fits the longer text where it fits the shorter: the longest are enough.
  const ends = parts.text.endsWith('*') ? 'longest' : 'identified';
  const isImplied = parts.names === 'some-tags' || (parts.names === 'no-tag' && ends === 'longest');
  const bare = isImplied ? undefined : compileWildcard(parts.name);
  if (host !== undefined) {
    const hosts = new Set(registryNames(host));
    const paths = hosts.has(dockerHub) ? hubPaths : onePath;
    return ({ reference, identifiers, longest }) => {
      const { registry, path } = reference.repository;
      if (!hosts.has(registry)) return false;
      for (const each of paths(path)) {
        const name = `${host}/${each}`;
        if (bare?.(name) === true) return true;
        for (const end of ends === 'longest' ? longest : identifiers) if (whole(name + end)) return true;
      }
      return false;
    };
  }
  const fits = (texts: Texts) => (bare !== undefined && texts.names.some(bare)) || texts[ends].some(whole);
  // Without these characters `:443` can only be what a `*` stands for, which stands for nothing as well.
  const mayNamePort = /[:?43]/.test(pattern);
  return (spellings) => fits(spellings.written) || fits(mayNamePort ? spellings.allWithPorts : spellings.all);
}

function compileSkip(pattern: string): ImagePattern['skips'] {
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

/** Whether compilePattern(pattern) covers an image, for those who ask once. */
export function covers(pattern: string, reference: ImageReference): boolean {
  return compilePattern(pattern).covers(new Spellings(reference));
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

/** The registry that a pattern names without wildcards, in canonical form; `undefined` where its host is open or unwritten. */
export function literalHost(pattern: string): string | undefined {
  const slash = pattern.indexOf('/');
  if (slash === -1) return undefined;
  const host = pattern.slice(0, slash);
  return hasWildcard(host) || !isHost(host) ? undefined : canonicalHost(host);
}

interface SplitPattern {
  readonly text: string;
  /** What stands before the tag and the digest. */
  readonly name: string;
  readonly names: 'no-tag' | 'every-tag' | 'some-tags';
}

export function splitPattern(text: string): SplitPattern {
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

function onePath(path: string): readonly string[] {
  return [path];
}
