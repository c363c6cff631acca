import { parseAllDocuments } from 'yaml';
import { policy } from './documents.ts';
import { countersign, inThisProcess, run } from './processes.ts';
import { deploymentOf, onlyWhen, podOf, suitesWorld, textOf } from './suites-world.ts';

// What `apply` has under the names of Kyverno's command line: values, who asks, reports, patterns, policies from a pipe.

const { signed, unsigned, keyed, varying, given, at } = suitesWorld();

const pods = () => textOf(podOf('good', signed()), podOf('bad', unsigned()));
const json = async (...words: readonly string[]) => {
  const { status, stdout, stderr } = await inThisProcess(['apply', ...words, '-o', 'json']);
  return { status, stderr, told: JSON.parse(stdout) };
};
const documentsOf = (yaml: string) => {
  const documents = parseAllDocuments(yaml);
  return Array.isArray(documents) ? documents.map((document) => document.toJS()) : [];
};

test('a namespaceSelector that is empty selects the namespace, whatever is told of its labels', async () => {
  const filter = (resources: object) => ({ any: [{ resources: { kinds: ['Pod'], ...resources } }] });
  const matched = { match: filter({ namespaceSelector: {} }) };
  const excluded = { match: filter({}), exclude: { any: [{ resources: { namespaceSelector: {}, names: ['good'] } }] } };
  const files = {
    'matched.yaml': textOf(varying('matched', matched)),
    'excluded.yaml': textOf(varying('excluded', excluded)),
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: { tier: 'prod' } } };
  const folder = await given('every-namespace', { ...files, 'pods.yaml': pods(), 'namespace.yaml': textOf(namespace) });
  for (const told of [[], ['-f', `${folder}/namespace.yaml`]]) {
    const resultsOf = async (policyFile: string) => {
      const { told: found } = await json(`${folder}/${policyFile}`, '-f', `${folder}/pods.yaml`, ...told);
      return found.results.map(({ resource, result }: { resource: string; result: string }) => [resource, result]);
    };
    expect(await resultsOf('matched.yaml')).toEqual([
      ['Pod/default/good', 'pass'],
      ['Pod/default/bad', 'fail'],
    ]);
    expect(await resultsOf('excluded.yaml')).toEqual([['Pod/default/bad', 'fail']]);
  }
});

describe('--values-file and --userinfo', () => {
  const kind = (name: string, parts: object) => textOf({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: name, ...parts });

  test('what they say decides as what a cluster says would', async () => {
    const folder = await given('apply-values', {
      'when.yaml': textOf(varying('when', onlyWhen('request.operation', 'UPDATE'))),
      'who.yaml': textOf(varying('who', onlyWhen('request.userInfo.username', 'jane'))),
      'bad.yaml': textOf(podOf('bad', unsigned())),
      'values.yaml': kind('Values', { globalValues: { 'request.operation': 'UPDATE' } }),
      'jane.yaml': kind('UserInfo', { userInfo: { username: 'jane' } }),
    });
    const resultsOf = async (...words: readonly string[]) => {
      const { told } = await json(`${folder}/when.yaml`, `${folder}/who.yaml`, '-f', `${folder}/bad.yaml`, ...words);
      return told.results.map(({ policy: name, result }: { policy: string; result: string }) => [name, result]);
    };
    expect(await resultsOf()).toEqual([
      ['when', 'skip'],
      // Who asks is not known, as in Kyverno's command line.
      ['who', 'error'],
    ]);
    expect(await resultsOf('--values-file', `${folder}/values.yaml`)).toEqual([
      ['when', 'fail'],
      ['who', 'error'],
    ]);
    expect(await resultsOf('--userinfo', `${folder}/jane.yaml`)).toEqual([
      ['when', 'skip'],
      ['who', 'fail'],
    ]);
    expect(await resultsOf('--values-file', `${folder}/values.yaml`, '-u', `${folder}/jane.yaml`)).toEqual([
      ['when', 'fail'],
      ['who', 'fail'],
    ]);
  });

  test("values that change one policy's request: the other is asked about the resource as it is, and the pin is one", async () => {
    const folder = await given('apply-per-policy', {
      'policies.yaml': textOf(
        varying('first', onlyWhen('request.object.metadata.labels.env', 'prod')),
        varying('second', onlyWhen("request.object.metadata.labels.env || 'none'", 'none')),
      ),
      'good.yaml': textOf(podOf('good', signed())),
      'values.yaml': kind('Values', {
        policies: [
          { name: 'second', resources: [{ name: 'good', values: { 'request.object.metadata.labels.env': 'x' } }] },
        ],
      }),
    });
    const words = [`${folder}/policies.yaml`, '-f', `${folder}/good.yaml`];
    const plain = await json(...words);
    expect(plain.told.results).toMatchObject([
      { policy: 'first', result: 'error' },
      { policy: 'second', result: 'pass' },
    ]);
    const { told } = await json(...words, '--values-file', `${folder}/values.yaml`);
    expect(told.results).toMatchObject([
      { policy: 'first', result: 'error' },
      { policy: 'second', result: 'skip' },
    ]);
  });

  test.each([
    ['a values file of another kind', 'kind: UserInfo\napiVersion: cli.kyverno.io/v1alpha1\n', 'kind'],
    ['one without a kind', 'globalValues: {}\n', null],
    ['an unknown field', 'apiVersion: cli.kyverno.io/v1alpha1\nkind: Values\nglobal: {}\n', 'global'],
  ])('%s: a problem by file, line and field', async (_, text, field) => {
    const folder = await given('apply-wrong-values', {
      'policy.yaml': keyed(),
      'pods.yaml': pods(),
      'values.yaml': text,
    });
    const { status, told } = await json(
      `${folder}/policy.yaml`,
      '-f',
      `${folder}/pods.yaml`,
      '--values-file',
      `${folder}/values.yaml`,
    );
    expect(status).toBe(2);
    expect(told.problems[0]).toMatchObject({ file: `${folder}/values.yaml`, line: expect.any(Number), field });
  });
});

