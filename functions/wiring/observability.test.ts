import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { admissionRecord as admission } from '../../test/fixtures/record.ts';

const source = join(import.meta.dirname, 'observability.ts');
const reasons = join(import.meta.dirname, '../../shared/reasons.ts');

const call = { source: '10.0.3.7', requestId: 'JKJaXmPLvHcESHA=', uid: 'u-1', durationMs: 12 };

/** What a function writes, a line an object. It runs in a process of its own, since the lines go past `console`. */
async function linesOf(script: string, env: Readonly<Record<string, string>> = {}) {
  const program = `
    import { createObservability } from ${JSON.stringify(source)};
    import { Refusal } from ${JSON.stringify(reasons)};
    const seen = createObservability({ service: 'admission', clusters: ['prod', 'test'] });
    const { metrics } = seen;
    const record = ${JSON.stringify(admission)};
    const call = ${JSON.stringify(call)};
    ${script}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', program],
    {
      env: { ...process.env, AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand', ...env },
    },
  );
  return (stdout + stderr)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('an admission leaves one line, with all that is recorded of it and of its call', async () => {
  const lines = await linesOf(`
    seen.begin({ awsRequestId: 'r-1', functionName: 'admission', memoryLimitInMB: '1769', invokedFunctionArn: 'arn' });
    seen.log(record, call);
    seen.log({ ...record, dryRun: true, policySet: 'f'.repeat(64) }, call);
    seen.problem('another', 'line');`);
  const { dryRun: _, ...recorded } = admission;
  expect(lines).toEqual([
    {
      level: 'INFO',
      message: 'admission',
      timestamp: expect.any(String),
      cold_start: true,
      call,
      admission: recorded,
    },
    expect.objectContaining({ admission: { ...admission, dryRun: true, policySet: 'f'.repeat(12) } }),
    {
      level: 'ERROR',
      message: 'another',
      timestamp: expect.any(String),
      service: 'admission',
      function_request_id: 'r-1',
      cold_start: true,
      problem: 'line',
    },
  ]);
});

test('a line is under 900 bytes for one image, by names as they are on EKS, signed with a key or keyless', async () => {
  const id = '1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809';
  const image = {
    ...admission.images[0],
    image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/payments/checkout:v1.4.2@sha256:${'0'.repeat(64)}`,
    policy: 'require-signature',
    rule: 'signed-by-release',
  };
  const record = {
    ...admission,
    cluster: 'prod-eu',
    namespace: 'payments',
    name: 'checkout-7d4b9c6f5d-x2x7k',
    user: 'system:serviceaccount:kube-system:replicaset-controller',
    policySet: 'f'.repeat(64),
  };
  const signers = [
    [`sha256:${'ab12'.repeat(16)}`],
    [
      'https://github.com/acme/checkout/.github/workflows/release.yml@refs/heads/main (issuer https://token.actions.githubusercontent.com)',
    ],
  ];
  const of = { source: '10.123.45.67', requestId: id, uid: id, durationMs: 1234 };
  const lines = await linesOf(
    `
    seen.begin({});
    seen.begin({ awsRequestId: '${id}', functionName: 'countersign-prod-admission', memoryLimitInMB: '1769',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:countersign-prod-admission:live' });
    for (const signers of ${JSON.stringify(signers)})
      seen.log({ ...${JSON.stringify(record)}, images: [{ ...${JSON.stringify(image)}, signers }] }, ${JSON.stringify(of)});`,
    { _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0' },
  );
  const bytes = lines.map((line) => Buffer.byteLength(`${JSON.stringify(line)}\n`));
  expect(bytes).toHaveLength(2);
  expect(Math.max(...bytes)).toBeLessThan(900);
});

test('it is written whatever log level is set for our other lines', async () => {
  expect(await linesOf('seen.log(record, call);', { POWERTOOLS_LOG_LEVEL: 'ERROR' })).toHaveLength(1);
});

