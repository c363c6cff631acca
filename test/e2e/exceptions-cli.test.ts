import { writeFile } from 'node:fs/promises';
import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { pod, policy } from './documents.ts';
import { countersign, folderWith, run } from './processes.ts';

const cleanUp = new AsyncDisposableStack();
let folder: Awaited<ReturnType<typeof folderWith>>;
let image: string;
let requests: () => number;

beforeAll(async () => {
  const registry = cleanUp.use(await startRegistry());
  requests = () => registry.requests.length;
  await makeImage(storeDestination(registry), 'exc/unsigned', '1');
  image = `${registry.host}/exc/unsigned:1`;
  const signed = policy({ images: `${registry.host}/*`, keys: [newKey()] });
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': signed,
      'set/policy.yaml': signed,
      'set/exceptions/legacy.yaml': exceptionOf('legacy'),
      'legacy.yaml': exceptionOf('legacy'),
      'old.yaml': `${exceptionOf('old')}---\n${exceptionOf('older')}`,
      'wrong.yaml': exceptionOf('wrong').replace('match:', 'matches:'),
      'misspelt.yaml': exceptionOf('legacy').replace('policyName: signed', 'policyName: singed'),
      'pods.yaml': ['legacy-1', 'old-1', 'web']
        .map((name) => `---\n${JSON.stringify(pod([image], { name }))}\n`)
        .join(''),
      'legacy-pod.yaml': JSON.stringify(pod([image], { name: 'legacy-1' })),
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

/** Of Pods whose names begin with its name. */
function exceptionOf(name: string): string {
  return `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: ${name}, namespace: team}
spec:
  match: {any: [{resources: {kinds: [Pod], names: ['${name}-*']}}]}
  exceptions:
    - policyName: signed
      ruleNames: [check]
`;
}

const cli = (...words: string[]) => run(countersign, words, { cwd: folder.path });

/** The reason for each Pod, by its name. */
async function applied(...words: string[]) {
  const { status, stdout, stderr } = await cli('apply', ...words, '-o', 'json');
  const report = JSON.parse(stdout) as Report;
  const reasons = report.results.map(({ resource, reason }) => [resource?.split('/').pop(), reason]);
  return { status, stderr, report, reasons: Object.fromEntries(reasons) as Record<string, string> };
}

test('exceptions of --exception, each file and all of them, beside those among the policies', async () => {
  const pods = ['--resource', 'pods.yaml'];
  const none = await applied('policy.yaml', ...pods);
  expect(none.reasons).toEqual({ 'legacy-1': 'no-signature', 'old-1': 'no-signature', web: 'no-signature' });
  const one = await applied('policy.yaml', '--exception', 'legacy.yaml', ...pods);
  expect(one).toMatchObject({ status: 1, reasons: { ...none.reasons, 'legacy-1': 'policy-exception' } });
  const repeated = ['--exception', 'legacy.yaml', '--exception', 'old.yaml'];
  const all = { 'legacy-1': 'policy-exception', 'old-1': 'policy-exception', web: 'no-signature' };
  expect((await applied('policy.yaml', ...repeated, ...pods)).reasons).toEqual(all);
  expect((await applied('policy.yaml', '--exception', 'legacy.yaml', 'old.yaml', ...pods)).reasons).toEqual(all);
  expect((await applied('set', '--exception', 'old.yaml', ...pods)).reasons).toEqual(all);
});

test('the result is skip, with the names; nothing is fetched, and the resource is printed as it is', async () => {
  const before = requests();
  const words = ['set', '--resource', 'legacy-pod.yaml'];
  const { status, report } = await applied(...words);
  expect(status).toBe(0);
  expect(report).toMatchObject({
    verdict: 'skip',
    results: [
      {
        policy: 'signed',
        rule: 'check',
        result: 'skip',
        reason: 'policy-exception',
        message: 'rule is skipped due to policy exceptions: team/legacy',
        exceptions: ['team/legacy'],
        requests: 0,
      },
    ],
    patched: [pod([image], { name: 'legacy-1' })],
  });
  expect((await cli('apply', ...words)).stdout).toContain('rule is skipped due to policy exceptions: team/legacy');
  expect((await cli('apply', ...words, '-o', 'yaml')).stdout).toContain(`image: ${image}`);
  expect(requests()).toBe(before);
});

test('an image without an object is asked about whatever the exceptions', async () => {
  const { status, stdout } = await cli('verify', '--policy', 'set', '--image', image);
  expect(status).toBe(1);
  expect(stdout).toContain('no signature');
});

test('a file that is wrong: file, line and field, and no verdict', async () => {
  const asked = (file: string) =>
    cli('apply', 'policy.yaml', '--exception', file, '--resource', 'pods.yaml', '-o', 'json');
  const unknown = await asked('wrong.yaml');
  expect(unknown).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^wrong\.yaml:5: spec\.matches: unknown field/m),
  });
  expect(JSON.parse(unknown.stdout)).toMatchObject({
    verdict: 'error',
    problems: [
      { file: 'wrong.yaml', line: 4, field: 'spec', message: 'match is required' },
      { file: 'wrong.yaml', line: 5, field: 'spec.matches' },
    ],
  });
  expect(await asked('policy.yaml')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('is no PolicyException'),
  });
  expect(await asked('nowhere.yaml')).toMatchObject({ status: 2, stderr: expect.stringContaining('nowhere.yaml') });
  const twice = await cli('apply', 'set', '--exception', 'legacy.yaml', '--resource', 'pods.yaml');
  expect(twice).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('team/legacy is already defined in set/exceptions/legacy.yaml:1'),
  });
});

