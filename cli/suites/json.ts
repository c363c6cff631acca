import type { ProblemJson } from '../problems.ts';
import { problemsOf } from '../problems.ts';
import { countsOf, type Row, type SuiteRun } from './row.ts';

/** What `-o json` prints; the names are stable. */
export interface SuitesJson {
  readonly verdict: 'pass' | 'fail' | 'error' | 'skip';
  readonly summary: { readonly passed: number; readonly failed: number; readonly left: number };
  readonly suites: readonly { readonly file: string; readonly name: string; readonly results: readonly unknown[] }[];
  readonly problems: readonly ProblemJson[];
}

/** fail over error over pass; `skip` where nothing was compared. `detailed`: with each image's result. */
export function jsonOf(
  runs: readonly SuiteRun[],
  { detailed, failOnly }: { readonly detailed: boolean; readonly failOnly: boolean },
): SuitesJson {
  const summary = countsOf(runs);
  const problems = runs.flatMap(({ thrown }) => (thrown === undefined ? [] : problemsOf(thrown)));
  const { passed, failed } = summary;
  return {
    verdict: failed > 0 ? 'fail' : problems.length > 0 ? 'error' : passed > 0 ? 'pass' : 'skip',
    summary,
    suites: runs.map(({ file, name, rows }) => ({
      file,
      name,
      results: rows
        .map((row, index) => resultOf(row, index + 1, detailed))
        .filter((_, index) => !failOnly || rows[index]?.outcome === 'failed'),
    })),
    problems,
  };
}

function resultOf(row: Row, id: number, detailed: boolean) {
  const { expected, rule, resource, outcome, got, reason, message, images } = row;
  return {
    id,
    line: expected.at.line,
    policy: expected.policy,
    rule,
    resource,
    expected: expected.result,
    got,
    outcome,
    reason,
    message,
    ...(detailed ? { images } : {}),
  };
}
