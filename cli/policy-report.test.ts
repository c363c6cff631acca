import { type AdmissionRequest, parseReview } from '../shared/admission/review.ts';
import type { Reported, Rule } from '../shared/policy/policy.ts';
import type { Reason } from '../shared/reasons.ts';
import { settledVerdict } from '../shared/verdict/verdict.ts';
import { questionOn, ruleOf } from '../test/fixtures/questions.ts';
import { policyReports, type ReportApi, type Told } from './policy-report.ts';

const request: AdmissionRequest = (() => {
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      operation: 'CREATE',
      name: 'web',
      namespace: 'shop',
      object: {},
    },
  });
  if (parsed.kind !== 'review') throw new Error('no review');
  return parsed.request;
})();

const image = 'ghcr.io/acme/app:1';
const entries = [
  {
    path: 'verifyImages[0]',
    imageReferences: ['*'],
    skipImageReferences: [],
    attestors: [],
    attestations: [],
    annotations: {},
    mutateDigest: true,
    verifyDigest: true,
    required: true,
    useCache: true,
  },
];
function told(reason: Reason, changes: Partial<Rule> = {}): Told {
  return {
    verdict: settledVerdict(questionOn(ruleOf(entries, changes), image), reason, `because: ${reason}`),
    request,
  };
}
const one = (all: readonly Told[], api: ReportApi = 'wgpolicyk8s.io') => policyReports(all, api, 1_700_000_000_500);

test('the shape that clusters keep, in the group that is asked for', () => {
  const [report, ...more] = one([told('verified')]);
  expect(more).toEqual([]);
  expect(report).toEqual({
    apiVersion: 'wgpolicyk8s.io/v1alpha2',
    kind: 'ClusterPolicyReport',
    metadata: { name: 'merged' },
    summary: { pass: 1, fail: 0, warn: 0, error: 0, skip: 0 },
    results: [
      {
        source: 'countersign',
        policy: 'signed',
        rule: 'by-team',
        result: 'pass',
        scored: true,
        timestamp: { seconds: 1_700_000_000, nanos: 0 },
        message: 'because: verified',
        resources: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }],
        properties: { process: 'admission review', image, reason: 'verified', action: 'enforce' },
      },
    ],
  });
  expect(one([told('verified')], 'openreports.io')[0]).toMatchObject({
    apiVersion: 'openreports.io/v1alpha1',
    kind: 'ClusterReport',
  });
});

test('a namespaced Policy has a report of its own, beside the one of all ClusterPolicies', () => {
  const own = { policy: 'apps/own', namespace: 'apps' };
  const all = [told('verified'), told('no-signature', own), told('not-covered'), told('verified', own)];
  expect(one(all, 'openreports.io').map(({ kind, metadata, summary }) => [kind, metadata, summary])).toEqual([
    ['ClusterReport', { name: 'merged' }, { pass: 1, fail: 0, warn: 0, error: 0, skip: 1 }],
    ['Report', { name: 'own', namespace: 'apps' }, { pass: 1, fail: 1, warn: 0, error: 0, skip: 0 }],
  ]);
});

test('nothing to tell is an empty report', () => {
  expect(one([])).toMatchObject([{ results: [], summary: { pass: 0 } }]);
});

test('what policies say for reports: not scored, category, severity, properties and messages of their own', () => {
  const reported: Reported = {
    scored: false,
    category: 'Supply chain',
    severity: 'high',
    properties: { team: 'a', image: 'mine', warnMessage: 'ask team a', passMessage: 'fine' },
  };
  const [report] = one([told('no-signature', { reported }), told('verified', { reported })]);
  expect(report?.summary).toMatchObject({ fail: 0, warn: 1, pass: 1 });
  expect(report?.results).toMatchObject([
    {
      result: 'warn',
      scored: false,
      category: 'Supply chain',
      severity: 'high',
      message: 'ask team a',
      properties: { team: 'a', image, reason: 'no-signature' },
    },
    { result: 'pass', message: 'fine' },
  ]);
  const scored = { ...reported, scored: true, properties: { message: 'always' } };
  expect(one([told('no-signature', { reported: scored })])[0]?.results).toMatchObject([
    { result: 'fail', scored: true, message: 'always' },
  ]);
});