test('one that names nothing is warned of', async () => {
  const { status, stderr } = await applied('policy.yaml', '--exception', 'misspelt.yaml', '--resource', 'pods.yaml');
  expect(status).toBe(1);
  expect(stderr).toContain(
    "misspelt.yaml:7: warning: spec.exceptions[0].policyName: no policy here is named 'singed'; did you mean 'signed'?",
  );
});

test("Kyverno's other names of the option, and patterns", async () => {
  const expected = { status: 0, reasons: { 'legacy-1': 'policy-exception' } };
  for (const option of ['--exceptions', '-e']) {
    expect(await applied('policy.yaml', option, 'legacy.yaml', '--resource', 'legacy-pod.yaml')).toMatchObject(
      expected,
    );
  }
  expect(await applied('policy.yaml', '-e', 'leg*y.yaml', '--resource', 'legacy-pod.yaml')).toMatchObject(expected);
});

test('a policy report has the names, and for a failure the words that Kyverno has', async () => {
  const { stdout } = await cli('apply', 'set', '--resource', 'pods.yaml', '--policy-report', '-o', 'json');
  const { results } = JSON.parse(stdout) as { results: { result: string; message: string; properties: object }[] };
  expect(results.map(({ result, message }) => [result, message])).toEqual([
    ['skip', 'rule is skipped due to policy exceptions: team/legacy'],
    ['fail', expect.stringMatching(/^failed to verify image \S+\/exc\/unsigned:1\S*: no signature/)],
    ['fail', expect.stringContaining('failed to verify image')],
  ]);
  expect(results[0]?.properties).toMatchObject({ exceptions: 'team/legacy', reason: 'policy-exception' });
});

test('a suite names its exceptions; those among its policies are left out', async () => {
  const suite = (exceptions: readonly string[], policies: readonly string[], result: string) =>
    JSON.stringify({
      apiVersion: 'cli.kyverno.io/v1alpha1',
      kind: 'Test',
      metadata: { name: 'exceptions' },
      policies,
      resources: ['legacy-pod.yaml'],
      exceptions,
      results: [{ policy: 'signed', rule: 'check', kind: 'Pod', resources: ['legacy-1'], result }],
    });
  const tested = async (text: string) => {
    await writeFile(folder.file('kyverno-test.yaml'), text);
    return (await cli('test', '.')).status;
  };
  expect(await tested(suite(['legacy.yaml'], ['policy.yaml'], 'skip'))).toBe(0);
  expect(await tested(suite(['legacy.yaml'], ['policy.yaml'], 'fail'))).toBe(1);
  expect(await tested(suite(['old.yaml'], ['policy.yaml'], 'fail'))).toBe(0);
  expect(await tested(suite([], ['set'], 'fail'))).toBe(0);
  expect(await tested(suite(['policy.yaml'], ['policy.yaml'], 'skip'))).toBe(2);
});
