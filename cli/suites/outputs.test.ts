import { FileError } from '../../local/files.ts';
import { parseXml } from '../../test/fixtures/xml.ts';
import { jsonOf } from './json.ts';
import { junitOf } from './junit.ts';
import type { Row, SuiteRun } from './row.ts';
import { tableOf } from './table.ts';

const hostile = '<b attr="1">&amp;]]>\u001b[2J\n\u0000\u202e\ufffe\ud800\'</b>';

function row(parts: Partial<Row> & { readonly policy?: string } = {}): Row {
  const { policy = 'signed', ...rest } = parts;
  return {
    expected: {
      at: { file: 'a/kyverno-test.yaml', line: 7, field: 'results[0]' },
      policy,
      rule: 'check',
      result: 'pass',
      kind: 'Pod',
      resources: ['web'],
      specs: undefined,
      operation: undefined,
      foreign: [],
    },
    rule: 'check',
    resource: 'v1/Pod/default/web',
    outcome: 'passed',
    got: 'pass',
    reason: 'Ok',
    message: 'verified',
    images: [],
    ...rest,
  };
}

const failed = row({ outcome: 'failed', got: 'fail', reason: 'Want pass, got fail', message: hostile });
const left = row({ outcome: 'left', got: null, reason: 'Left to Kyverno', message: 'a validate rule' });
const run = (rows: readonly Row[], more: Partial<SuiteRun> = {}): SuiteRun => ({
  file: 'a/kyverno-test.yaml',
  name: 'suite',
  rows,
  thrown: undefined,
  ...more,
});
const broken = run([], { name: '', thrown: new FileError(hostile, `cannot read ${hostile}`) });
const brief = { detailed: false, failOnly: false };

