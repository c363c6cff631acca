import fc from 'fast-check';
import { Report } from '../../shared/policy/kyverno/report.ts';
import { readObjects } from '../../shared/policy/kyverno/yaml/objects.ts';
import { plainKeys, plainScalars } from '../../shared/policy/kyverno/yaml/testing/scalars.ts';
import { strings } from '../../shared/policy/kyverno/yaml/testing/strings.ts';
import { toJson, toYaml } from '../../shared/policy/kyverno/yaml/write.ts';
import { type RunResult, run, tool } from './tools.ts';

// kubectl reads an object, changes nothing but its annotations and prints it as JSON, without a server.

const header = 'apiVersion: example.com/v1\nkind: Example\nmetadata: {name: example}\n';

async function kubectl(text: string): Promise<RunResult> {
  return run(await tool('kubectl'), ['annotate', '--local', '-f', '-', 'read-by=kubectl', '-o', 'json'], {
    input: text,
  });
}

async function kubectlReads(text: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(text);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** The JSON that kubectl prints for each of `values`, as text: integers beyond 2^53 are compared digit by digit. */
async function valuesRead(lines: readonly string[]): Promise<string[]> {
  const stdout = await kubectlReads(`${header}values:\n${lines.map((line) => `- ${line}\n`).join('')}`);
  return [...stdout.matchAll(/^ +"value": (.*)$/gm)].map(([, json = '']) => json);
}

/** As Go prints JSON. */
const asGo = (value: unknown) => toJson(value).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);

test('what every plain scalar means is what kubectl reads', async () => {
  const read = plainScalars.filter(([, meaning]) => meaning !== undefined);
  const values = await valuesRead(read.map(([text]) => `value: ${text}`));
  expect(values.map((value, index) => [read[index]?.[0], value])).toEqual(
    read.map(([text, meaning]) => [text, asGo(meaning)]),
  );
});

test.each(plainScalars.filter(([, meaning]) => meaning === undefined))('kubectl refuses %s', async (text) => {
  const { code, stderr } = await kubectl(`${header}value: ${text}\n`);
  expect([code, stderr]).toEqual([1, expect.stringContaining('unsupported value')]);
});

test('the names that keys become are those that kubectl makes of them', async () => {
  const lines = plainKeys.map(([text]) => `- {${text}: here}\n`);
  const { keys } = JSON.parse(await kubectlReads(`${header}keys:\n${lines.join('')}`));
  expect(keys).toEqual(plainKeys.map(([, name]) => ({ [name]: 'here' })));
});

test.each([
  ['CRLF', 'a: x\r\nb: |\r\n  y\r\n  z\r\n'],
  ['a byte order mark', '\ufeffa: x\n', ''],
  [
    'anchors and merges',
    'base: &base {a: 1, b: on}\nuse:\n  <<: *base\n  a: 2\nlist: [*base, {<<: [{a: 3}, {a: 4, c: 5}]}]\n',
  ],
  ['a key of its own line', '? a\n: b\n'],
  ['tags that say the type', 'a: !!str 5\nb: !!int "5"\nc: ! 6\nd: !!float 1\ne: !!bool "yes"\nf: !!null ""\n'],
  ['quotes and escapes', `a: "x\\ty \\x41 \\u00e9 \\U0001F600 \\\n  z"\nb: 'it''s'\n`],
  ['folds and chomping', 'a: >\n  x\n  y\n\n  z\nb: |+\n  x\n\nc: |-\n  x\nd: |2\n    x\n'],
  ['flow collections', 'a: [x: 1, "y": 2, {b, c: }]\nd: {e: [1, 2,], f: "g"}\ng: [\n  1\n  ]\n'],
  ['comments', '# one\na: x #y\nb: x#y # z\n'],
  ['<< in quotes, and as a value', '"<<": x\na: <<\n'],
])('read as kubectl reads it: %s', async (_, text, start = header) => {
  const whole = start === '' ? text.replace('\ufeff', `\ufeff${header}`) : start + text;
  const report = new Report('f.yaml');
  const [ours] = readObjects(whole, report).map(({ value }) => value);
  expect(report.problems).toEqual([]);
  const theirs = JSON.parse(await kubectlReads(whole));
  delete theirs.metadata.annotations;
  expect(ours).toEqual(theirs);
});

test.each([
  ['ConfigMap', '[{apiVersion: v1, kind: Pod, metadata: {name: in-it}}]', 'pod/in-it\n'],
  ['Pod', '[{apiVersion: v1, kind: Pod, metadata: {name: in-it}}]', 'pod/in-it\n'],
  ['List', '[{apiVersion: v1, kind: Pod, metadata: {name: in-it}}]', 'pod/in-it\n'],
  // What apply refuses in every kind: kubectl finds nothing in the first two, and no list in the others.
  ['ConfigMap', '[]', ''],
  ['ConfigMap', 'null', ''],
  ['ConfigMap', '{}', undefined],
  ['List', '[{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: in-it}}]}]', undefined],
])('kubectl takes a %s with items: %s for a list', async (kind, items, names) => {
  const words = ['annotate', '--local', '-f', '-', 'read-by=kubectl', '-o', 'name'];
  const input = `apiVersion: v1\nkind: ${kind}\nmetadata: {name: itself}\nitems: ${items}\n`;
  const { code, stdout } = await run(await tool('kubectl'), words, { input });
  expect({ code, stdout }).toEqual(names === undefined ? { code: 1, stdout: '' } : { code: 0, stdout: names });
});

test('what is written is read by kubectl as it was', async () => {
  const arbitrary = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 2000, seed: 1 });
  const all = [...strings, ...plainScalars.map(([text]) => text), ...arbitrary.map((each) => each.toWellFormed())];
  const numbers = plainScalars
    .map(([, meaning]) => meaning)
    .filter((each) => typeof each !== 'bigint' && each !== undefined);
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Example',
    metadata: { name: 'example' },
    values: all,
    nested: all.map((each) => [{ [each]: { in: each } }]),
    numbers,
  };
  const { values, nested, numbers: numbersRead } = JSON.parse(await kubectlReads(toYaml(object)));
  expect(values).toEqual(object.values);
  expect(nested).toEqual(object.nested);
  expect(numbersRead).toEqual(numbers);
});
