import { policy } from './documents.ts';
import { inThisProcess } from './processes.ts';
import {
  deploymentOf,
  expects,
  onlyWhen,
  podOf,
  resultsOf,
  shortly,
  spec,
  suite,
  suitesWorld,
  textOf,
} from './suites-world.ts';

const { signed, unsigned, keyed, varying, given, tested, host } = suitesWorld();

describe('what is expected, beside what admission comes to', () => {
  test('passes, denials and what is expected wrongly; Pods, and controllers by the rules that auto-gen makes', async () => {
    const name = await given('plain', {
      'policy.yaml': keyed(),
      'resources.yaml': textOf(podOf('good', signed()), podOf('bad', unsigned()), deploymentOf('web', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('pass', 'good'),
            expects('fail', 'bad'),
            expects('fail', 'default/bad'),
            expects('fail', 'shop/web', { kind: 'Deployment' }),
            expects('fail', 'web', { kind: 'Deployment', rule: 'autogen-check' }),
            expects('pass', 'bad'),
            expects('fail', 'good'),
          ],
        }),
      ),
    });
    const { status, told } = await tested(name);
    expect(status).toBe(1);
    expect(told).toMatchObject({ verdict: 'fail', summary: { passed: 5, failed: 2, left: 0 }, problems: [] });
    expect(shortly(told)).toEqual([
      ['check', 'v1/Pod/default/good', 'passed', 'Ok'],
      ['check', 'v1/Pod/default/bad', 'passed', 'Ok'],
      ['check', 'v1/Pod/default/bad', 'passed', 'Ok'],
      ['autogen-check', 'apps/v1/Deployment/shop/web', 'passed', 'Ok'],
      ['autogen-check', 'apps/v1/Deployment/shop/web', 'passed', 'Ok'],
      ['check', 'v1/Pod/default/bad', 'failed', 'Want pass, got fail'],
      ['check', 'v1/Pod/default/good', 'failed', 'Want fail, got pass'],
    ]);
    expect(resultsOf(told)[1]?.message).toContain(`${unsigned()}: no-signature: `);
  });

  test('what one policy denies is no reason not to ask the others, and a rule fails where one of its images does', async () => {
    const two = {
      ...podOf('two', signed()),
      spec: { containers: [...spec(signed()).containers, { name: 'd', image: unsigned() }] },
    };
    const name = await given('several', {
      'policies/one.yaml': keyed(),
      'policies/two.yaml': policy({
        name: 'digests',
        images: `${host()}/*`,
        entry: ['required: false', 'mutateDigest: false'],
      }),
      'resources.yaml': textOf(two, podOf('bad', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          policies: ['policies'],
          results: [expects('fail', 'two'), expects('fail', 'bad'), expects('fail', 'bad', { policy: 'digests' })],
        }),
      ),
    });
    expect(await tested(name)).toMatchObject({ status: 0, told: { summary: { passed: 3, failed: 0, left: 0 } } });
  });

  test('skips: an image that is skipped, preconditions that are not met', async () => {
    const name = await given('skips', {
      'skip.yaml': keyed('skips', { entry: [`skipImageReferences: ["${host()}/cli/unsigned*"]`] }),
      'when.yaml': textOf(varying('when', onlyWhen("request.object.metadata.labels.check || ''", 'yes'))),
      'resources.yaml': textOf(podOf('bad', unsigned()), podOf('labelled', unsigned(), { labels: { check: 'yes' } })),
      'kyverno-test.yaml': textOf(
        suite({
          policies: ['skip.yaml', 'when.yaml'],
          results: [
            expects('skip', 'bad', { policy: 'skips' }),
            expects('skip', 'bad', { policy: 'when' }),
            expects('fail', 'labelled', { policy: 'when' }),
            expects('skip', 'labelled', { policy: 'when' }),
          ],
        }),
      ),
    });
    const { status, told } = await tested(name);
    expect(status).toBe(1);
    expect(resultsOf(told).map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed', 'failed']);
  });

  test('a policy that is not scored warns, one that could not ask is in error', async () => {
    const name = await given('other-results', {
      'policy.yaml': textOf(
        varying('soft', {}, { annotations: { 'policies.kyverno.io/scored': 'false' } }),
        varying('scored', {}),
        varying('lost', onlyWhen('request.object.metadata.labels.none', 'yes')),
      ),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('warn', 'bad', { policy: 'soft' }),
            expects('fail', 'bad', { policy: 'scored' }),
            expects('error', 'bad', { policy: 'lost' }),
          ],
        }),
      ),
    });
    expect(await tested(name)).toMatchObject({ status: 0, told: { summary: { passed: 3 } } });
  });

  test('what no rule asks about is excluded: a pass, but where a denial is expected of it by its name', async () => {
    const name = await given('excluded', {
      'policy.yaml': keyed(),
      'resources.yaml': textOf(podOf('bad', unsigned()), podOf('foreign', 'ghcr.io/acme/app:1')),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('pass', 'foreign'),
            expects('fail', 'foreign'),
            { policy: 'signed', rule: 'check', result: 'fail' },
          ],
        }),
      ),
    });
    const { status, told } = await tested(name);
    expect(status).toBe(1);
    expect(shortly(told)).toEqual([
      ['check', 'v1/Pod/default/foreign', 'passed', 'Excluded'],
      ['check', 'v1/Pod/default/foreign', 'failed', 'Want fail, got excluded'],
      ['check', 'v1/Pod/default/bad', 'passed', 'Ok'],
      ['check', 'v1/Pod/default/foreign', 'passed', 'Excluded'],
    ]);
  });

  test('a policy, a rule, a resource and a kind that are not there: not found', async () => {
    const name = await given('not-found', {
      'policy.yaml': keyed(),
      'resources.yaml': textOf(podOf('good', signed())),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('pass', 'good', { policy: 'sgned' }),
            expects('pass', 'good', { rule: 'chek' }),
            expects('pass', 'god'),
            expects('pass', 'good', { kind: 'Deployment' }),
            expects('pass', 'good', { kind: undefined }),
          ],
        }),
      ),
    });
    const { status, told } = await tested(name);
    expect(status).toBe(1);
    expect(resultsOf(told).map(({ reason }) => reason)).toEqual([
      'Not found',
      'Not found',
      'Not found',
      'Not found',
      'Ok',
    ]);
  });

  test('resourceSpecs name one by its kind; of two with one name the first counts', async () => {
    const name = await given('specs', {
      'policy.yaml': keyed(),
      'resources.yaml': textOf(podOf('web', signed()), podOf('web', unsigned()), deploymentOf('web', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('fail', '', {
              kind: undefined,
              resources: undefined,
              resourceSpecs: [{ group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'web' }],
            }),
            expects('pass', 'web'),
          ],
        }),
      ),
    });
    const { status, told, stderr } = await tested(name);
    expect(status).toBe(0);
    expect(shortly(told).map(([, resource]) => resource)).toEqual([
      'apps/v1/Deployment/shop/web',
      'v1/Pod/default/web',
    ]);
    expect(stderr).toContain('Pod/default/web is among the resources twice');
  });
});

