/** Reads a header from its beginning to its end. */
export interface Scanner {
  /** What a sticky pattern matches here, which is then behind us; `null` if it does not match. */
  take(pattern: RegExp): RegExpExecArray | null;
  /** The next character; `undefined` at the end. */
  peek(): string | undefined;
}

/**
 * A scanner of `text`. Each pattern matches one piece in one way, so that reading costs in proportion to the length: an expression for the
 * whole, with optional blanks beside one another, tries each way to share them out.
 */
export function scan(text: string): Scanner {
  let at = 0;
  return {
    take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (found !== null) at += found[0].length;
      return found;
    },
    peek: () => text[at],
  };
}

/** RFC 9110 §5.6.4. */
const quoted = /"((?:[^"\\]|\\[\s\S])*)"/y;

/** A parameter's value: a quoted string without quotes and escapes, or what `bare` matches; `undefined` if a quote does not end. */
export function takeValue({ take, peek }: Scanner, bare: RegExp): string | undefined {
  return peek() === '"' ? take(quoted)?.[1]?.replace(/\\([\s\S])/g, '$1') : take(bare)?.[0];
}
