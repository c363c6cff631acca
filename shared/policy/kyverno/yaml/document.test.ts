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

test('YAML as Kubernetes reads it: yes and on are true, a leading 0 is octal, dates and times are text', () => {
  expect(valueAt('a: yes', 'a')).toBe(true);
  expect(valueAt('a: off', 'a')).toBe(false);
  expect(valueAt('a: "yes"', 'a')).toBe('yes');
  expect(valueAt('a: 012', 'a')).toBe(10);
  expect(valueAt('a: 2024-01-01', 'a')).toBe('2024-01-01');
  expect(valueAt('a: 22:30', 'a')).toBe('22:30');
  expect(valueAt('a: 9007199254740993', 'a')).toBe(9007199254740993n);
  expect(valueAt('a: \n', 'a')).toBe(null);
  expect(valueAt('a: 1\n  2', 'a')).toBe('1 2');
});

test.each([
  ['yes: x', 'true'],
  ['7: x', '7'],
  ['0x10: x', '16'],
  ['1.10: x', '1.1'],
  ['"7": x', '7'],
  ['? a\n: x', 'a'],
  ['&k a: x', 'a'],
])('the key in %j is named as Kubernetes names it', (text, name) => {
  expect(valueAt(text, name)).toBe('x');
});

test.each([
  ['a: !!str 5', '5'],
  ['a: ! 5', '5'],
  ['a: !!str', ''],
  ['a: !!int "5"', 5],
  ['a: !!float 1', 1],
  ['a: !!bool "yes"', true],
  ['a: !!null ""', null],
])('a tag says the type: %j', (text, value) => {
  expect(valueAt(text, 'a')).toBe(value);
});

test('a document that says it is YAML 1.2 is refused', () => {
  expect(read('%YAML 1.2\n---\na: yes\n').problems).toEqual([
    expect.stringContaining('policies and resources are YAML 1.1'),
  ]);
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
  ['yes: 1\n"true": 2', /^2: 'true' is in this mapping twice/],
  ['a: 1\n~: 2', /^2: a key must be a string: write "~"/],
  ['a: 1\n1e6: 2', /^2: a key must be a string: write "1e6"/],
  ['? [a]\n: 1', /^1: a key must be a string/],
  ['a: !thing 1', /^1: the tag !thing has no meaning to Kubernetes/],
  ['a: !!binary aGk=', /^1: the tag !!binary has no meaning/],
  ['a: !!set {b, c}', /^1: the tag !!set has no meaning/],
  ['a: !!int x', /^1: "x" is not of its type, !!int/],
  ['a: 1\nb: .inf', /^2: "\.inf" is a number that JSON does not have: quote it/],
  ['a: "x\\ud800"', /^1: an escape here is half of a character/],
  ['b: &b {x: 1}\na:\n  x: 2\n  <<: *b', /^4: 'x' stands above a << that brings 'x' too/],
  ['a: {<<: {b: 1}, <<: {c: 1}}', /^1: '<<' is in this mapping twice/],
  ['b: &b [{x: 1}]\na: {<<: *b}', /^2: << merges mappings only/],
  ['a: [b:]', /^1: "b" is text for kubectl and a key for other readers/],
  ['a: |2\n    x\n     \n', /^1: the text ends with lines of spaces/],
  ['a: *nowhere', /no anchor is named 'nowhere'|Unresolved alias/],
  ['a: &a [*a]', /^1: nested deeper than/],
  [`a: ${'['.repeat(80)}${']'.repeat(80)}`, /^1: nested deeper than/],
])('refuses %j', (text, message) => {
  const { places, problems } = read(text);
  expect(problems[0]).toMatch(message);
  expect(places).toEqual([]);
});

test("a document after '...' that does not say '---' is refused: kubectl passes over it", () => {
  const { places, problems } = read('a: 1\n...\nb: 1\n');
  expect(problems).toEqual([expect.stringMatching(/^3: a document after '\.\.\.' must begin with '---'/)]);
  expect(places.map(({ names }) => names)).toEqual([['a']]);
  expect(read('a: 1\n...\n---\nb: 1\n...\n').problems).toEqual([]);
});

