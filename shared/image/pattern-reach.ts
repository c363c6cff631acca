import { digestGrammar, parseDigest } from './digest.ts';
import { canonicalHost, hostGrammar, isHost } from './host.ts';
import { covers, skips, splitPattern } from './pattern.ts';
import { possibleIn } from './possible.ts';
import { type ImageReference, maxText, parseReference, pathGrammar, tagGrammar } from './reference.ts';
import { hasWildcard } from './wildcard.ts';

/** Of the texts that patterns are compared with, as compilePattern makes them, each in its grammar. */
const [host, path, tag, digest] = [hostGrammar, pathGrammar, tagGrammar, digestGrammar].map(
  ({ source }) => `(?:${source.slice(1, -1)})`,
);
const possibleHost = possibleIn(hostGrammar, maxText);
const possibleName = possibleIn(new RegExp(`^${host}/${path}$`), maxText);
const possibleCover = possibleIn(new RegExp(`^${host}/${path}(?::${tag}(?:@${digest})?|@${digest})$`), maxText);
const possibleSkip = possibleIn(new RegExp(`^${host}/${path}(?::${tag}|@${digest})$`), maxText);
const possibleSkipPath = possibleIn(new RegExp(`^${path}(?::${tag}|@${digest})$`), maxText);

/** Whether there can be an image that the pattern covers, as one of imageReferences. */
export function canCover(pattern: string): boolean {
  const slash = pattern.indexOf('/');
  const first = pattern.slice(0, Math.max(0, slash));
  let text = pattern;
  if (isHost(first) && !hasWildcard(first)) {
    const canonical = canonicalHost(first);
    if (canonical === undefined) return false;
    text = canonical + pattern.slice(slash);
  }
  if (!canHaveDigest(text)) return false;
  const { name, names } = splitPattern(text);
  return (names !== 'some-tags' && possibleName(name)) || possibleCover(text);
}

/** Whether there can be an image that the pattern skips, as one of skipImageReferences. */
export function canSkip(pattern: string): boolean {
  if (!canHaveDigest(pattern)) return false;
  const slash = pattern.indexOf('/');
  if (slash === -1) return possibleSkip(pattern);
  const first = pattern.slice(0, slash);
  const fits = hasWildcard(first) ? possibleHost(first) : canonicalHost(first) === first;
  return fits && possibleSkipPath(pattern.slice(slash + 1));
}

/** A digest that is written out is one: its length is not left aside. */
function canHaveDigest(pattern: string): boolean {
  const at = pattern.indexOf('@');
  const written = pattern.slice(at + 1);
  return at === -1 || hasWildcard(written) || parseDigest(written) !== undefined;
}

/**
 * Whether skipImageReferences skip whatever imageReferences cover, so that nobody is ever asked. Told by example: the images hold a
 * word that no pattern to skip does, so whatever skips them skips what stands in the word's place.
 */
export function skipsAll(covering: readonly string[], skipping: readonly string[]): boolean {
  if (skipping.length === 0) return false;
  const word = wordOutside(skipping.join('\n'));
  return covering.every((pattern) => {
    const covered = examples(pattern, word).filter((reference) => covers(pattern, reference));
    return covered.length > 0 && covered.every((reference) => skipping.some((each) => skips(each, reference)));
  });
}

/** Images whose names are like the pattern, with `word` in the place of its wildcards, by tag and by digest. */
function examples(pattern: string, word: string): ImageReference[] {
  const found: ImageReference[] = [];
  if (pattern.length > maxText) return found;
  for (const filler of ['', word, `${word}.${word}/${word}`, `${word}/${word.repeat(8)}`]) {
    const name = pattern.replaceAll(/\*+/g, filler).replaceAll('?', 'q');
    for (const identifier of ['', `:${word}`, `@sha256:${'c'.repeat(64)}`]) {
      const parsed = parseReference(name + identifier);
      if ('reference' in parsed) found.push(parsed.reference);
    }
  }
  return found;
}

function wordOutside(text: string): string {
  for (let number = 7; ; number += 1) {
    const word = `q${number}z`;
    if (!text.includes(word)) return word;
  }
}
