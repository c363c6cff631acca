import { ExpressionError } from '../../error.ts';

const controls = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
]);
const lastCharacter = 0x10ffff;

/** A pattern that is read from its beginning on. */
export class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** The expression is sticky. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  /** The code point of a character, or of what an escape stands for. */
  character(): number {
    if (this.take('\\')) return this.#escaped();
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw this.problem('an end where a character is wanted');
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  problem(what: string): ExpressionError {
    return new ExpressionError(`random() takes a pattern, and this has ${what}`);
  }

  #escaped(): number {
    const hexadecimal = this.match(/x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/y);
    if (hexadecimal !== undefined) {
      const code = Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? '', 16);
      if (code <= lastCharacter) return code;
    }
    // One digit alone would refer to a group.
    const octal = this.match(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y);
    if (octal !== undefined) return Number.parseInt(octal[0], 8);
    const [name = ''] = this.match(/[!-/:-@[-`{-~ afnrtv]/y) ?? [];
    const code = controls.get(name) ?? name.codePointAt(0);
    if (code === undefined) throw this.problem('an escape that means nothing');
    return code;
  }
}
