/** What the matcher reads of a string. */
export type Text = Pick<string, 'length' | 'charCodeAt' | 'startsWith' | 'endsWith' | 'indexOf'>;

const star = 0x2a;
const question = 0x3f;

/**
 * Kyverno's wildcards (ext/wildcard): `*` is any characters, `/` and `:` too, or none; `?` is exactly one character (a code
 * point); there are no escapes; case counts; the whole text must match. The result is kept by the caller, who knows how
 * long the pattern is needed.
 */
export function compileWildcard(pattern: string): (text: Text) => boolean {
  const compact = pattern.replaceAll(/\*+/g, '*');
  if (compact === '*') return () => true;
  return compact.includes('?') ? (text) => matches(compact, text) : inOrder(compact.split('*'));
}

/**
 * What stands between stars: the first part at the text's beginning, the last at its end, each other one where it is found
 * first after the one before, since a later place never leaves more room.
 */
function inOrder(parts: readonly string[]): (text: Text) => boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return (text) => text.length === first.length && text.startsWith(first);
  const least = first.length + last.length;
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}

/** Whether a pattern means anything but itself. */
export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

/**
 * Greedy with one point of return: when the text stops matching, the last `*` takes one character more. Earlier stars never
 * need to take more, so that at most text × pattern steps are made. `*` moves by UTF-16 units, which is sound: a star that
 * ends inside a surrogate pair lets `?` take the rest of a character, as a star that ends before the pair does.
 */
function matches(pattern: string, text: Text): boolean {
  let p = 0;
  let t = 0;
  let afterStar = -1;
  let retry = 0;
  while (t < text.length) {
    const wanted = p < pattern.length ? pattern.charCodeAt(p) : -1;
    if (wanted === star) {
      p += 1;
      if (p === pattern.length) return true;
      afterStar = p;
      retry = t;
      continue;
    }
    const found = text.charCodeAt(t);
    if (wanted === question || wanted === found) {
      p += 1;
      t += wanted === question && startsPair(found, text, t) ? 2 : 1;
      continue;
    }
    if (afterStar === -1) return false;
    retry += 1;
    t = retry;
    p = afterStar;
  }
  return p === pattern.length || (p === pattern.length - 1 && pattern.charCodeAt(p) === star);
}

function startsPair(unit: number, text: Text, at: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return false;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
