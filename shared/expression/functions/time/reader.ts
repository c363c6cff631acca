/** No name of a month or a day is longer. */
const word = /[A-Za-z]{3,9}/y;
const twoDigits = /[0-9]{2}/y;
const oneOrTwoDigits = /[0-9]{1,2}/y;

/** A text that is read from its beginning on. */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.left === 0;
  }

  /** UTF-16 units. */
  get left(): number {
    return this.#text.length - this.#at;
  }

  /** What a layout says between its parts. Blanks stand for any number of blanks, and for none at the end. */
  skip(literal: string): boolean {
    if (!literal.includes(' ')) {
      if (!this.#text.startsWith(literal, this.#at)) return false;
      this.#at += literal.length;
      return true;
    }
    for (const part of literal.match(/ +|[^ ]+/g) ?? []) {
      if (part.startsWith(' ')) {
        if (!this.atEnd && this.#text.charAt(this.#at) !== ' ') return false;
        this.take(/ */y);
      } else {
        if (!this.#text.startsWith(part, this.#at)) return false;
        this.#at += part.length;
      }
    }
    return true;
  }

  /** A match that begins here; the expression is sticky. */
  take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const [found] = expression.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  takeLength(length: number): string | undefined {
    if (this.left < length) return undefined;
    this.#at += length;
    return this.#text.slice(this.#at - length, this.#at);
  }

  number(expression: RegExp): number | undefined {
    const found = this.take(expression);
    return found === undefined ? undefined : Number(found);
  }

  /** Two digits, or one where there is no second and two are not needed. */
  digits(two: boolean): number | undefined {
    return this.number(two ? twoDigits : oneOrTwoDigits);
  }

  /** Which of the names, from 1, stands here in any case of ASCII; they are in small letters. */
  name(names: readonly string[]): number | undefined {
    word.lastIndex = this.#at;
    const here = word.exec(this.#text)?.[0].toLowerCase();
    const at = here === undefined ? -1 : names.findIndex((name) => here.startsWith(name));
    if (at === -1) return undefined;
    this.#at += names[at]?.length ?? 0;
    return at + 1;
  }
}

/** Nanoseconds of `.25`, `,25`: nine digits count. Go lets a sign stand for the first one, as long as it is not less than 0. */
export function fractionOf(text: string): number | undefined {
  const counted = text.slice(0, 10);
  const digits = /^[.,]([-+]?[0-9]+)$/.exec(counted)?.[1];
  if (digits === undefined) return undefined;
  const nanosecond = Number(digits) * 10 ** (10 - counted.length);
  return nanosecond < 0 ? undefined : nanosecond + 0;
}
