import { printable } from '../../shared/printable.ts';
import { problemsOf } from '../problems.ts';
import { countsOf, type Row, type SuiteRun, titleOf } from './row.ts';

/**
 * JUnit's XML, as CI systems read it: a suite for each test, a case for each result. What is left to Kyverno is skipped, and what kept a
 * suite from running is an error. `detailed`: passed ones have their messages too.
 */
export function junitOf(
  runs: readonly SuiteRun[],
  { detailed, failOnly }: { readonly detailed: boolean; readonly failOnly: boolean },
): string {
  const { passed, failed, left } = countsOf(runs);
  const shown = failOnly ? failed : passed + failed + left;
  const errors = runs.reduce((sum, { thrown }) => sum + problemsIn(thrown).length, 0);
  const counts = { tests: shown + errors, failures: failed, errors, skipped: failOnly ? 0 : left };
  const suites = runs.map((run) => suiteOf(run, detailed, failOnly));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', counts, suites)}\n`;
}

function suiteOf(run: SuiteRun, detailed: boolean, failOnly: boolean): string {
  const rows = failOnly ? run.rows.filter(({ outcome }) => outcome === 'failed') : run.rows;
  const problems = problemsIn(run.thrown);
  const of = (outcome: Row['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const counts = {
    name: titleOf(run),
    tests: rows.length + problems.length,
    failures: of('failed'),
    errors: problems.length,
    skipped: of('left'),
  };
  const cases = rows.map((row) => caseOf(row, detailed));
  const wrong = problems.map(({ file, line, field, message }) => {
    const place = [file ?? run.file, ...(line === null ? [] : [line])].join(':');
    const told = `${place}: ${field === null ? '' : `${field}: `}${message}`;
    return element('testcase', { classname: run.file, name: 'the suite' }, [element('error', { message: told }, [])]);
  });
  return element('testsuite', counts, [...cases, ...wrong]);
}

function problemsIn(thrown: unknown) {
  return thrown === undefined ? [] : problemsOf(thrown);
}

function caseOf({ expected, rule, resource, outcome, reason, message }: Row, detailed: boolean): string {
  const named = { classname: [expected.policy, rule].filter((word) => word !== '').join('/'), name: resource };
  switch (outcome) {
    case 'failed':
      return element('testcase', named, [element('failure', { message: reason }, [escaped(message)])]);
    case 'left':
      return element('testcase', named, [element('skipped', { message: `${reason}: ${message}` }, [])]);
    case 'passed':
      return element('testcase', named, detailed ? [element('system-out', {}, [escaped(message)])] : []);
  }
}

/** `inside` is XML already. */
function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  inside: readonly string[],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  const start = `<${name}${written.join('')}`;
  return inside.length === 0 ? `${start}/>` : `${start}>${inside.join('')}</${name}>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Foreign text in XML 1.0, which some characters cannot stand in at all: those are told as JSON writes them. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