test('an alias means the anchor above it, also where that is given again or brought back', () => {
  const text = 'a: &x {b: &y 1}\nc: &y 2\nd: *x\ne: *y\n&k f: *k\n';
  expect(valueAt(text, 'd', 'b')).toBe(1);
  expect(valueAt(text, 'e')).toBe(2);
  expect(valueAt(text, 'f')).toBe('f');
  expect(read('a: *x\nb: &x 1\n').problems.join()).toMatch(/alias|anchor/);
});

test('thousands of aliases are read in a moment', () => {
  const anchors = Array.from({ length: 8000 }, (_, index) => `- &a${index} x\n`);
  const aliases = Array.from({ length: 8000 }, (_, index) => `- *a${index}\n`);
  const started = performance.now();
  expect(read([...anchors, ...aliases].join('')).problems).toEqual([]);
  expect(performance.now() - started).toBeLessThan(5000);
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

test.each([
  ['value', 'a: 1\nb: {{ .Values.x }}\n', '2: {{ .Values.x }}'],
  ['part of a value', 'a: {{ .Release.Name }}-app\n', '1: {{ .Release.Name }}'],
  ['value in a list', 'a:\n  - {{ .Values.x | quote }}\n', '2: {{ .Values.x | quote }}'],
  ['value in brackets', 'a: [{{ .x }}]\n', '1: {{ .x }}'],
  ['line', 'a: 1\n{{- if .Values.x }}\nb: 2\n{{- end }}\n', '2: {{- if .Values.x }}'],
  ['first line', '{{- if .Values.x }}\nb: 2\n{{- end }}\n', '1: {{- if .Values.x }}'],
  ['comment', '{{/* a: b */}}\na: 1\n', '1: {{/* a: b */}}'],
  ['included part', 'a:\n{{ include "x" . | indent 2 }}\n', '2: {{ include "x" . | indent 2 }}'],
  ['value of several lines', 'a: {{ x\n  y }}\n', '1: {{ x'],
  ['in the second document', 'a: 1\n---\nb: {{ .x }}\n', '3: {{ .x }}'],
])('an unrendered template, as a %s, is called one', (_, text, start) => {
  expect(read(text).problems).toEqual([
    `${start} is an unrendered Helm template: render it first: helm template … (a variable of Kyverno needs quotes)`,
  ]);
});

test.each([
  ['a: "{{ request.object.x }}"\n', '{{ request.object.x }}'],
  ["a: '{{ x }}'\n", '{{ x }}'],
  ['a: x {{ .y }} z\n', 'x {{ .y }} z'],
  ['a: |-\n  {{ x }}\n', '{{ x }}'],
])('in quotes or within text it is text: %j', (text, value) => {
  expect(valueAt(text, 'a')).toBe(value);
});

test.each(['a: |\n  {{ x }}\nb: [\n', '# {{ x }}\nb: [\n', '{{"a": 1}}', 'a: "{{ x }}"\nb: [\n'])(
  'another mistake beside it is not laid on it: %j',
  (text) => {
    expect(read(text).problems.join('\n')).not.toContain('template');
    expect(read(text).problems).not.toEqual([]);
  },
);

test.each([
  ['# note\u2028image: evil\na: 1\n', 'U+2028 ends a line for kubectl'],
  ['# note\x85image: evil\na: 1\n', 'U+0085 ends a line for kubectl'],
  ['# note\rimage: evil\na: 1\n', 'U+000D ends a line for kubectl'],
  ['{"a": 1,\r"image": "evil"}', 'U+000D ends a line for kubectl'],
  ['# x\na: "\x01"\n', 'U+0001 is a control character'],
  ['# x\na: \x7f\n', 'U+007F is a control character'],
  ['# x\n---\n\ufeffa: 1\n', 'U+FEFF is a byte order mark'],
])('what readers disagree about is refused: %j', (text, message) => {
  const { places, problems } = read(text);
  expect(problems).toEqual([expect.stringContaining(message)]);
  expect(places).toEqual([]);
});

test('the same characters are text in JSON, and as escapes', () => {
  expect(valueAt('{"a": "x\u2028\x85\x7f"}', 'a')).toBe('x\u2028\x85\x7f');
  expect(valueAt('a: "x\\u2028\\x01"\n', 'a')).toBe('x\u2028\x01');
  expect(valueAt('\ufeffa: x\r\nb: y\r\n', 'a')).toBe('x');
});

test('a bracket may close below its key', () => {
  expect(valueAt('a:\n  b: [\n    x\n  ]\n', 'a', 'b')).toMatchObject({ items: [{ value: 'x' }] });
});
