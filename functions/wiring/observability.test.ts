import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { admissionRecord as admission } from '../../test/fixtures/record.ts';

const source = join(import.meta.dirname, 'observability.ts');
const reasons = join(import.meta.dirname, '../../shared/reasons.ts');

/** What a function writes, a line an object. It runs in a process of its own, since the lines go past `console`. */
async function linesOf(script: string, env: Readonly<Record<string, string>> = {}) {
  const program = `
    import { createObservability } from ${JSON.stringify(source)};
    import { Refusal } from ${JSON.stringify(reasons)};
    const seen = createObservability({ service: 'admission', clusters: ['prod', 'test'] });
    const { metrics } = seen;
    const record = ${JSON.stringify(admission)};
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

test('an admission leaves one line, with all that is recorded of it', async () => {
  const lines = await linesOf(`
    seen.begin({ awsRequestId: 'r-1', functionName: 'admission', memoryLimitInMB: '1769', invokedFunctionArn: 'arn' });
    seen.log(record);`);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 'INFO',
    message: 'admission',
    service: 'admission',
    function_request_id: 'r-1',
    cold_start: true,
    admission,
  });
});

test('it is written whatever log level is set for our other lines', async () => {
  expect(await linesOf('seen.log(record);', { POWERTOOLS_LOG_LEVEL: 'ERROR' })).toHaveLength(1);
});

test('a line names ten signers of an image, cuts what a caller writes, and says what it leaves out', async () => {
  const [line] = await linesOf(`
    const big = { ...record.images[0], image: 'i'.repeat(5000), signers: Array(50).fill('s'.repeat(5000)) };
    seen.log({ ...record, user: 'u'.repeat(100_000), images: Array(20).fill(big), imagesOmitted: 2980 });`);
  expect(JSON.stringify(line).length).toBeLessThan(100_000);
  expect(line.admission.images).toHaveLength(20);
  expect(line.admission.imagesOmitted).toBe(2980);
  expect(line.admission.user).toBe(`${'u'.repeat(300)}…`);
  expect(line.admission).toMatchObject({ cluster: 'prod', allowed: true });
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
