import { printable } from '../../shared/printable.ts';
import { atLeastOne, readArguments, single } from '../arguments.ts';
import { coreFrom, coreOptions, outputFrom, registriesFrom, timeoutFrom } from '../core.ts';
import { textOf } from '../problems.ts';
import { shortRun } from '../short-run.ts';
import { trustPolicyBesidePolicies, trustPolicyOption } from '../trust-policy.ts';
import { trustRootFrom } from '../trust-root.ts';
import { UsageError } from '../usage.ts';
import { findSuites, suiteNames } from './find.ts';
import { jsonOf } from './json.ts';
import { junitOf } from './junit.ts';
import { readSuites } from './read.ts';
import { countsOf, type SuiteRun, titleOf } from './row.ts';
import { runSuite, type SuiteOptions } from './run.ts';
import { readSelector } from './selector.ts';
import { tableOf } from './table.ts';

const form = 'countersign test DIR...';

/** `countersign test DIR...`: runs the suites of Kyverno's command line, as far as they are about images. */
export async function test(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: [...coreOptions.single, 'file-name', 'test-case-selector'],
    several: [...coreOptions.several, 'registries'],
    flags: ['detailed-results', 'fail-only', 'require-tests'],
    aliases: { 'output-format': 'output' },
    bare: 'taken',
    elsewhere: {
      resource: `a suite names its resources: write ${form}`,
      'values-file': `a suite names its values, in the field variables: write ${form}`,
      userinfo: `a suite names who asks, in the field userinfo: write ${form}`,
      exception: `a suite names its exceptions: write ${form}`,
      [trustPolicyOption]: trustPolicyBesidePolicies,
    },
  });
  const output = outputFrom(found, ['json', 'junit']);
  const shown = { detailed: found.has('detailed-results'), failOnly: found.has('fail-only') };
  const named = atLeastOne(found, '', 'DIR');
  const selector = readSelector(single(found, 'test-case-selector', undefined));
  const timeout = timeoutFrom(found);
  const name = single(found, 'file-name', undefined);
  const files = await findSuites(named, name === undefined ? suiteNames : [name]);
  const registries = registriesFrom(found);
  const roots = await trustRootFrom(found);
  const core = await coreFrom(found, { registries, roots });
  using _ = shortRun();
  const runs: SuiteRun[] = [];
  try {
    const options = { core, roots, selector, timeout, warn: once() };
    for (const file of files) runs.push(...(await runFile(file, options)));
  } finally {
    await core.close();
  }
  if (found.has('require-tests') && runs.every(isIdle)) runs.push(withoutTests());
  if (output === 'json') process.stdout.write(`${JSON.stringify(jsonOf(runs, shown), null, 2)}\n`);
  else if (output === 'junit') process.stdout.write(junitOf(runs, shown));
  else process.stdout.write(textOfRuns(runs, { ...shown, colour: process.stdout.isTTY }));
  return statusOf(runs);
}

/** Each warning once, however many suites have the policy that it is about. */
function once(): SuiteOptions['warn'] {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line)) return;
    told.add(line);
    process.stderr.write(`${line}\n`);
  };
}

/** The suites of one file. What is wrong with one of them is told, and does not keep the others from running. */
async function runFile(file: string, options: SuiteOptions): Promise<readonly SuiteRun[]> {
  const failed = (thrown: unknown, name: string): SuiteRun => {
    process.stderr.write(textOf(thrown));
    return { file, name, rows: [], thrown };
  };
  let suites: Awaited<ReturnType<typeof readSuites>>;
  try {
    suites = await readSuites(file);
  } catch (thrown) {
    return [failed(thrown, '')];
  }
  const runs: SuiteRun[] = [];
  for (const suite of suites) {
    const { name } = suite;
    try {
      runs.push({ file, name, rows: await runSuite(suite, options), thrown: undefined });
    } catch (thrown) {
      runs.push(failed(thrown, name));
    }
  }
  return runs;
}

function textOfRuns(
  runs: readonly SuiteRun[],
  { detailed, failOnly, colour }: { readonly detailed: boolean; readonly failOnly: boolean; readonly colour: boolean },
): string {
  if (runs.every(({ file }) => file === '')) return 'No test yamls available\n';
  const { passed, failed, left } = countsOf(runs);
  const parts: string[] = [];
  if (failOnly) {
    const rows = runs.flatMap((run) => run.rows.filter(({ outcome }) => outcome === 'failed'));
    if (rows.length > 0) parts.push(`Aggregated Failed Test Cases :\n${tableOf(rows, { detailed, colour })}`);
    parts.push(`Test Summary: ${failed} out of ${passed + failed} tests failed\n`);
  } else {
    for (const run of runs.filter(({ file }) => file !== '')) {
      const wrong = run.thrown === undefined ? '' : 'could not be run: standard error says why\n';
      const table = run.rows.length === 0 ? wrong : tableOf(run.rows, { detailed, colour });
      if (table !== '') parts.push(`${printable(titleOf(run))}\n${table}`);
    }
    parts.push(`Test Summary: ${passed} tests passed and ${failed} tests failed\n`);
  }
  if (left > 0)
    parts.push(
      `${left === 1 ? '1 result is' : `${left} results are`} left to Kyverno: Countersign reads the rules of images alone\n`,
    );
  return parts.join('\n');
}

/** Nothing was compared, and nothing says why. */
function isIdle({ rows, thrown }: SuiteRun): boolean {
  return thrown === undefined && rows.every(({ outcome }) => outcome === 'left');
}

function withoutTests(): SuiteRun {
  const thrown = new UsageError('no tests found: --require-tests asks for one that is about images');
  process.stderr.write(textOf(thrown));
  return { file: '', name: '', rows: [], thrown };
}

/** That there are no tests is no failure, as for Kyverno's command line, unless they are required. */
function statusOf(runs: readonly SuiteRun[]): 0 | 1 | 2 {
  if (countsOf(runs).failed > 0) return 1;
  return runs.some(({ thrown }) => thrown !== undefined) ? 2 : 0;
}