test('a line names ten signers of an image, cuts what a caller writes, and says what it leaves out', async () => {
  const [line] = await linesOf(`
    const big = { ...record.images[0], image: 'i'.repeat(5000), signers: Array(50).fill('s'.repeat(5000)) };
    seen.log({ ...record, user: 'u'.repeat(100_000), images: Array(20).fill(big), imagesOmitted: 2980 }, { ...call, uid: 'u'.repeat(100_000) });`);
  expect(JSON.stringify(line).length).toBeLessThan(100_000);
  expect(line.admission.images).toHaveLength(20);
  expect(line.admission.imagesOmitted).toBe(2980);
  expect(line.admission.user).toBe(`${'u'.repeat(300)}…`);
  expect(line.admission).toMatchObject({ cluster: 'prod', allowed: true });
  expect(line.call.uid).toBe(`${'u'.repeat(300)}…`);
});

test('counts are summed up and published at the end, a metric for each name and set of labels', async () => {
  const lines = await linesOf(`
    metrics.count('verdict', { result: 'pass', reason: 'verified' });
    metrics.count('verdict', { result: 'fail', reason: 'no-signature' });
    metrics.count('verdict', { result: 'pass', reason: 'verified' });
    metrics.count('ledger-read-failed');
    seen.flush();
    seen.flush();`);
  expect(lines).toMatchObject([
    { service: 'admission', result: 'pass', reason: 'verified', verdict: 2 },
    { service: 'admission', result: 'fail', reason: 'no-signature', verdict: 1 },
    { service: 'admission', 'ledger-read-failed': 1 },
  ]);
  expect(lines[0]._aws.CloudWatchMetrics).toEqual([
    {
      Namespace: 'Countersign',
      Dimensions: [['service', 'result', 'reason']],
      Metrics: [{ Name: 'verdict', Unit: 'Count' }],
    },
  ]);
  expect(lines[2]._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service']]);
});

test('a caller cannot make metrics: of clusters only the configured ones are named, of labels only plain words', async () => {
  const lines = await linesOf(`
    for (const cluster of ['prod', 'evil-1', 'evil-2']) metrics.count('unauthorized', { cluster });
    metrics.count('refused', { reason: 'a text\\nwith lines' });
    for (let at = 0; at < 500; at += 1) metrics.count('many', { at: String(at) });
    seen.flush();`);
  const clusters = lines
    .filter((line) => 'unauthorized' in line)
    .map(({ cluster, unauthorized }) => [cluster, unauthorized]);
  expect(clusters).toEqual([
    ['prod', 1],
    ['other', 2],
  ]);
  expect(lines).toContainEqual(expect.objectContaining({ refused: 1, reason: 'other' }));
  expect(lines.length).toBeLessThanOrEqual(51);
  expect(lines.at(-1)).toMatchObject({ 'series-dropped': 453 });
});

test('a crash is told by its class and place, never by its message', async () => {
  const [error, text, refusal] = await linesOf(`
    seen.crashed(Object.assign(new TypeError('the token is s3cret\\n    at s3cret (more)'), { code: 'E_ODD' }));
    seen.crashed('s3cret');
    seen.crashed(new Refusal('internal-error', 's3cret'));`);
  expect(error).toMatchObject({ level: 'ERROR', message: 'crash', crash: { name: 'TypeError', code: 'E_ODD' } });
  expect(error.crash.at.length).toBeGreaterThan(0);
  expect(text).toMatchObject({ crash: { name: 'string' } });
  expect(refusal).toMatchObject({ crash: { name: 'Refusal', code: 'internal-error' } });
  expect(JSON.stringify([error, text, refusal])).not.toContain('s3cret');
});

test('a warning is a line below the level of an error, counted under its name, and cut', async () => {
  const lines = await linesOf(`
    seen.warning('policy-warning', 'a.yaml:1: warning: a "text"\\n');
    seen.warning('policy-warning', 'w'.repeat(100_000));
    seen.flush();`);
  const [warning, long] = lines.filter(({ level }) => level === 'WARN');
  expect(warning).toMatchObject({ level: 'WARN', message: 'policy-warning', warning: 'a.yaml:1: warning: a "text"\n' });
  expect(long.warning).toBe('w'.repeat(1000));
  expect(lines).toContainEqual(expect.objectContaining({ service: 'admission', 'policy-warning': 2 }));
});

test('a metric that cannot be written takes no answer with it', async () => {
  const lines = await linesOf(`
    metrics.count('reason', { reason: 'same-name' });
    metrics.count('fine');
    seen.flush();`);
  expect(lines).toContainEqual(expect.objectContaining({ fine: 1 }));
});
