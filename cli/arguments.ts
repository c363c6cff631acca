import { parseArgs } from 'node:util';
import { messageOf } from '../shared/reasons.ts';
import { UsageError } from './usage.ts';

/** Options by name, each with all its values in order; `''` holds what stands before any option. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

/** Letters that stand for an option, of the commands that have it. */
const letters: Readonly<Record<string, string>> = {
  output: 'o',
  resource: 'f',
  userinfo: 'u',
  'file-name': 'f',
  'test-case-selector': 't',
};

/**
 * Reads a command's words. An option named in `several` takes every word up to the next option (`--image a b c`), and may be
 * repeated; one of `flags` takes none. `bare`: whether words before any option are taken, or what to write in their place;
 * `aliases`: other names of an option, as Kyverno's command line has them; `elsewhere`: options of other commands, each with what to
 * write here. Throws UsageError for an option that the command does not have, and for a word that nothing asks for.
 */
export function readArguments(
  words: readonly string[],
  options: {
    readonly single: readonly string[];
    readonly several: readonly string[];
    readonly flags?: readonly string[];
    readonly aliases?: Readonly<Record<string, string>>;
    readonly bare: 'taken' | { readonly instead: string };
    readonly elsewhere?: Readonly<Record<string, string>>;
  },
): Arguments {
  const config: Record<string, { type: 'string' | 'boolean'; short?: string }> = {};
  const { elsewhere = {}, aliases = {}, flags = [], bare } = options;
  for (const name of [...options.single, ...options.several, ...Object.keys(aliases), ...Object.keys(elsewhere)]) {
    const short = Object.hasOwn(letters, name) ? letters[name] : undefined;
    config[name] = { type: 'string', ...(short === undefined ? {} : { short }) };
  }
  for (const name of flags) config[name] = { type: 'boolean' };
  const { tokens } = (() => {
    try {
      return parseArgs({ args: [...words], options: config, allowPositionals: true, tokens: true });
    } catch (thrown) {
      // Node's own advice after the first sentence is about other programs.
      const message = messageOf(thrown);
      throw new UsageError(message.split('. ', 1)[0] ?? message);
    }
  })();

  const found = new Map<string, string[]>();
  const add = (name: string, value: string) => {
    const values = found.get(name) ?? [];
    values.push(value);
    found.set(name, values);
  };
  let open = '';
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (open === '' && bare !== 'taken')
        throw new UsageError(`'${token.value.slice(0, 120)}' stands after no option: ${bare.instead}`);
      add(open, token.value);
      continue;
    }
    const instead = Object.hasOwn(elsewhere, token.name) ? elsewhere[token.name] : undefined;
    if (instead !== undefined) throw new UsageError(`there is no ${token.rawName} here: ${instead}`);
    if (flags.includes(token.name)) {
      found.set(token.name, []);
      open = '';
      continue;
    }
    if (token.value === undefined || token.value === '') throw new UsageError(`${token.rawName} needs a value`);
    const name = (Object.hasOwn(aliases, token.name) ? aliases[token.name] : undefined) ?? token.name;
    if (options.single.includes(name) && found.has(name)) {
      throw new UsageError(`${token.rawName} is given twice`);
    }
    add(name, token.value);
    open = options.several.includes(name) ? name : '';
  }
  return found;
}

/** The one value of an option, or `fallback`. */
export function single<T extends string | undefined>(found: Arguments, name: string, fallback: T): string | T {
  return found.get(name)?.[0] ?? fallback;
}

/** All values of an option, at least one. */
export function atLeastOne(found: Arguments, name: string, what: string): readonly string[] {
  const values = found.get(name) ?? [];
  if (values.length === 0) throw new UsageError(`${what} is missing`);
  return values;
}
