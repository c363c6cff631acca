import { parseXml } from '../fixtures/xml.ts';
import { inThisProcess } from './processes.ts';
import { expects, podOf, suite, suitesWorld, textOf } from './suites-world.ts';

const { signed, keyed, given, tested, at } = suitesWorld();

describe('what is wrong with a suite: by file, line and field, and the others run', () => {
  const good = { policy: 'signed', rule: 'check', result: 'pass', resources: ['good'] };

  test.each<[string, object, string, string]>([
    ['an unknown field', { result: [] }, 'result', "unknown field 'result'"],
    [
      'an older field of a result',
      { results: [{ ...good, resource: 'good' }] },
      'results[0].resource',
      "did you mean 'resources'?",
    ],
    [
      'a result that is none',
      { results: [{ ...good, result: 'passed' }] },
      'results[0].result',
      'write one of pass, fail',
    ],
    ['a result without a policy', { results: [{ result: 'pass' }] }, 'results[0]', 'policy is required'],
    ['a result without a result', { results: [{ policy: 'signed' }] }, 'results[0]', 'result is required'],
    ['a policy that is not there', { policies: ['absent.yaml'] }, 'policies[0]', 'there is no file'],
    [
      'resources that are not there',
      { resources: ['resources.yaml', 'absent.yaml'] },
      'resources[1]',
      'there is no file',
    ],
    ['values that are not there', { variables: 'absent.yaml' }, 'variables', 'there is no file'],
    ['who asks, not there', { userinfo: 'absent.yaml' }, 'userinfo', 'there is no file'],
    ['something that is no file', { resources: ['/dev/null'] }, 'resources[0]', 'neither a file nor a folder'],
    ['a policy in the network', { policies: ['https://example.com/p.yaml'] }, 'policies[0]', 'is in the network'],
    ['inline values', { values: { globalValues: [] } }, 'values.globalValues', 'a mapping of names to values'],
    [
      'what mutate rules alone have',
      { results: [{ ...good, patchedResources: 'resources.yaml' }] },
      'results[0].patchedResources',
      'leave it out',
    ],
    ['another version', { apiVersion: 'cli.kyverno.io/v1' }, 'apiVersion', 'cli.kyverno.io/v1alpha1'],
  ])('%s', async (title, parts, field, message) => {
    const name = title.replaceAll(' ', '-');
    const files = { 'policy.yaml': keyed(), 'resources.yaml': textOf(podOf('good', signed())) };
    await given(`${name}/a`, { ...files, 'kyverno-test.yaml': textOf(suite({ results: [good], ...parts })) });
    await given(`${name}/b`, { ...files, 'kyverno-test.yaml': textOf(suite({ results: [good] })) });
    const { status, told, stderr } = await tested(at(name));
    expect({ status, verdict: told.verdict }).toEqual({ status: 2, verdict: 'error' });
    expect(told.summary).toEqual({ passed: 1, failed: 0, left: 0 });
    expect(told.problems).toEqual([
      {
        file: `${at(name)}/a/kyverno-test.yaml`,
        line: expect.any(Number),
        field,
        message: expect.stringMatching(new RegExp(message.replace(/[.?[\]]/g, '\\$&'), 'i')),
      },
    ]);
    expect(stderr).toContain(`${name}/a/kyverno-test.yaml:${told.problems[0]?.line}: ${field}: `);
  });

  test('a policy that does not load, resources and values that cannot be read: of their own files', async () => {
    const files = { 'policy.yaml': keyed(), 'resources.yaml': textOf(podOf('good', signed())) };
    const one = (more: Readonly<Record<string, string>>, parts: object = {}) => ({
      ...files,
      'kyverno-test.yaml': textOf(suite({ results: [good], ...parts })),
      ...more,
    });
    const policyName = await given(
      'broken-policy',
      one({ 'policy.yaml': keyed('signed', { entry: ['imageReferencez: []'] }) }),
    );
    const resourceName = await given(
      'broken-resource',
      one({ 'resources.yaml': 'apiVersion: v1\nkind: Pod\n  name: x\n' }),
    );
    const valuesName = await given(
      'broken-values',
      one(
        { 'values.yaml': 'apiVersion: cli.kyverno.io/v1alpha1\nkind: Values\nglobals: {}\n' },
        { variables: 'values.yaml' },
      ),
    );
    const problems = async (name: string) => (await tested(name)).told.problems;
    expect(await problems(policyName)).toMatchObject([
      { file: `${policyName}/policy.yaml`, message: expect.stringContaining('imageReferencez') },
    ]);
    expect(await problems(resourceName)).toContainEqual(
      expect.objectContaining({ file: `${resourceName}/resources.yaml`, line: 2 }),
    );
    expect(await problems(valuesName)).toMatchObject([
      { file: `${valuesName}/values.yaml`, line: 3, field: 'globals' },
    ]);
  });

  test('a policy that is a template yet: what is wrong with its file, and not that it is not there', async () => {
    const template = 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {{ .Values.name }}\n';
    const name = await given('template', {
      'policy.yaml': template,
      'resources.yaml': textOf(podOf('good', signed())),
      'kyverno-test.yaml': textOf(suite({ results: [good] })),
    });
    const { status, told } = await tested(name);
    expect(status).toBe(2);
    expect(told.problems).toMatchObject([{ file: `${name}/policy.yaml`, line: 4 }]);
  });

  test('a failure counts over an error', async () => {
    const files = { 'policy.yaml': keyed(), 'resources.yaml': textOf(podOf('good', signed())) };
    await given('both/a', { ...files, 'kyverno-test.yaml': textOf(suite({ results: [expects('fail', 'good')] })) });
    await given('both/b', { ...files, 'kyverno-test.yaml': textOf(suite({ resultz: [] })) });
    expect(await tested(at('both'))).toMatchObject({
      status: 1,
      told: { verdict: 'fail', problems: [expect.anything()] },
    });
    const xml = parseXml((await inThisProcess(['test', at('both'), '-o', 'junit'])).stdout);
    expect(xml.attributes).toMatchObject({ tests: '2', failures: '1', errors: '1' });
  });

  test.each([
    ['no folder', [], 'DIR is missing'],
    ['a folder that is not there', ['absent'], 'cannot read absent'],
    ['one in the network', ['https://github.com/kyverno/policies'], 'clone the repository'],
    ['a selector that is none', ['.', '-t', 'kind=Pod'], '--test-case-selector takes'],
    ['resources', ['.', '--resource', 'x'], 'a suite names its resources'],
    ['another output', ['.', '-o', 'markdown'], '-o takes text or json or junit'],
  ])('a wrong use: %s', async (_, words, message) => {
    const { status, stdout, stderr } = await inThisProcess(['test', ...words]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    if (words.includes('-o')) return;
    const json = await inThisProcess(['test', ...words, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      verdict: 'error',
      problems: [{ message: expect.stringContaining(message) }],
    });
  });
});
