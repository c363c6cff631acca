/** Characters, each allowed in some place of a text. ASCII alone. */
type Characters = ReadonlySet<string>;

/** A nondeterministic automaton: what a regular grammar allows next. States are indices. */
export interface Automaton {
  readonly start: number;
  readonly end: number;
  /** By state: where it may be as well, without a character. */
  readonly silent: readonly (readonly number[])[];
  /** By state: the characters that it may take, and the state after. */
  readonly steps: readonly (readonly { readonly characters: Characters; readonly to: number }[])[];
}

interface Fragment {
  readonly from: number;
  readonly to: number;
}

/**
 * The automaton of a regular expression (Thompson's construction), so that one grammar both reads texts and says which there can be.
 * Lengths are left aside: `{n,m}` is read as `+`, or as `*` where n is 0, or it would have a state for each count. Of
 * JavaScript's syntax it knows literals, `\` before punctuation, classes with ranges, `(?:…)`, `|`, `?`, `*`, `+`, and `^` and
 * `$` at the ends. Throws SyntaxError for anything else: grammars are ours, and written in what is known here.
 */
export function automatonOf(grammar: RegExp): Automaton {
  const { source } = grammar;
  if (!source.startsWith('^') || !source.endsWith('$')) throw new SyntaxError(`${source} is not anchored at both ends`);
  return new Builder(source.slice(1, -1)).build();
}

class Builder {
  readonly #source: string;
  #at = 0;
  readonly #silent: number[][] = [];
  readonly #steps: { characters: Characters; to: number }[][] = [];

  constructor(source: string) {
    this.#source = source;
  }

  build(): Automaton {
    const { from, to } = this.#alternatives();
    if (this.#at < this.#source.length) throw this.#unknown();
    return { start: from, end: to, silent: this.#silent, steps: this.#steps };
  }

  #alternatives(): Fragment {
    const from = this.#state();
    const to = this.#state();
    do {
      const branch = this.#sequence();
      this.#silent[from]?.push(branch.from);
      this.#silent[branch.to]?.push(to);
    } while (this.#takes('|'));
    return { from, to };
  }

  #sequence(): Fragment {
    const from = this.#state();
    let to = from;
    while (this.#at < this.#source.length && !'|)'.includes(this.#next())) {
      const fragment = this.#repeated();
      this.#silent[to]?.push(fragment.from);
      to = fragment.to;
    }
    return { from, to };
  }

  #repeated(): Fragment {
    const { from, to } = this.#one();
    const again = this.#quantifier();
    if (again === undefined) return { from, to };
    // States of their own around it, so that a loop in it is never entered from beside it.
    const outer = { from: this.#state(), to: this.#state() };
    this.#silent[outer.from]?.push(from);
    this.#silent[to]?.push(outer.to);
    if (again !== 'some') this.#silent[outer.from]?.push(outer.to);
    if (again !== 'one') this.#silent[to]?.push(from);
    return outer;
  }

  #quantifier(): 'any' | 'some' | 'one' | undefined {
    if (this.#takes('?')) return 'one';
    if (this.#takes('*')) return 'any';
    if (this.#takes('+')) return 'some';
    if (!this.#takes('{')) return undefined;
    const close = this.#source.indexOf('}', this.#at);
    const counts = this.#source.slice(this.#at, close);
    if (!/^\d+(?:,\d*)?$/.test(counts)) throw this.#unknown();
    this.#at = close + 1;
    return /^0+(?:,|$)/.test(counts) ? 'any' : 'some';
  }

  #one(): Fragment {
    if (this.#takes('(?:')) {
      const fragment = this.#alternatives();
      if (!this.#takes(')')) throw this.#unknown();
      return fragment;
    }
    const characters = this.#takes('[') ? this.#class() : new Set([this.#literal()]);
    const [from, to] = [this.#state(), this.#state()];
    this.#steps[from]?.push({ characters, to });
    return { from, to };
  }

  #class(): Characters {
    const characters = new Set<string>();
    while (!this.#takes(']')) {
      const first = this.#literal('^[');
      let last = first;
      if (this.#source.startsWith('-', this.#at) && this.#source[this.#at + 1] !== ']') {
        this.#at += 1;
        last = this.#literal('^[');
      }
      for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code += 1) {
        characters.add(String.fromCharCode(code));
      }
    }
    return characters;
  }

  /** One character that stands for itself, or is made to by `\`. `special`: those that do not. */
  #literal(special = '.()[]{}*+?|^$'): string {
    const character = this.#next();
    if (special.includes(character)) throw this.#unknown();
    this.#at += 1;
    if (character !== '\\') return character;
    const escaped = this.#next();
    if (/[A-Za-z0-9]/.test(escaped)) throw this.#unknown();
    this.#at += 1;
    return escaped;
  }

  #next(): string {
    const character = this.#source[this.#at];
    if (character === undefined) throw this.#unknown();
    return character;
  }

  #takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #state(): number {
    this.#steps.push([]);
    return this.#silent.push([]) - 1;
  }

  #unknown(): SyntaxError {
    return new SyntaxError(`${this.#source} is not understood at ${this.#at}`);
  }
}
