import type { ReportResult } from '../../shared/answer/report.ts';
import type { ReportedResult } from '../policy-report.ts';
import type { Expected, Suite } from './suite.ts';

/** What one expected result came to on one resource. */
export interface Row {
  readonly expected: Expected;
  /** As it was asked: `autogen-x` for the `x` of a controller. */
  readonly rule: string;
  /** `apps/v1/Deployment/default/web`; as the suite has it where nothing was asked. */
  readonly resource: string;
  readonly outcome: 'passed' | 'failed' | 'left';
  /** `excluded`: no image of the resource was asked about; `null`: nothing was done. */
  readonly got: ReportedResult | 'excluded' | null;
  /** `Ok`, or why not, in Kyverno's words where it has some. */
  readonly reason: string;
  readonly message: string;
  readonly images: readonly ReportResult[];
}

/** A suite with what it came to, or why it could not be run. */
export interface SuiteRun {
  /** Empty where it is about all of them. */
  readonly file: string;
  readonly name: string;
  readonly rows: readonly Row[];
  readonly thrown: unknown;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly left: number;
}

export function countsOf(runs: readonly SuiteRun[]): Counts {
  const counts = { passed: 0, failed: 0, left: 0 };
  for (const { rows } of runs) for (const { outcome } of rows) counts[outcome] += 1;
  return counts;
}

/** The heading of a suite, for people. */
export function titleOf({ name, file }: Pick<Suite, 'name' | 'file'>): string {
  return name === '' || file === '' ? file || 'all suites' : `${name} (${file})`;
}
