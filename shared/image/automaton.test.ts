import { automatonOf } from './automaton.ts';
import { digestGrammar } from './digest.ts';
import { hostGrammar } from './host.ts';
import { pathGrammar, tagGrammar } from './reference.ts';

/** Whether the automaton takes the text. */
function takes(grammar: RegExp, text: string): boolean {
  const { start, end, silent, steps } = automatonOf(grammar);
  const closure = (states: Iterable<number>) => {
    const found = new Set(states);
    for (const state of found) for (const next of silent[state] ?? []) found.add(next);
    return found;
  };
  let now = closure([start]);
  for (const character of text) {
    const next = [...now].flatMap((state) => steps[state]?.filter(({ characters }) => characters.has(character)) ?? []);
    now = closure(next.map(({ to }) => to));
  }
  return now.has(end);
}

test.each<[RegExp, readonly string[], readonly string[]]>([
  [/^$/, [''], ['a']],
  [/^a|bc$/, ['a', 'bc'], ['', 'ab', 'abc']],
  [/^(?:a|b)*c?$/, ['', 'abba', 'c', 'bc'], ['cc', 'ca']],
  [/^(?:ab)+$/, ['ab', 'abab'], ['', 'a', 'aba']],
  [/^[a-c_.-]\.x$/, ['a.x', '-.x', '..x'], ['d.x', 'a-x']],
  [/^(?:a*)*$/, ['', 'aaa'], ['b']],
  [/^a{0,3}b{2}$/, ['b', 'aaaab', 'abbb'], ['', 'a']],
])('%s takes %j and not %j; counts are left aside', (grammar, inside, outside) => {
  for (const text of inside) expect([text, takes(grammar, text)]).toEqual([text, true]);
  for (const text of outside) expect([text, takes(grammar, text)]).toEqual([text, false]);
});

test.each([pathGrammar, tagGrammar, digestGrammar, hostGrammar])('%s is read as the engine reads it', (grammar) => {
  for (const text of [
    'a',
    'a/b',
    'a__b/c-d',
    'a___b',
    'V1.2-x',
    '-a',
    `sha256:${'a'.repeat(64)}`,
    'ghcr.io',
    'ghcr.io:5000',
    'ghcr.io:0',
    'localhost',
    '[::1]',
    '[::1]:5000',
    '[ab]',
    'registry:5000',
    'registry',
    '',
  ]) {
    expect([text, takes(grammar, text)]).toEqual([text, grammar.test(text)]);
  }
});

test.each([/a$/, /^a/, /^\d$/, /^a.b$/, /^(a)$/, /^a(?=b)$/, /^[^a]$/, /^a*?$/, /^\bx$/])(
  '%s is written in what is not known here',
  (grammar) => {
    expect(() => automatonOf(grammar)).toThrow(SyntaxError);
  },
);