test('what the trust root lacks is told where an image would need it, and not where the suite is about others', async () => {
  const keyless = { issuer: 'https://issuer.example', subject: 'x', rekor: { url: 'https://rekor.internal.example' } };
  const verifyImages = [{ imageReferences: [`${host()}/cli/*`], attestors: [{ entries: [{ keyless }] }] }];
  const warningsOf = async (name: string, image: string, result: string) => {
    const folder = await given(name, {
      'policy.yaml': textOf(varying('signed', { verifyImages })),
      'resources.yaml': textOf(podOf('one', image)),
      'kyverno-test.yaml': textOf(suite({ results: [expects(result, 'one')] })),
    });
    const { status, stderr } = await tested(folder);
    expect(status).toBe(0);
    return stderr;
  };
  expect(await warningsOf('left-alone', `${host()}/elsewhere/app:1`, 'skip')).toBe('');
  expect(await warningsOf('asked-about', signed(), 'error')).toContain(
    'the trust root has no log https://rekor.internal.example',
  );
});

describe("rules that are Kyverno's own", () => {
  test('their results are left to Kyverno and said so: neither passed nor failed', async () => {
    const mixed = varying('mixed', {});
    const rules = [
      ...mixed.spec.rules,
      {
        name: 'labels',
        match: { any: [{ resources: { kinds: ['Pod'] } }] },
        validate: { message: 'm', pattern: { metadata: { name: '?*' } } },
      },
    ];
    const name = await given('left', {
      'policy.yaml': textOf(
        { ...mixed, spec: { ...mixed.spec, rules } },
        {
          apiVersion: 'policies.kyverno.io/v1',
          kind: 'ValidatingPolicy',
          metadata: { name: 'cel' },
          spec: { anything: true },
        },
      ),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'patched.yaml': textOf(podOf('bad', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          results: [
            expects('fail', 'bad', { policy: 'mixed' }),
            expects('fail', 'bad', { policy: 'mixed', rule: 'labels', patchedResources: 'patched.yaml' }),
            expects('pass', 'bad', { policy: 'cel', isValidatingPolicy: true }),
          ],
        }),
      ),
    });
    const { status, told } = await tested(name);
    expect({ status, verdict: told.verdict, summary: told.summary }).toEqual({
      status: 0,
      verdict: 'pass',
      summary: { passed: 1, failed: 0, left: 2 },
    });
    expect(resultsOf(told).map(({ outcome, message }) => [outcome, message])).toEqual([
      ['passed', expect.any(String)],
      ['left', expect.stringContaining('a validate rule')],
      ['left', expect.stringContaining('a ValidatingPolicy')],
    ]);
    const text = await inThisProcess(['test', name]);
    expect(text.stdout).toContain('\nTest Summary: 1 tests passed and 0 tests failed\n');
    expect(text.stdout).toContain('2 results are left to Kyverno');
  });

  test('a suite of such rules alone needs nothing else; --require-tests wants one about images', async () => {
    const name = await given('left-alone', {
      'policy.yaml': textOf({
        apiVersion: 'policies.kyverno.io/v1',
        kind: 'MutatingPolicy',
        metadata: { name: 'cel' },
      }),
      'resources.yaml': 'no: resource\n',
      'kyverno-test.yaml': textOf(suite({ results: [expects('pass', 'x', { policy: 'cel' })] })),
    });
    expect(await tested(name)).toMatchObject({ status: 0, told: { verdict: 'skip', summary: { left: 1 } } });
    expect(await tested(name, '--require-tests')).toMatchObject({ status: 2, told: { verdict: 'error' } });
  });
});