describe('--policy-report', () => {
  test('reports in place of the tree, in either group, as YAML and as JSON; the status is as without', async () => {
    const folder = await given('apply-reports', {
      'policy.yaml': `${keyed()}\n---\n${keyed('own').replace('kind: ClusterPolicy', 'kind: Policy')}`,
      'resources.yaml': textOf(podOf('good', signed()), deploymentOf('web', unsigned())),
    });
    const words = ['apply', `${folder}/policy.yaml`, '--resources', `${folder}/resources.yaml`, '--policy-report'];
    const { status, stdout } = await inThisProcess(words);
    expect(status).toBe(1);
    expect(documentsOf(stdout)).toMatchObject([
      {
        apiVersion: 'wgpolicyk8s.io/v1alpha2',
        kind: 'ClusterPolicyReport',
        results: [
          { policy: 'signed', rule: 'check', result: 'pass', resources: [{ kind: 'Pod', name: 'good' }] },
          {
            policy: 'signed',
            rule: 'autogen-check',
            result: 'fail',
            resources: [{ kind: 'Deployment', namespace: 'shop' }],
          },
        ],
        summary: { pass: 1, fail: 1 },
      },
      // A Policy without a namespace is one of default.
      {
        kind: 'PolicyReport',
        metadata: { name: 'own', namespace: 'default' },
        results: [{ policy: 'default/own', result: 'pass' }],
      },
    ]);
    const open = JSON.parse(
      (await inThisProcess([...words, '--openreportsEnabled', '--output-format', 'json'])).stdout,
    );
    expect(open).toMatchObject({
      kind: 'List',
      items: [{ apiVersion: 'openreports.io/v1alpha1', kind: 'ClusterReport' }, { kind: 'Report' }],
    });
    const alone = await inThisProcess([
      'apply',
      `${folder}/policy.yaml`,
      '-f',
      `${folder}/resources.yaml`,
      '--openreportsEnabled',
    ]);
    expect(alone).toMatchObject({ status: 2, stderr: expect.stringContaining('write --policy-report too') });
  });

  test('what a policy and a rule say for reports, of Pods and of controllers', async () => {
    const annotations = { 'policies.kyverno.io/category': 'Supply chain', 'policies.kyverno.io/severity': 'high' };
    const folder = await given('apply-reported', {
      'policy.yaml': textOf(varying('signed', { reportProperties: { team: 'a' } }, { annotations })),
      'plain.yaml': textOf(varying('plain', {})),
      'resources.yaml': textOf(podOf('good', signed()), deploymentOf('web', unsigned())),
    });
    const words = [`${folder}/policy.yaml`, `${folder}/plain.yaml`, '-f', `${folder}/resources.yaml`];
    const [{ results }] = documentsOf((await inThisProcess(['apply', ...words, '--policy-report'])).stdout);
    const said = { category: 'Supply chain', severity: 'high', properties: { team: 'a' } };
    expect(results).toMatchObject([
      { policy: 'signed', result: 'pass', ...said },
      { policy: 'plain', result: 'pass' },
      { policy: 'signed', rule: 'autogen-check', result: 'fail', ...said },
      { policy: 'plain', rule: 'autogen-check', result: 'fail' },
    ]);
    for (const { policy: name, category, properties } of results) {
      if (name === 'plain') expect([category, properties.team]).toEqual([undefined, undefined]);
    }
  });
});

