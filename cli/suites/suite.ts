import type { ReportedResult } from '../policy-report.ts';
import type { SimulatedOperation } from '../values/circumstances.ts';
import type { Values } from '../values/values.ts';

/** A test of Kyverno's command line (`kind: Test`, cli.kyverno.io/v1alpha1): what policies are to say of resources. */
export interface Suite {
  readonly file: string;
  readonly name: string;
  readonly policies: readonly NamedFile[];
  readonly resources: readonly NamedFile[];
  readonly exceptions: readonly NamedFile[];
  /** What is in the cluster. */
  readonly clusterResources: readonly NamedFile[];
  /** Files for rules that are Kyverno's own. */
  readonly others: readonly NamedFile[];
  readonly userInfo: NamedFile | undefined;
  /** Counts in place of `variables`, as in Kyverno. */
  readonly values: Values | undefined;
  readonly variables: NamedFile | undefined;
  readonly results: readonly Expected[];
}

/** Where something stands in a suite. */
export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** `results[0].policy`. */
  readonly field: string;
}

/** A file or folder that a suite names, relative to the suite's own file. */
export interface NamedFile {
  readonly name: string;
  readonly at: Position;
}

/** A result that is expected of a rule on resources. */
export interface Expected {
  readonly at: Position;
  /** `name` or `namespace/name`. */
  readonly policy: string;
  /** Empty: every rule of the policy. */
  readonly rule: string;
  readonly result: ReportedResult;
  readonly kind: string | undefined;
  /** `name` or `namespace/name`; `undefined`, as `specs`: every resource. */
  readonly resources: readonly string[] | undefined;
  readonly specs: readonly ResourceSpec[] | undefined;
  /** `undefined`: what the values say, else a CREATE. */
  readonly operation: SimulatedOperation | undefined;
  /** Fields that are about rules of other types. */
  readonly foreign: readonly Position[];
}

export interface ResourceSpec {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}
