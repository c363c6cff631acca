import type { AdmissionRequest } from '../shared/admission/review.ts';
import { failureOf } from '../shared/answer/message.ts';
import { reportResult } from '../shared/answer/report.ts';
import type { Reported } from '../shared/policy/policy.ts';
import type { Verdict } from '../shared/verdict/verdict.ts';

/** Whose kinds reports are of: the policy working group's (v1alpha2), or OpenReports' (v1alpha1), of which the fields are the same. */
export type ReportApi = 'wgpolicyk8s.io' | 'openreports.io';

/** A verdict, and the request that it is about. */
export interface Told {
  readonly verdict: Verdict;
  readonly request: AdmissionRequest;
}

export type ReportedResult = Verdict['result'] | 'warn';

/** A report as clusters keep it. */
export interface PolicyReport {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly results: readonly unknown[];
  readonly summary: Readonly<Record<ReportedResult, number>>;
}

const apis = {
  'wgpolicyk8s.io': { version: 'v1alpha2', cluster: 'ClusterPolicyReport', namespaced: 'PolicyReport' },
  'openreports.io': { version: 'v1alpha1', cluster: 'ClusterReport', namespaced: 'Report' },
} as const;

/**
 * Results as reports, as Kyverno's command line has them: one, `merged`, of all ClusterPolicies, and one of each namespaced Policy. A
 * result is about one image. `now` is in milliseconds since 1970.
 */
export function policyReports(told: readonly Told[], api: ReportApi, now: number): readonly PolicyReport[] {
  const ofPolicies = Map.groupBy(told, ({ verdict }) => {
    const { namespace, policy } = verdict.question.rule;
    return namespace === undefined ? '' : policy;
  });
  if (ofPolicies.size === 0) ofPolicies.set('', []);
  return [...ofPolicies].map(([policy, results]) => {
    const { version, cluster, namespaced } = apis[api];
    const [namespace = '', name = ''] = policy.split('/');
    return {
      apiVersion: `${api}/${version}`,
      kind: policy === '' ? cluster : namespaced,
      metadata: policy === '' ? { name: 'merged' } : { name, namespace },
      results: results.map((each) => resultOf(each, now)),
      summary: summaryOf(results),
    };
  });
}

/** A failure of a policy that is not scored is a warning, as in Kyverno's reports and tests. */
export function reportedResult({ result }: Pick<Verdict, 'result'>, reported: Reported | undefined): ReportedResult {
  return result === 'fail' && reported?.scored === false ? 'warn' : result;
}

function summaryOf(told: readonly Told[]): PolicyReport['summary'] {
  const summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { verdict } of told) summary[reportedResult(verdict, verdict.question.rule.reported)] += 1;
  return summary;
}

function resultOf({ verdict, request }: Told, now: number): unknown {
  const { rule } = verdict.question;
  const { reported } = rule;
  const { image, digest, action, reason, exceptions } = reportResult(verdict);
  const { group, version, kind } = request.kind;
  const result = reportedResult(verdict, reported);
  return {
    source: 'countersign',
    policy: rule.policy,
    rule: rule.name,
    ...(reported?.category === undefined ? {} : { category: reported.category }),
    ...(reported?.severity === undefined ? {} : { severity: reported.severity }),
    result,
    scored: reported?.scored ?? true,
    timestamp: { seconds: Math.floor(now / 1000), nanos: 0 },
    message: messageFor(result, reported) ?? failureOf(verdict) ?? verdict.message,
    resources: [
      {
        apiVersion: group === '' ? version : `${group}/${version}`,
        kind,
        ...(request.namespace === '' ? {} : { namespace: request.namespace }),
        ...(request.name === '' ? {} : { name: request.name }),
      },
    ],
    properties: Object.fromEntries([
      ...Object.entries(reported?.properties ?? {}),
      ['process', 'admission review'],
      ['image', image],
      ...(digest === null ? [] : [['digest', digest]]),
      ['reason', reason],
      ['action', action],
      ...(exceptions === undefined ? [] : [['exceptions', exceptions.join(',')]]),
    ]),
  };
}

/** What `reportProperties` has in place of the message, for this result or for any, as in Kyverno. */
function messageFor(result: ReportedResult, reported: Reported | undefined): string | undefined {
  const property = (name: string) => {
    const properties = reported?.properties ?? {};
    return Object.hasOwn(properties, name) ? properties[name] : undefined;
  };
  return property('message') || property(`${result}Message`) || undefined;
}
