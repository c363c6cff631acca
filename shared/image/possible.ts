import { type Automaton, automatonOf } from './automaton.ts';
import { hasWildcard } from './wildcard.ts';

/**
 * Whether there is a text in a regular grammar that a wildcard pattern (compileWildcard) matches. Decided, not guessed: the two
 * automata have a way to their ends together, or they have none. Lengths are left aside (automatonOf), but for a pattern without
 * wildcards and for one that asks for more characters than `longest`.
 */
export function possibleIn(grammar: RegExp, longest: number): (pattern: string) => boolean {
  let automaton: Automaton | undefined;
  return (pattern) => {
    if (pattern.length > longest && pattern.replaceAll('*', '').length > longest) return false;
    if (!hasWildcard(pattern)) return grammar.test(pattern);
    const likely = pattern.replaceAll('?', 'a');
    if (['', 'a', 'a.a/a'].some((filler) => grammar.test(likely.replaceAll(/\*+/g, filler)))) return true;
    automaton ??= automatonOf(grammar);
    return meets(pattern.replaceAll(/\*+/g, '*'), automaton);
  };
}

/** Costs at most the pattern's length times the grammar's states and steps. */
function meets(pattern: string, { start, end, silent, steps }: Automaton): boolean {
  const width = silent.length;
  const seen = new Uint8Array((pattern.length + 1) * width);
  const open: number[] = [];
  const reach = (at: number, state: number) => {
    const pair = at * width + state;
    if (seen[pair] === 1) return;
    seen[pair] = 1;
    open.push(pair);
  };
  reach(0, start);
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const at = Math.floor(pair / width);
    const state = pair % width;
    if (at === pattern.length && state === end) return true;
    const wanted = pattern[at];
    // From each state of a grammar there is a way to its end.
    if (wanted === '*' && at === pattern.length - 1) return true;
    for (const next of silent[state] ?? []) reach(at, next);
    if (wanted === '*') reach(at + 1, state);
    for (const { characters, to } of steps[state] ?? []) {
      if (wanted === '*') reach(at, to);
      else if (wanted === '?' || (wanted !== undefined && characters.has(wanted))) reach(at + 1, to);
    }
  }
  return false;
}
