import type { AdmissionRequest } from '../../shared/admission/review.ts';
import { shownName } from '../../shared/answer/message.ts';
import { reportResult } from '../../shared/answer/report.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import { kindOf, severity, type Verdict } from '../../shared/verdict/verdict.ts';
import { type ReportedResult, reportedResult } from '../policy-report.ts';
import type { Row } from './row.ts';
import type { Expected } from './suite.ts';
import { isNamed } from './whose.ts';

/** Whether a result is expected of this rule. */
export function isAbout({ policy, rule: written }: Expected, rule: Rule): boolean {
  return isNamed(rule.policy, policy) && (written === '' || written === rule.name || written === rule.autogenOf);
}

/** The worst of a rule's verdicts on the images of a resource, beside what was expected. */
export function compared(
  expected: Expected,
  rule: Rule,
  verdicts: readonly Verdict[],
  resource: string,
  title: string,
): Row {
  const worst = verdicts.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  const got = reportedResult(worst, rule.reported);
  const images = verdicts.map((verdict) => reportResult(verdict, title));
  const { image = '' } = images[verdicts.indexOf(worst)] ?? {};
  return {
    expected,
    rule: rule.name,
    resource,
    ...reached(expected, got),
    message: `${image}: ${worst.reason}: ${worst.message}`,
    images,
  };
}

function reached({ result }: Expected, got: ReportedResult): Pick<Row, 'outcome' | 'got' | 'reason'> {
  const met = got === result;
  return { outcome: met ? 'passed' : 'failed', got, reason: met ? 'Ok' : `Want ${result}, got ${got}` };
}

/** A rule that asks for a digest alone, of images that have one. */
export function satisfies(expected: Expected, rule: Rule, resource: string): Row {
  const message = 'the images have all that the rule asks for';
  return { expected, rule: rule.name, resource, ...reached(expected, 'pass'), message, images: [] };
}

function rank({ reason }: Verdict): number {
  return severity[kindOf(reason)];
}

/**
 * A rule that asks nothing about a resource. Kyverno counts it as passed whatever was expected; here a denial that was expected of a
 * resource by its name, and that no rule can come to, is a failure.
 */
export function excluded(expected: Expected, resource: string): Row {
  const named = expected.resources !== undefined || expected.specs !== undefined;
  const met = !named || expected.result === 'pass' || expected.result === 'skip';
  return {
    expected,
    rule: expected.rule,
    resource,
    outcome: met ? 'passed' : 'failed',
    got: 'excluded',
    reason: met ? 'Excluded' : `Want ${expected.result}, got excluded`,
    message: 'the rule asks about no image of this resource',
    images: [],
  };
}

/** What a suite names and does not have. */
export function notFound(expected: Expected, resource: string, message: string): Row {
  const { rule } = expected;
  return { expected, rule, resource, outcome: 'failed', got: null, reason: 'Not found', message, images: [] };
}

/** What is Kyverno's to say. */
export function left(expected: Expected, rule: string, what: string): Row {
  const message = `${what}: Countersign reads the rules of images alone`;
  return {
    expected,
    rule,
    resource: namesOf(expected),
    outcome: 'left',
    got: null,
    reason: 'Left to Kyverno',
    message,
    images: [],
  };
}

/** The resources as the suite has them. */
export function namesOf({ resources, specs, kind }: Expected): string {
  const names = [...(resources ?? []), ...(specs ?? []).map(({ name = '' }) => name)].join(', ') || '*';
  return kind === undefined ? names : `${kind}/${names}`;
}

/** As Kyverno's command line prints it. */
export function resourceName({ kind: { group, version, kind }, namespace, name }: AdmissionRequest): string {
  const shown = [kind, namespace, name === '' ? '(generated)' : name].map(shownName);
  return [...(group === '' ? [] : [group]), version, ...shown].join('/');
}
