/**
 * JSON.parse for text from outside, without a defect of V8's (as of Node 24.21): it takes a name that is written with an escape for another
 * that it has seen behind the same fields, where the text of the one begins like the other. So `{"\u003c":1,"\\":2}` may come to
 * `{"\\":2}`, and what stood under `<` is lost. Names without an escape are read right. So names are handed to it without any: what has
 * no need of an escape stands as it is, the rest goes by a mark and numbers, and is named in what was parsed.
 *
 * Comes to what JSON (ECMA-404) says, of equal names to the last one's value, and `__proto__` is a name like another. Throws
 * SyntaxError.
 */
export function parseJsonText(text: string): unknown {
  return escapedNames(text, 1) === 0 ? JSON.parse(text) : parseWithMarks(text);
}

/** Characters of text that are parsed twice rather than looked through: a common review is shorter. */
const short = 64 * 1024;

/**
 * The same, of text whose names with an escape are known to stand in few places. `surelyRead`: how many fields of these have a name with
 * a quote and without a backslash. Such a name was written with an escape and read right, since what a name is mistaken for holds a
 * backslash; so where there are as many as names with an escape in the text, all were read right.
 */
export function parseJsonTextOf(text: string, surelyRead: (value: unknown) => number): unknown {
  const names = escapedNames(text, text.length <= short ? text.length : 1);
  if (names === 0) return JSON.parse(text);
  if (text.length <= short) {
    const value: unknown = JSON.parse(text);
    if (surelyRead(value) === names) return value;
  }
  return parseWithMarks(text);
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** How many names are written with an escape, counted up to `most`. Of text that is no JSON it may say anything. */
export function escapedNames(text: string, most: number): number {
  let names = 0;
  // In JSON, where a backslash is, a string is, of which everything before it is plain.
  for (let at = text.indexOf('\\'); at >= 0 && names < most; at = text.indexOf('\\', at)) {
    at = endOfString(text, at);
    if (isName(text, at)) names += 1;
  }
  return names;
}

/** Characters of a string that are looked at one by one. */
const lookedAt = 128;

/** Where the string ends in which `from` is: at its closing quote, or else where the text does. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const near = Math.min(at + lookedAt, text.length);
    for (; at < near; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) return at;
      if (code === backslash) at += 1;
    }
    // As in json-bounds.ts: the engine looks for the quote of a long string faster.
    const found = text.indexOf('"', at);
    if (found < 0) break;
    let escapes = 0;
    while (found - escapes > at && text.charCodeAt(found - escapes - 1) === backslash) escapes += 1;
    if (escapes % 2 === 0) return found;
    at = found + 1;
  }
  return text.length;
}

/** Whether a string that ends at `end` is a name: a colon follows. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === colon;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** What stands for a character that a name cannot hold without an escape: the mark, and its UTF-16 code in hexadecimal. */
interface Marking {
  readonly mark: string;
  /** Such characters, and those of the mark, which text without it may still have escaped. */
  readonly marked: RegExp;
}

/** Text in which both marks stand is not Unicode: two second halves of a character follow each other. */
const markings: readonly Marking[] = [
  { mark: '\x7f', marked: /[^ !#-[\]-~\u0080-\ud7ff\ue000-\u{10ffff}]/gu },
  { mark: '\udfff\udfff', marked: /[^ !#-[\]-\ud7ff\ue000-\u{10ffff}]/gu },
];

function parseWithMarks(text: string): unknown {
  const marking = markings.find(({ mark }) => !text.includes(mark));
  if (marking === undefined) throw new SyntaxError('half a character stands in it');
  const { mark, marked } = marking;
  const coded = (one: string) => mark + one.charCodeAt(0).toString(16).padStart(4, '0');
  /** By what is written between the quotes of a name: the same without an escape. */
  const unescaped = new Map<string, string>();
  /** What names with a mark mean. */
  const meant = new Map<string, string>();
  const parts: string[] = [];
  let taken = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', start)) {
    const end = endOfString(text, start + 1);
    const written = isName(text, end) ? text.slice(start + 1, end) : '';
    if (written.includes('\\')) {
      let plain = unescaped.get(written);
      if (plain === undefined) {
        const name = String(JSON.parse(`"${written}"`));
        plain = name.replace(marked, coded);
        unescaped.set(written, plain);
        if (plain !== name) meant.set(plain, name);
      }
      parts.push(text.slice(taken, start + 1), plain);
      taken = end;
    }
    start = end + 1;
  }
  const value: unknown = JSON.parse(parts.join('') + text.slice(taken));
  return meant.size > 0 ? named(value, meant) : value;
}

type Fields = Record<string, unknown>;

/** The value with fields named as they are meant, each in its place. Whatever depth: what is nested waits in a list. */
function named(value: unknown, meant: ReadonlyMap<string, string>): unknown {
  const whole = [value];
  const waiting: (unknown[] | Fields)[] = [whole];
  const nested = (inner: unknown): unknown => {
    if (!isNested(inner)) return inner;
    const one = Array.isArray(inner) ? inner : namedFields(inner, meant);
    waiting.push(one);
    return one;
  };
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (Array.isArray(one)) for (let at = 0; at < one.length; at += 1) one[at] = nested(one[at]);
    // Of a field of its own, `__proto__` too, this sets the value.
    else for (const name of Object.keys(one)) one[name] = nested(one[name]);
  }
  return whole[0];
}

function isNested(value: unknown): value is unknown[] | Fields {
  return typeof value === 'object' && value !== null;
}

function namedFields(fields: Fields, meant: ReadonlyMap<string, string>): Fields {
  const names = Object.keys(fields);
  if (!names.some((name) => meant.has(name))) return fields;
  const made: Fields = {};
  for (const name of names) putField(made, meant.get(name) ?? name, fields[name]);
  return made;
}

/** A field of the object's own, as JSON.parse makes it: `__proto__` too. */
export function putField(object: Fields, name: string, value: unknown): void {
  if (name in Object.prototype) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else object[name] = value;
}
