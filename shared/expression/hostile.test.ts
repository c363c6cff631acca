import { cpuOf } from '../../test/fixtures/cpu.ts';
import { compileExpression } from './compile.ts';
import { ExpressionError, ExpressionTooCostly } from './error.ts';
import { functionTable } from './functions/table.ts';
import { createRun, stepsOfRun } from './run.ts';
import { evaluate, json } from './testing/evaluate.ts';
import type { Json } from './value.ts';

/** CPU milliseconds: several times what the costliest takes where this was written (50), for slower machines and the first time. */
const most = 400;

/** So many times the same within a list. */
const times = (count: number, part: string) => `[${Array.from({ length: count }, () => part).join()}]`;

/** An SBOM of that many packages; 2,000 are 1 MB. */
function sbom(packages: number): Json {
  const one = (at: number) => ({
    SPDXID: `SPDXRef-Package-${at}`,
    name: `package-${at}`,
    versionInfo: `1.${at}.0`,
    supplier: 'Organization: acme',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: at % 7 === 0 ? 'GPL-3.0' : 'MIT',
    licenseDeclared: 'MIT',
    copyrightText: 'NOASSERTION',
    externalRefs: ['purl', 'cpe23Type'].map((referenceType) => ({
      referenceCategory: 'PACKAGE-MANAGER',
      referenceType,
      referenceLocator: `pkg:npm/package-${at}@1.${at}.0?of=${referenceType.padEnd(30)}`,
    })),
  });
  return json(
    JSON.stringify({ spdxVersion: 'SPDX-2.3', packages: Array.from({ length: packages }, (_, at) => one(at)) }),
  );
}

describe('about an SBOM of 1 MB', () => {
  const document = sbom(2000);

  test('it is one', () => {
    expect(JSON.stringify(document).length).toBeGreaterThan(1_000_000);
  });

  test.each<[string, number]>([
    ['packages[].name', 2000],
    ["packages[?licenseConcluded == 'GPL-3.0'].name", 286],
    ["packages[].externalRefs[?referenceType == 'purl'].referenceLocator[]", 2000],
    ["packages[?contains(['GPL-3.0', 'AGPL-3.0'], licenseConcluded)]", 286],
    ["packages[?starts_with(name, 'package-1') && !filesAnalyzed].{n: name, v: versionInfo}", 1111],
    ['sort_by(packages, &name)[*].name', 2000],
    ['sort(packages[].name)', 2000],
    ['map(&to_string(@), packages)', 2000],
    ['@', 2],
  ])('%s is answered', (text, elements) => {
    let answer: Json = null;
    expect(
      cpuOf(() => {
        answer = evaluate(text, document);
      }),
    ).toBeLessThan(most);
    expect(evaluate('length(@)', answer === null ? {} : { answer })).toBe(1);
    expect(Object.keys(answer ?? {})).toHaveLength(elements);
  });
});

describe('an expression that takes too much', () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => at);
  const document = json(
    JSON.stringify({
      l: numbers,
      ll: Array.from({ length: 100 }, () => numbers),
      o: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key ${at}`, at])),
      packages: (sbom(1000) as { readonly packages: Json }).packages,
      text: 'a'.repeat(500_000),
      part: `${'a'.repeat(1000)}b${'a'.repeat(1000)}`,
      alike: Array.from({ length: 2000 }, (_, at) => 'w'.repeat(400) + ((at * 7919) % 2000)),
    }),
  );

  test.each<[string, string]>([
    ['what doubles with each pipe', `[@, @]${' | [@, @]'.repeat(60)}`],
    ['projections of projections', `ll${'[*].[@, @]'.repeat(8)}${'[].[@, @]'.repeat(40)}`],
    ['flattened over and over', `[ll, ll]${'[].[@, @][]'.repeat(60)}`],
    ['a thousand of each', `l[*].${times(1000, '@')}`],
    ['objects with thousands of fields', `l[*].${times(1000, '@')}[].{a: @, b: @, c: @}`],
    ['asking large objects whether they are empty', `${times(2000, 'o')}[?@]`],
    ['their lengths', `${times(1000, 'o')}[*].length(@)`],
    ['their names', `${times(1000, 'o')}[*].keys(@)`],
    ['their values', `${times(1000, 'o')}[*].[@.*]`],
    ['merging them', `${times(500, 'o')}[*].merge(@, @)`],
    ['whether they are the same', `${times(500, 'o')}[?@ == \`{}\` || @ == @]`],
    ['the length of long text', `${times(500, 'text')}[*].length(@)`],
    ['long text turned round', `${times(500, 'text')}[*].reverse(@)`],
    ['long text searched', `${times(500, 'text')}[*].contains(@, 'ab')`],
    ['long text searched for long text of its kind', `${times(500, '[text, part]')}[*].contains([0], [1])`],
    ['and taken apart by it', `${times(500, '[text, part]')}[*].split([0], [1])`],
    ['and with it replaced', `${times(500, '[text, part]')}[*].replace_all([0], [1], 'b')`],
    ['long text trimmed', `${times(500, 'text')}[*].trim(@, 'a')`],
    ['a short document of YAML, often', "ll[].parse_yaml('a: 1')"],
    ['long text as JSON', `${times(500, 'text')}[*].to_string([@])`],
    ['text that doubles', `join('', [text, text])${" | join('', [@, @])".repeat(40)}`],
    ['sorting what is alike', `${times(500, 'alike')}[*].sort(@)`],
    ['sorting by what is alike', `${times(500, 'packages')}[*].sort_by(@, &name)`],
    ['the best by a costly measure', `${times(500, 'll')}[].max_by(@, &to_string(@))`],
    ['errors that are null', "ll[].[(abs('x'))[], (abs('x'))[], (abs('x'))[]]"],
    ['a function of many arguments', `ll[].not_null(${times(1000, '@').slice(1, -1)})`],
    ['numbers read', `ll[].[to_number('${'1'.repeat(1000)}'), to_number('${'1'.repeat(1000)}')]`],
    ['slices', times(900, 'l[::-1]')],
    ['comparing what doubles', `[@, @]${' | [@, @]'.repeat(60)} | @ == [@[0], @[0]]`],
    ['writing what doubles', `[l, l]${' | [@, @]'.repeat(60)} | to_string(@)`],
  ])('ends: %s', (_, text) => {
    const compiled = compileExpression(text, functionTable);
    const scope = { get: (name: string) => (document as { readonly [name: string]: Json })[name], names: () => ['l'] };
    const cpu = cpuOf(() => {
      expect(() => compiled.evaluate(scope, createRun(0))).toThrow(ExpressionTooCostly);
    });
    expect(cpu).toBeLessThan(most);
  });

  test('the steps are those of the run, however many expressions it is for', () => {
    const run = createRun(0, 5000);
    expect(evaluate('l[*]', { l: numbers }, run)).toHaveLength(1000);
    expect(() => evaluate('l[*]', { l: numbers }, run)).toThrow('it takes over 5000 steps');
    expect(() => evaluate('a', { a: 1 }, run)).toThrow(ExpressionTooCostly);
    expect(evaluate('a', { a: 1 }, createRun(0))).toBe(1);
    expect(() => createRun(0).spend(stepsOfRun + 1)).toThrow(`it takes over ${stepsOfRun} steps`);
  });
});

