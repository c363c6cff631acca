/**
 * Letters as Go's unicode package changes them: one by one, each into one. JavaScript's own way makes `SS` of `ß` and looks at what
 * stands around a sigma.
 */

/** Small letters with iota subscript whose capital has it beside them as well: JavaScript writes two capitals. */
const subscripts = /^[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]$/;
const moreSubscripts = new Set(['\u1fb3', '\u1fc3', '\u1ff3']);
const ascii = /^[\0-\x7f]*$/;
/** With a dot and without: each is the other case of nothing where letters are folded. */
const turkish = /[\u0130\u0131]/;

export function upperCase(text: string): string {
  return ascii.test(text) ? text.toUpperCase() : mapped(text, upperOf);
}

export function lowerCase(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : mapped(text, lowerOf);
}

/** Texts that differ in case alone come to the same (Go's strings.EqualFold). */
export function foldCase(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : mapped(text, foldOf);
}

function upperOf(letter: string): string {
  if (subscripts.test(letter)) return String.fromCharCode(letter.charCodeAt(0) + 8);
  if (moreSubscripts.has(letter)) return String.fromCharCode(letter.charCodeAt(0) + 9);
  return single(letter.toUpperCase(), letter);
}

function lowerOf(letter: string): string {
  return letter === '\u0130' ? 'i' : single(letter.toLowerCase(), letter);
}

function foldOf(letter: string): string {
  return turkish.test(letter) ? letter : lowerOf(upperOf(letter));
}

function mapped(text: string, map: (letter: string) => string): string {
  let result = '';
  for (const letter of text) result += map(letter);
  return result;
}

function single(letters: string, otherwise: string): string {
  const first = letters.codePointAt(0) ?? 0;
  return letters.length === (first > 0xffff ? 2 : 1) ? letters : otherwise;
}
