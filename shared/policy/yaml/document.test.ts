import { Report } from '../report.ts';
import { readDocuments } from './document.ts';

function read(text: string): { places: ReturnType<typeof readDocuments>; problems: string[] } {
  const report = new Report('f.yaml');
  const places = readDocuments(text, report);
  return { places, problems: report.problems.map(({ line, message }) => `${line}: ${message}`) };
}

function valueAt(text: string, ...path: string[]): unknown {
  const { places, problems } = read(text);
  expect(problems).toEqual([]);
  let place = places[0];
  for (const name of path) place = place?.field(name);
  return place?.tree?.kind === 'leaf' ? place.tree.value : place?.tree;
}

test('YAML 1.1 as Kyverno reads it: yes and on are true, a leading 0 is octal', () => {
  expect(valueAt('a: yes', 'a')).toBe(true);
  expect(valueAt('a: off', 'a')).toBe(false);
  expect(valueAt('a: "yes"', 'a')).toBe('yes');
  expect(valueAt('a: 012', 'a')).toBe(10);
});

test('a document that says it is YAML 1.2 is refused', () => {
  expect(read('%YAML 1.2\n---\na: yes\n').problems).toEqual([expect.stringContaining('policies are YAML 1.1')]);
  expect(read('%YAML 1.1\n---\na: yes\n').problems).toEqual([]);
});

test('several documents, empty ones left out, each with its lines in the file', () => {
  const { places } = read('---\n# nothing\n---\na: 1\n---\n\n---\nb:\n  - c: 2\n...\n');
  expect(places.map((place) => place.names)).toEqual([['a'], ['b']]);
  expect(places[1]?.field('b').item(0).field('c').line).toBe(9);
});

test('JSON with tabs and escapes', () => {
  expect(valueAt('{\n\t"a": {\n\t\t"b": "x\\/y\\u0041"\n\t}\n}\n', 'a', 'b')).toBe('x/yA');
});

test('anchors and merges: what is written wins over what is merged', () => {
  const text = 'base: &b {x: "1", y2: "2"}\nother: &o {x: "3", z: "4"}\nuse:\n  <<: [*b, *o]\n  y2: "5"\n';
  expect(valueAt(text, 'use', 'x')).toBe('1');
  expect(valueAt(text, 'use', 'y2')).toBe('5');
  expect(valueAt(text, 'use', 'z')).toBe('4');
});

test.each([
  ['a: [1, 2', /^1: not readable as YAML/],
  ['a: 1\nb: 2\na: 3', /^3: 'a' is in this mapping twice/],
  ['a: 1\nyes: 2', /^2: a key must be a string: write "yes"/],
  ['a: 1\n7: 2', /^2: a key must be a string: write "7"/],
  ['? [a]\n: 1', /^1: a key must be a string/],
  ['a: !thing 1', /not readable as YAML: Unresolved tag/],
  ['a: !!set {b, c}', /^1: the tag tag:yaml.org,2002:set has no meaning/],
  ['a: *nowhere', /no anchor is named 'nowhere'|Unresolved alias/],
  ['a: &a [*a]', /^1: nested deeper than/],
  [`a: ${'['.repeat(80)}${']'.repeat(80)}`, /^1: nested deeper than/],
])('refuses %j', (text, message) => {
  const { places, problems } = read(text);
  expect(problems[0]).toMatch(message);
  expect(places).toEqual([]);
});

test('aliases multiply only up to a bound', () => {
  const levels = Array.from({ length: 12 }, (_, n) => `l${n}: &l${n} [${Array(9).fill(n === 0 ? 'x' : `*l${n - 1}`)}]`);
  expect(read(levels.join('\n')).problems).toEqual([expect.stringContaining('more than 100000 values')]);
  expect(read(levels.slice(0, 3).join('\n')).problems).toEqual([]);
});

test('size and depth are bounded before anything is done', () => {
  expect(read(`a: "${'x'.repeat(1024 * 1024)}"`).problems).toEqual([
    expect.stringContaining('larger than 1048576 bytes'),
  ]);
  expect(read('['.repeat(20_000)).problems.length).toBeGreaterThan(0);
});

test('a document with a problem is left out, the others are read', () => {
  const { places, problems } = read('a: 1\n---\nb: 1\nb: 2\n---\nc: 1\n');
  expect(places.map((place) => place.names)).toEqual([['a'], ['c']]);
  expect(problems).toHaveLength(1);
});
