import { inThisProcess } from './processes.ts';
import { expects, onlyWhen, podOf, suite, suitesWorld, textOf } from './suites-world.ts';

const { unsigned, varying, given, tested, at } = suitesWorld();

describe('values and who asks', () => {
  const userOf = (username: string) =>
    textOf({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'UserInfo', userInfo: { username, groups: ['devs'] } });
  const asked = {
    preconditions: { all: [{ key: '{{ request.userInfo.username }}', operator: 'Equals', value: 'jane' }] },
  };

  test('a precondition about who asks', async () => {
    const files = {
      'policy.yaml': textOf(varying('signed', asked)),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'jane.yaml': userOf('jane'),
      'joe.yaml': userOf('joe'),
    };
    const of = (userinfo: string, result: string) => textOf(suite({ userinfo, results: [expects(result, 'bad')] }));
    const jane = await given('jane', { ...files, 'kyverno-test.yaml': of('jane.yaml', 'fail') });
    const joe = await given('joe', { ...files, 'kyverno-test.yaml': of('joe.yaml', 'skip') });
    expect((await tested(jane)).status).toBe(0);
    expect((await tested(joe)).status).toBe(0);
    const wrong = await given('wrong-user', { ...files, 'kyverno-test.yaml': of('joe.yaml', 'fail') });
    expect((await tested(wrong)).status).toBe(1);
  });

  test('who asks is not known without a userinfo: a match of somebody asks, and an exclude takes nobody away', async () => {
    const of = (name: string) => ({ any: [{ resources: { kinds: ['Pod'] }, subjects: [{ kind: 'User', name }] }] });
    const everybody = { any: [{ resources: { kinds: ['Pod'] } }] };
    const outcomes: [object, object, string][] = [
      [{ match: of('joe') }, {}, 'fail'],
      [{ match: of('joe') }, { userinfo: 'jane.yaml' }, 'skip'],
      [{ match: everybody, exclude: of('jane') }, {}, 'fail'],
      [{ match: everybody, exclude: of('jane') }, { userinfo: 'jane.yaml' }, 'skip'],
    ];
    for (const [index, [rule, parts, result]] of outcomes.entries()) {
      const folder = await given(`untold-${index}`, {
        'policy.yaml': textOf(varying('signed', { match: everybody, ...rule })),
        'resources.yaml': textOf(podOf('bad', unsigned())),
        'jane.yaml': userOf('jane'),
        'kyverno-test.yaml': textOf(suite({ ...parts, results: [expects(result, 'bad')] })),
      });
      expect([index, (await tested(folder)).status]).toEqual([index, 0]);
    }
  });

  test('roles are told to no webhook: they are left out, and that is said', async () => {
    const name = await given('roles', {
      'policy.yaml': textOf(varying('signed', onlyWhen("request.clusterRoles || 'unknown'", 'unknown'))),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'user.yaml': textOf({
        apiVersion: 'cli.kyverno.io/v1alpha1',
        kind: 'UserInfo',
        clusterRoles: ['cluster-admin'],
        userInfo: { username: 'jane' },
      }),
      'kyverno-test.yaml': textOf(suite({ userinfo: 'user.yaml', results: [expects('fail', 'bad')] })),
    });
    const { status, stderr } = await tested(name);
    expect(status).toBe(0);
    expect(stderr).toContain('user.yaml: roles and clusterRoles are left out');
  });

  test('labels of the namespace, where the values say them; of another one they are unknown, and the rule is asked', async () => {
    const ofShops = {
      match: {
        any: [{ resources: { kinds: ['Pod'], namespaceSelector: { matchLabels: { team: 'shop' } } } }],
      },
    };
    const labels = (name: string, team: string) =>
      textOf({
        apiVersion: 'cli.kyverno.io/v1alpha1',
        kind: 'Values',
        namespaceSelector: [{ name, labels: { team } }],
      });
    const outcomes = {
      [labels('apps', 'shop')]: 'fail',
      [labels('apps', 'pay')]: 'skip',
      [labels('pay', 'pay')]: 'fail',
    };
    for (const [index, [variables, result]] of Object.entries(outcomes).entries()) {
      const name = await given(`labels-${index}`, {
        'policy.yaml': textOf(varying('signed', ofShops)),
        'resources.yaml': textOf(podOf('bad', unsigned(), { namespace: 'apps' })),
        'values.yaml': variables,
        'kyverno-test.yaml': textOf(suite({ variables: 'values.yaml', results: [expects(result, 'bad')] })),
      });
      expect((await tested(name)).status).toBe(0);
    }
  });

  test("a namespace's own name is a label that nobody needs to say", async () => {
    const name = 'kubernetes.io/metadata.name';
    const but = (namespace: string) => ({ namespaceSelector: { matchLabels: { [name]: namespace } } });
    const filter = (resources: object) => ({ any: [{ resources: { kinds: ['Pod'], ...resources } }] });
    const said = { namespaceSelector: [{ name: 'apps', labels: { team: 'a' } }] };
    const outcomes: [object, object, string][] = [
      [{ match: filter(but('apps')) }, {}, 'fail'],
      [{ match: filter(but('other')) }, {}, 'skip'],
      [{ match: filter({}), exclude: { any: [{ resources: but('apps') }] } }, {}, 'skip'],
      [{ match: filter({}), exclude: { any: [{ resources: but('other') }] } }, {}, 'fail'],
      [{ match: filter(but('apps')) }, { values: said }, 'fail'],
      [{ match: filter(but('other')) }, { values: said }, 'skip'],
    ];
    for (const [index, [rule, parts, result]] of outcomes.entries()) {
      const folder = await given(`own-name-${index}`, {
        'policy.yaml': textOf(varying('signed', rule)),
        'resources.yaml': textOf(podOf('bad', unsigned(), { namespace: 'apps' })),
        'kyverno-test.yaml': textOf(suite({ ...parts, results: [expects(result, 'bad')] })),
      });
      expect([index, (await tested(folder)).status]).toEqual([index, 0]);
    }
  });

  test('values of a policy, a resource and a rule that the suite does not have are told, and change nothing', async () => {
    const values = {
      policies: [
        {
          name: 'signed',
          resources: [
            { name: 'bad', values: { a: 'b' } },
            { name: 'badd', values: { 'request.operation': 'UPDATE' } },
          ],
          rules: [
            { name: 'check', values: { a: 'b' } },
            { name: 'autogen-check', values: { a: 'b' } },
            { name: 'other', values: { a: 'b' } },
          ],
        },
        { name: 'singed', resources: [] },
      ],
    };
    const folder = await given('unused-values', {
      'policy.yaml': textOf(varying('signed', onlyWhen('request.operation', 'UPDATE'))),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'kyverno-test.yaml': textOf(suite({ values, results: [expects('skip', 'bad')] })),
    });
    const { status, stderr } = await tested(folder);
    expect(status).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      `${folder}/kyverno-test.yaml: warning: values in policy 'signed' are said of the resource 'badd', which the suite does not have; did you mean 'bad'?`,
      `${folder}/kyverno-test.yaml: warning: values in policy 'signed' are said of the rule 'other', which the suite does not have`,
      `${folder}/kyverno-test.yaml: warning: values are said of the policy 'singed', which the suite does not have; did you mean 'signed'?`,
    ]);
  });

  test("headers that suites and values of Kyverno's own have", async () => {
    const folder = await given('headers', {
      'policy.yaml': textOf(varying('signed', onlyWhen('request.operation', 'UPDATE'))),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'values.yaml': textOf({
        apiVersion: 'cli.kyverno.io/v1alpha1',
        kind: 'Value',
        globalValues: { 'request.operation': 'UPDATE' },
      }),
      'kyverno-test.yaml': textOf(
        suite({ apiVersion: 'kyverno.io/v1', variables: 'values.yaml', results: [expects('fail', 'bad')] }),
      ),
    });
    expect((await tested(folder)).status).toBe(0);
  });

  test('labels of a namespace that is among the resources, over which values count; apply reads them too', async () => {
    const ofShops = {
      match: {
        any: [{ resources: { kinds: ['Pod'], namespaceSelector: { matchLabels: { team: 'shop' } } } }],
      },
    };
    const namespace = (team: string) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'apps', labels: { team } },
    });
    const said = { name: 'apps', labels: { team: 'shop' } };
    for (const [index, [team, values, result]] of (
      [
        ['shop', {}, 'fail'],
        ['pay', {}, 'skip'],
        ['pay', { namespaceSelector: [said] }, 'fail'],
      ] as const
    ).entries()) {
      const name = await given(`among-${index}`, {
        'policy.yaml': textOf(varying('signed', ofShops)),
        'resources.yaml': textOf(podOf('bad', unsigned(), { namespace: 'apps' }), namespace(team)),
        'values.yaml': textOf({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'Values', ...values }),
        'kyverno-test.yaml': textOf(suite({ variables: 'values.yaml', results: [expects(result, 'bad')] })),
      });
      expect((await tested(name)).status).toBe(0);
      const words = ['apply', at(`among-${index}/policy.yaml`), '-f', at(`among-${index}/resources.yaml`)];
      const applied = await inThisProcess([...words, '--values-file', at(`among-${index}/values.yaml`)]);
      expect(applied.status).toBe(result === 'fail' ? 1 : 0);
    }
  });

  const values = (parts: object) => textOf({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'Values', ...parts });
  const fromMap = {
    context: [{ name: 'dictionary', configMap: { name: 'settings', namespace: 'default' } }],
    ...onlyWhen('dictionary.data.env', 'prod'),
  };

  test.each<[string, object, object, string, string]>([
    [
      'in place of a ConfigMap that is not there',
      fromMap,
      { policies: [{ name: 'signed', rules: [{ name: 'check', values: { 'dictionary.data.env': 'prod' } }] }] },
      'fail',
      'skip',
    ],
    [
      'with another value',
      fromMap,
      { policies: [{ name: 'signed', rules: [{ name: 'check', values: { 'dictionary.data.env': 'dev' } }] }] },
      'skip',
      'fail',
    ],
    [
      'of another policy',
      fromMap,
      { policies: [{ name: 'other', rules: [{ name: 'check', values: { 'dictionary.data.env': 'prod' } }] }] },
      'error',
      'fail',
    ],
    [
      'of all policies',
      onlyWhen('request.namespace', 'shop'),
      { globalValues: { 'request.namespace': 'shop' } },
      'fail',
      'skip',
    ],
    [
      'of a resource',
      onlyWhen('request.namespace', 'shop'),
      { policies: [{ name: 'signed', resources: [{ name: 'bad', values: { 'request.namespace': 'shop' } }] }] },
      'fail',
      'skip',
    ],
    [
      'of another resource',
      onlyWhen('request.namespace', 'shop'),
      { policies: [{ name: 'signed', resources: [{ name: 'good', values: { 'request.namespace': 'shop' } }] }] },
      'skip',
      'fail',
    ],
    [
      'in the object itself',
      onlyWhen('request.object.metadata.labels.env', 'prod'),
      { globalValues: { 'request.object.metadata.labels.env': 'prod' } },
      'fail',
      'skip',
    ],
    [
      'for an UPDATE',
      onlyWhen('request.operation', 'UPDATE'),
      { globalValues: { 'request.operation': 'UPDATE' } },
      'fail',
      'skip',
    ],
    [
      'for a DELETE, about which no image rule is asked',
      {},
      { globalValues: { 'request.operation': 'DELETE' } },
      'pass',
      'fail',
    ],
  ])('values %s', async (title, rule, spec, right, wrong) => {
    const files = {
      'policy.yaml': textOf(varying('signed', rule)),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'values.yaml': values(spec),
    };
    const suiteOf = (result: string, more: object) => textOf(suite({ ...more, results: [expects(result, 'bad')] }));
    const name = title.replaceAll(' ', '-');
    const inFile = await given(`${name}/file`, {
      ...files,
      'kyverno-test.yaml': suiteOf(right, { variables: 'values.yaml' }),
    });
    expect(await tested(inFile)).toMatchObject({ status: 0, told: { summary: { passed: 1 } } });
    const inline = await given(`${name}/inline`, { ...files, 'kyverno-test.yaml': suiteOf(right, { values: spec }) });
    expect(await tested(inline)).toMatchObject({ status: 0, told: { summary: { passed: 1 } } });
    const twin = await given(`${name}/wrong`, {
      ...files,
      'kyverno-test.yaml': suiteOf(wrong, { variables: 'values.yaml' }),
    });
    expect(await tested(twin)).toMatchObject({ status: 1, told: { summary: { failed: 1 } } });
  });

  test("a result's own operation counts over the values'", async () => {
    const name = await given('operations', {
      'policy.yaml': textOf(varying('signed', onlyWhen('request.operation', 'UPDATE'))),
      'resources.yaml': textOf(podOf('bad', unsigned())),
      'kyverno-test.yaml': textOf(
        suite({
          values: { globalValues: { 'request.operation': 'UPDATE' } },
          results: [
            expects('fail', 'bad'),
            expects('skip', 'bad', { operation: 'CREATE' }),
            expects('fail', 'bad', { operation: 'UPDATE' }),
            expects('pass', 'bad', { operation: 'DELETE' }),
          ],
        }),
      ),
    });
    expect(await tested(name)).toMatchObject({ status: 0, told: { summary: { passed: 4 } } });
  });

  test("a ConfigMap that is in the suite's cluster", async () => {
    const cluster = (env: string) =>
      textOf({
        apiVersion: 'cli.kyverno.io/v1alpha1',
        kind: 'ClusterResource',
        spec: { resources: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { env } }] },
      });
    const files = {
      'policy.yaml': textOf(varying('signed', fromMap)),
      'resources.yaml': textOf(podOf('bad', unsigned())),
    };
    const test = textOf(suite({ clusterResources: ['cluster.yaml'], results: [expects('fail', 'bad')] }));
    const prod = await given('cluster-prod', { ...files, 'cluster.yaml': cluster('prod'), 'kyverno-test.yaml': test });
    const dev = await given('cluster-dev', { ...files, 'cluster.yaml': cluster('dev'), 'kyverno-test.yaml': test });
    expect((await tested(prod)).status).toBe(0);
    expect((await tested(dev)).status).toBe(1);
  });
});