describe('an expression that is nested deep', () => {
  const whole = (part: string, length = 8192) => part.repeat(Math.floor(length / part.length));

  test.each<[string, string]>([
    ['lists', whole('[')],
    ['closed lists', `${whole('[', 4000)}a${whole(']', 4000)}`],
    ['negations', `${whole('!', 8000)}a`],
    ['references', `${whole('&', 8000)}a`],
    ['parentheses', `${whole('(', 4000)}a${whole(')', 4000)}`],
    ['fields', `a${whole('.a', 8000)}`],
    ['alternatives', `a${whole('||a', 8000)}`],
    ['pipes', `a${whole('|a', 8000)}`],
    ['comparisons', `a${whole('==a', 8000)}`],
    ['projections', `a${whole('[*]', 8000)}`],
    ['flattenings', `a${whole('[]', 8000)}`],
    ['filters', `${whole('a[?', 4000)}a${']'.repeat(1333)}`],
    ['objects', `${whole('{a:', 6000)}a${'}'.repeat(2000)}`],
    ['functions', `${whole('abs(', 6000)}a${')'.repeat(1500)}`],
    ['a list as a literal', `\`${whole('[', 4000)}${whole(']', 4000)}\``],
    ['an open list as a literal', `\`${whole('[', 8000)}\``],
    ['quotes', whole("'")],
    ['escaped quotes', whole("\\'")],
    ['backslashes', `'${whole('\\', 8000)}`],
  ])('is an error: %s', (_, text) => {
    expect(
      cpuOf(() => {
        expect(() => evaluate(text, { a: 1 })).toThrow(ExpressionError);
      }),
    ).toBeLessThan(most);
  });

  test('up to 256 it is evaluated', () => {
    expect(evaluate(`a${'||a'.repeat(250)}`, { a: 1 })).toBe(1);
    expect(evaluate(`${'!'.repeat(250)}a`, { a: 1 })).toBe(true);
    expect(() => evaluate(`a${'||a'.repeat(300)}`, { a: 1 })).toThrow('it is nested over 256 deep');
  });

  test('the value that it builds nests 128 deep at most', () => {
    const nested = (depth: number) => `a${' | [@]'.repeat(depth)}`;
    expect(JSON.stringify(evaluate(nested(128), { a: 1 }))).toBe(`${'['.repeat(128)}1${']'.repeat(128)}`);
    const message = 'nested over 128 deep';
    for (const asked of ['', ' | to_string(@)', ' | @ == @', ' | [@ == @]']) {
      expect(() => evaluate(nested(130) + asked, { a: 1 })).toThrow(message);
    }
    expect(evaluate(`${nested(130)} | length(@)`, { a: 1 })).toBe(1);
  });

  test('so does a literal', () => {
    expect(evaluate(`\`${'['.repeat(128)}${']'.repeat(128)}\` | length(@)`)).toBe(1);
    expect(() => evaluate(`\`${'['.repeat(130)}${']'.repeat(130)}\` | length(@)`)).toThrow(
      'is not JSON within its quotes',
    );
  });
});
