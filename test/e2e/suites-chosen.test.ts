import { parseXml } from '../fixtures/xml.ts';
import { countersign, inThisProcess, run } from './processes.ts';
import { expects, podOf, resultsOf, shortly, suite, suitesWorld, textOf } from './suites-world.ts';

const { signed, unsigned, keyed, given, tested, at } = suitesWorld();

describe('which suites and which results', () => {
  async function three(): Promise<string> {
    const files = {
      'policy.yaml': keyed(),
      'resources.yaml': textOf(podOf('good', signed()), podOf('bad', unsigned())),
    };
    const of = (...results: readonly unknown[]) => textOf(suite({ results }));
    await given('three/a', { ...files, 'kyverno-test.yaml': of(expects('pass', 'good'), expects('pass', 'bad')) });
    await given('three/b/deep', { ...files, 'kyverno-test.yml': of(expects('fail', 'bad')) });
    await given('three/.hidden', { ...files, 'kyverno-test.yaml': of(expects('fail', 'good')) });
    return given('three/c', { ...files, 'other.yaml': of(expects('pass', 'good')) }).then(() => at('three'));
  }

  test('folders are searched, of either ending; --file-name names others; a file and a pattern stand for suites too', async () => {
    const name = await three();
    const files = async (...words: readonly string[]) => (await tested(...words)).told.suites.map(({ file }) => file);
    expect(await files(name)).toEqual([`${name}/a/kyverno-test.yaml`, `${name}/b/deep/kyverno-test.yml`]);
    expect(await files(name, '--file-name', 'other.yaml')).toEqual([`${name}/c/other.yaml`]);
    expect(await files(`${name}/c/other.yaml`)).toEqual([`${name}/c/other.yaml`]);
    expect(await files(`${name}/[ab]`)).toEqual([`${name}/a/kyverno-test.yaml`, `${name}/b/deep/kyverno-test.yml`]);
  });

  test('--test-case-selector', async () => {
    const name = await three();
    const selected = async (selector: string) =>
      shortly((await tested(name, '-t', selector)).told).map(([, resource]) => resource);
    expect(await selected('policy=signed, rule=check, resource=g*')).toEqual(['v1/Pod/default/good']);
    expect(await selected('resource=bad')).toEqual(['v1/Pod/default/bad', 'v1/Pod/default/bad']);
    expect(await selected('policy=other')).toEqual([]);
    expect((await tested(name, '--test-case-selector', 'resource=good')).status).toBe(0);
    expect((await tested(name, '--test-case-selector', 'resource=bad')).status).toBe(1);
  });

  test('--fail-only and --detailed-results, as text and as JSON', async () => {
    const name = await three();
    const text = await run(countersign, ['test', name, '--fail-only', '--detailed-results']);
    expect(text.status).toBe(1);
    expect(text.stdout).toMatch(/^Aggregated Failed Test Cases :\n│─/);
    expect(text.stdout).toContain('Test Summary: 1 out of 3 tests failed\n');
    expect(text.stdout).toContain('no-signature');
    expect(text.stdout).not.toContain('Pod/default/good');
    const all = await run(countersign, ['test', name]);
    expect(all.stdout).toContain('Test Summary: 2 tests passed and 1 tests failed\n');
    expect(all.stdout).toContain('Pod/default/good');
    expect(all.stdout).not.toContain('no-signature');
    const { told } = await tested(name, '--fail-only', '--detailed-results');
    expect(resultsOf(told)).toEqual([expect.objectContaining({ outcome: 'failed', images: [expect.anything()] })]);
  });

  test('no suites: said, and no failure unless they are required', async () => {
    const name = await given('nothing', { 'readme.md': 'nothing' });
    expect(await inThisProcess(['test', name])).toEqual({ status: 0, stdout: 'No test yamls available\n', stderr: '' });
    expect(await tested(name)).toMatchObject({ status: 0, told: { verdict: 'skip', suites: [] } });
    const required = await inThisProcess(['test', name, '--require-tests']);
    expect(required).toMatchObject({ status: 2, stderr: expect.stringContaining('no tests found') });
  });

  test('-o junit', async () => {
    const { status, stdout } = await inThisProcess(['test', await three(), '-o', 'junit']);
    expect(status).toBe(1);
    expect(parseXml(stdout).attributes).toEqual({ tests: '3', failures: '1', errors: '0', skipped: '0' });
  });
});