describe('where policies and resources come from', () => {
  test('patterns that no shell has expanded', async () => {
    const folder = await given('apply-patterns', {
      'policies/a.yaml': keyed('a'),
      'policies/deep/b.yml': keyed('b'),
      'policies/notes.md': 'what they are for',
      'apps/one/pod.yaml': textOf(podOf('one', signed())),
      'apps/two/pod.yaml': textOf(podOf('two', signed())),
      'apps/two/values.txt': 'nothing',
    });
    const { status, told } = await json(`${folder}/policies/**/*.y*ml`, '-f', `${folder}/apps/*/pod.yaml`);
    expect(status).toBe(0);
    expect(told.results.map((each: { policy: string; resource: string }) => `${each.policy} ${each.resource}`)).toEqual(
      ['a Pod/default/one', 'b Pod/default/one', 'a Pod/default/two', 'b Pod/default/two'],
    );
    const none = await json(`${folder}/policies/*.toml`, '-f', `${folder}/apps`);
    expect(none).toMatchObject({ status: 2, told: { problems: [{ message: expect.stringContaining('matches no') }] } });
  });

  test('policies from standard input, beside resources in files', async () => {
    const folder = await given('apply-pipe', { 'pods.yaml': pods() });
    const words = ['-', '-f', `${folder}/pods.yaml`, '-o', 'json'];
    const { status, stdout } = await run(countersign, ['apply', ...words], { input: keyed('piped') });
    expect(status).toBe(1);
    expect(JSON.parse(stdout).results).toMatchObject([{ policy: 'piped', result: 'pass' }, { result: 'fail' }]);
    const broken = await run(countersign, ['apply', ...words], { input: policy({ images: '*', entry: ['x: y'] }) });
    expect(broken.status).toBe(2);
    expect(JSON.parse(broken.stdout).problems[0]).toMatchObject({ file: 'standard input', line: expect.any(Number) });
    const verified = await run(countersign, ['verify', '--policy', '-', '--image', signed()], { input: keyed() });
    expect(verified.status).toBe(0);
  });
});

describe('-o json: standard output is one JSON object, whatever is wrong', () => {
  test.each<[string, readonly string[]]>([
    ['verify', ['verify', '--policy', 'BROKEN', '--image', 'a']],
    ['apply, a policy', ['apply', 'BROKEN', '-f', 'PODS']],
    ['apply, a resource', ['apply', 'POLICY', '-f', 'MALFORMED']],
    ['apply, its report', ['apply', 'BROKEN', '-f', 'PODS', '--policy-report']],
    ['test', ['test', 'ABSENT']],
    ['manifests', ['manifests', '--policies', 'FOLDER', '--url', 'https://a.example']],
    ['trust show', ['trust', 'show', '--trusted-root', 'ABSENT']],
    ['a command that is none', ['sign']],
  ])('%s', async (_, words) => {
    const folder = await given('all-json', {
      'policies/broken.yaml': keyed('signed', { entry: ['imageReferencez: []'] }),
      'policy.yaml': keyed(),
      'pods.yaml': pods(),
      'malformed.yaml': 'a: b: c\n',
    });
    const names: Readonly<Record<string, string>> = {
      BROKEN: `${folder}/policies/broken.yaml`,
      FOLDER: `${folder}/policies`,
      POLICY: `${folder}/policy.yaml`,
      PODS: `${folder}/pods.yaml`,
      MALFORMED: `${folder}/malformed.yaml`,
      ABSENT: at('absent'),
    };
    const { status, stdout, stderr } = await inThisProcess([...words.map((word) => names[word] ?? word), '-o', 'json']);
    expect(status).toBe(2);
    expect(stderr).not.toBe('');
    const told = JSON.parse(stdout);
    expect(told.verdict).toBe('error');
    expect(Object.keys(told.problems[0])).toEqual(['file', 'line', 'field', 'message']);
  });
});
