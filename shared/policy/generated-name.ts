/** What an API server makes of a generateName: so many characters of it, and some of its own (apiserver/pkg/storage/names). */
const longestPrefix = 58;
const added = 5;
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Decided of a generateName, before there is a name. */
type Decides = (generateName: string) => boolean;

/** Whether one of the names that can be made of a generateName fits one of the patterns (compileWildcard). */
export function someNameFits(patterns: readonly string[]): Decides {
  const tokens = tokensOf(patterns);
  return remembered((prefix) => {
    let places = afterText(tokens, prefix);
    for (let left = added; left > 0; left -= 1) places = after(tokens, places, isAdded);
    return fits(tokens, places);
  });
}

/** Whether each of the names that can be made of a generateName fits one of the patterns. */
export function everyNameFits(patterns: readonly string[]): Decides {
  const tokens = tokensOf(patterns);
  return remembered((prefix) => everyEndFits(tokens, afterText(tokens, prefix), added, new Map()));
}

/** Characters of all patterns one after the other, `*` and `?` among them; a pattern ends with an empty one. */
type Tokens = readonly string[];
/** Where a text may have come to in the patterns: the indices of what is next. */
type Places = ReadonlySet<number>;
const end = '';

function tokensOf(patterns: readonly string[]): Tokens {
  return patterns.flatMap((pattern) => [...pattern.replaceAll(/\*+/g, '*'), end]);
}

/** The Pods of one controller come with one generateName after the other. */
function remembered(decides: Decides): Decides {
  let last: { readonly prefix: string; readonly decided: boolean } | undefined;
  return (generateName) => {
    const prefix = generateName.slice(0, longestPrefix);
    if (last?.prefix !== prefix) last = { prefix, decided: decides(prefix) };
    return last.decided;
  };
}

function afterText(tokens: Tokens, text: string): Places {
  let places = new Set<number>();
  for (const [at] of tokens.entries()) if (at === 0 || tokens[at - 1] === end) reach(tokens, at, places);
  for (const character of text) {
    if (places.size === 0) break;
    places = after(tokens, places, (token) => token === character);
  }
  return places;
}

/** `takes`: whether a token that is no wildcard takes the character. */
function after(tokens: Tokens, places: Places, takes: (token: string) => boolean): Set<number> {
  const next = new Set<number>();
  for (const at of places) {
    const token = tokens[at] ?? end;
    if (token === '*') reach(tokens, at, next);
    else if (token !== end && (token === '?' || takes(token))) reach(tokens, at + 1, next);
  }
  return next;
}

/** A `*` may take nothing. */
function reach(tokens: Tokens, at: number, into: Set<number>): void {
  into.add(at);
  if (tokens[at] === '*') into.add(at + 1);
}

function fits(tokens: Tokens, places: Places): boolean {
  for (const at of places) if (tokens[at] === end) return true;
  return false;
}

function isAdded(token: string): boolean {
  return alphabet.includes(token);
}

/** Goes through the characters that make a difference where a text has come to, and through one for all others. */
function everyEndFits(tokens: Tokens, places: Places, left: number, known: Map<string, boolean>): boolean {
  if (places.size === 0) return false;
  if (left === 0) return fits(tokens, places);
  const key = `${left} ${[...places].sort((a, b) => a - b).join()}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const named = new Set([...places].map((at) => tokens[at] ?? end).filter((token) => token !== end && isAdded(token)));
  const another = [...alphabet].find((character) => !named.has(character));
  const decided = [...(another ?? ''), ...named].every((character) =>
    everyEndFits(
      tokens,
      after(tokens, places, (token) => token === character),
      left - 1,
      known,
    ),
  );
  known.set(key, decided);
  return decided;
}
