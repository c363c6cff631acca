import { canonicalHost, isHost } from '../../image/host.ts';
import { withoutRegistry } from '../../image/pattern.ts';
import { canCover, canSkip } from '../../image/pattern-reach.ts';
import { hasWildcard } from '../../image/wildcard.ts';
import { quoted } from '../../printable.ts';

/** Words for what a pattern was likely meant to be, or nothing. */
type Advice = (pattern: string) => string | undefined;
type List = 'imageReferences' | 'skipImageReferences';

/**
 * What an image pattern that can match nothing was likely meant to be, as the end of a sentence; empty where nothing is likely. That
 * it matches nothing is decided by the grammar (canCover, canSkip); here are words for it.
 */
export function imageAdvice(pattern: string, list: List): string {
  return firstOf([...general, withoutNot('skipImageReferences'), ...ofImages(list)], pattern);
}

/** The same for a pattern of names: of namespaces, or of objects. */
export function nameAdvice(pattern: string): string {
  return firstOf([...general, withoutNot('exclude'), lowerCase(() => true), withItsEnd], pattern);
}

function firstOf(advices: readonly Advice[], pattern: string): string {
  for (const advice of advices) {
    const words = advice(pattern);
    if (words !== undefined) return `: ${words}`;
  }
  return '';
}

/** In order: what hides the rest of the pattern comes first. */
const general: readonly Advice[] = [
  when(/,/, () => 'write each pattern as an element of its own'),
  when(/\s/, () => 'leave the white space out'),
  when(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, (scheme) => `leave ${scheme} out`),
  when(/^\^|\$$|[\\|()+]/, () => "'*' is any characters and '?' is one: regular expressions are not read"),
  when(
    /[{}]|\[(?![0-9a-f]*:)/i,
    () => "'*' and '?' are the only wildcards: write each alternative as an element of its own",
  ),
];

function withoutNot(field: string): Advice {
  return when(/^!/, () => `no pattern says "not": write in ${field} what is left out`);
}

const withItsEnd = when(
  /^.*-$/,
  (start) => `a name ends in no '-', a generated one neither: write ${quoted(`${start}*`, 200)}`,
);

function lowerCase(isBetter: (pattern: string) => boolean): Advice {
  return (pattern) => {
    const lower = pattern.replace(/^[^:@]*(?::\d+\/[^:@]*)?/, (name) => name.toLowerCase());
    return lower !== pattern && isBetter(lower) ? `names are in lower case: write ${quoted(lower, 200)}` : undefined;
  };
}

function ofImages(list: List): readonly Advice[] {
  const skipping = list === 'skipImageReferences';
  const can = skipping ? canSkip : canCover;
  return [
    (pattern) => (pattern.endsWith('/') ? `write ${quoted(`${pattern}*`, 200)}` : undefined),
    (pattern) => {
      const corrected = pattern.replace(/^([^/]*)\.(?=\/|:\d)/, '$1');
      if (corrected === pattern || !can(corrected)) return undefined;
      return `leave the dot at the end of the host out: write ${quoted(corrected, 200)}`;
    },
    lowerCase(can),
    (pattern) => {
      const slash = pattern.indexOf('/');
      const host = pattern.slice(0, Math.max(0, slash));
      const canonical = skipping && !hasWildcard(host) ? canonicalHost(host) : undefined;
      if (canonical === undefined || canonical === host) return undefined;
      return `images have the registry's name as ${canonical}: write ${quoted(canonical + pattern.slice(slash), 200)}`;
    },
    (pattern) => {
      const proposed = withoutRegistry(pattern);
      const written = proposed === undefined ? undefined : skipping ? identified(proposed) : quoted(proposed, 200);
      if (proposed === undefined || written === undefined) return undefined;
      return `it names no registry, and every image is compared with its registry written out: for Docker Hub, write ${written}`;
    },
    (pattern) =>
      isHost(pattern) && canonicalHost(pattern) !== undefined ? `write ${quoted(`${pattern}/*`, 200)}` : undefined,
    (pattern) => {
      const written = skipping ? identified(pattern) : undefined;
      return written && `images are compared with their tag, or with their digest if they have one: write ${written}`;
    },
    when(/@/, () => 'a digest is sha256: and 64, or sha512: and 128, lower-case hexadecimal digits'),
  ];
}

/** How to skip what the pattern names: as it is, or a name's tags and digests, or without the tag beside a digest. */
function identified(pattern: string): string | undefined {
  if (canSkip(pattern)) return quoted(pattern, 200);
  if (canSkip(`${pattern}:*`)) return `${quoted(`${pattern}:*`, 200)} and ${quoted(`${pattern}@*`, 200)}`;
  const untagged = pattern.replace(/:[^:/@]*(?=@)/, '');
  return canSkip(untagged) ? quoted(untagged, 200) : undefined;
}

function when(test: RegExp, words: (found: string) => string): Advice {
  return (pattern) => {
    const found = test.exec(pattern);
    return found === null ? undefined : words(found[0]);
  };
}