describe('the table', () => {
  test("has Kyverno's columns, and the message where it is asked for", () => {
    const plain = tableOf([row(), failed, left], { detailed: false, colour: false });
    expect(plain.split('\n')).toEqual([
      '│────│────────│───────│────────────────────│────────│─────────────────────│',
      '│ ID │ POLICY │ RULE  │ RESOURCE           │ RESULT │ REASON              │',
      '│────│────────│───────│────────────────────│────────│─────────────────────│',
      '│ 1  │ signed │ check │ v1/Pod/default/web │ Pass   │ Ok                  │',
      '│ 2  │ signed │ check │ v1/Pod/default/web │ Fail   │ Want pass, got fail │',
      '│ 3  │ signed │ check │ v1/Pod/default/web │ Left   │ Left to Kyverno     │',
      '│────│────────│───────│────────────────────│────────│─────────────────────│',
      '',
    ]);
    const detailed = tableOf([row()], { detailed: true, colour: false });
    expect(detailed).toContain('│ REASON │ MESSAGE  │\n');
    expect(detailed).toContain('│ Ok     │ verified │\n');
  });

  test('what others wrote stays on its line and moves nothing', () => {
    const text = tableOf([row({ policy: hostile }), failed], { detailed: true, colour: false });
    expect(text.trimEnd().split('\n')).toHaveLength(6);
    for (const character of ['\u0000', '\u001b', '\u202e']) expect(text).not.toContain(character);
    const lines = text.trimEnd().split('\n');
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  test('colours are for terminals', () => {
    expect(tableOf([row()], { detailed: false, colour: true })).toContain('\u001b[32mPass');
  });
});

describe('JUnit', () => {
  test('a case for each result: passed, failed with why, left to Kyverno as skipped, and what kept a suite from running', () => {
    const xml = parseXml(junitOf([run([row(), failed, left]), broken], brief));
    expect(xml).toMatchObject({
      name: 'testsuites',
      attributes: { tests: '4', failures: '1', errors: '1', skipped: '1' },
      children: [
        {
          name: 'testsuite',
          attributes: { name: 'suite (a/kyverno-test.yaml)', tests: '3', failures: '1', errors: '0', skipped: '1' },
          children: [
            { name: 'testcase', attributes: { classname: 'signed/check', name: 'v1/Pod/default/web' }, children: [] },
            { children: [{ name: 'failure', attributes: { message: 'Want pass, got fail' } }] },
            { children: [{ name: 'skipped', attributes: { message: 'Left to Kyverno: a validate rule' } }] },
          ],
        },
        {
          attributes: { name: 'a/kyverno-test.yaml', tests: '1', failures: '0', errors: '1', skipped: '0' },
          children: [{ name: 'testcase', children: [{ name: 'error' }] }],
        },
      ],
    });
  });

  test('hostile names and messages are text, whatever is in them', () => {
    const rows = [row({ policy: hostile, rule: hostile, resource: hostile }), failed];
    const xml = parseXml(junitOf([run(rows, { name: hostile }), broken], { detailed: true, failOnly: false }));
    const [suite, other] = xml.children;
    const shown = '<b attr="1">&amp;]]>\\u001b[2J\\n\\u0000\\u202e\\ufffe\\ud800\'</b>';
    expect(suite?.attributes['name']).toBe(`${shown} (a/kyverno-test.yaml)`);
    expect(suite?.children[0]?.attributes).toEqual({ classname: `${shown}/${shown}`, name: shown });
    expect(suite?.children[1]?.children[0]?.text).toBe(shown);
    expect(other?.children[0]?.children[0]?.attributes['message']).toBe(`${shown}: cannot read ${shown}`);
  });

  test('--detailed-results has the messages of what passed, --fail-only nothing but what failed', () => {
    const detailed = parseXml(junitOf([run([row()])], { detailed: true, failOnly: false }));
    expect(detailed.children[0]?.children[0]?.children[0]).toMatchObject({ name: 'system-out', text: 'verified' });
    const alone = parseXml(junitOf([run([row(), failed, left])], { detailed: false, failOnly: true }));
    expect(alone.attributes).toEqual({ tests: '1', failures: '1', errors: '0', skipped: '0' });
    expect(alone.children[0]?.children).toHaveLength(1);
  });

  test('no suites at all', () => {
    expect(parseXml(junitOf([], brief)).attributes).toEqual({ tests: '0', failures: '0', errors: '0', skipped: '0' });
  });
});

describe('JSON', () => {
  test('the shape that is promised', () => {
    expect(jsonOf([run([row(), failed, left])], brief)).toEqual({
      verdict: 'fail',
      summary: { passed: 1, failed: 1, left: 1 },
      suites: [
        {
          file: 'a/kyverno-test.yaml',
          name: 'suite',
          results: [
            {
              id: 1,
              line: 7,
              policy: 'signed',
              rule: 'check',
              resource: 'v1/Pod/default/web',
              expected: 'pass',
              got: 'pass',
              outcome: 'passed',
              reason: 'Ok',
              message: 'verified',
            },
            expect.objectContaining({ id: 2, outcome: 'failed', got: 'fail', message: hostile }),
            expect.objectContaining({ id: 3, outcome: 'left', got: null }),
          ],
        },
      ],
      problems: [],
    });
  });

  test.each<[string, readonly SuiteRun[], string]>([
    ['a failure counts over an error', [run([failed]), broken], 'fail'],
    ['an error over a pass', [run([row()]), broken], 'error'],
    ['a pass over what is left', [run([row(), left])], 'pass'],
    ['nothing but what is left', [run([left])], 'skip'],
    ['nothing', [], 'skip'],
  ])('%s', (_, runs, verdict) => {
    expect(jsonOf(runs, brief).verdict).toBe(verdict);
  });

  test('--fail-only keeps the numbers, --detailed-results adds the images', () => {
    const [suite] = jsonOf([run([row(), failed])], { detailed: true, failOnly: true }).suites;
    expect(suite?.results).toEqual([expect.objectContaining({ id: 2, images: [] })]);
  });
});
