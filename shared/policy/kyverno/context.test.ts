import { clusterPolicy, load, loadRule, problemsOf, rule } from '../testing/policies.ts';

type Json = Record<string, unknown>;

const withContext = (...context: readonly Json[]) => clusterPolicy({ rules: [rule({ context })] });
const contextOf = (...context: readonly Json[]) => loadRule({ context }).context;
const at = 'spec.rules[0].context[0]';

describe('each kind of entry loads', () => {
  test('variable: a value of any type, a jmesPath, a default', () => {
    const [value, path, all] = contextOf(
      { name: 'a', variable: { value: { b: ['{{ request.name }}'] } } },
      { name: 'b', variable: { jmesPath: "a.b[0] || 'x'" } },
      { name: 'c', variable: { value: 1, jmesPath: '@', default: '{{ b }}' } },
    );
    expect(value).toMatchObject({ kind: 'variable', name: 'a', value: { names: new Set(['request']) } });
    expect(path).toMatchObject({ kind: 'variable', name: 'b', jmesPath: { names: new Set(['a']) } });
    expect(path).not.toHaveProperty('value');
    expect(all).toMatchObject({ name: 'c', value: {}, jmesPath: {}, default: { names: new Set(['b']) } });
  });

  test('configMap: its name and its namespace may hold variables', () => {
    const [one, other] = contextOf(
      { name: 'keys', configMap: { name: 'keys-{{ request.namespace }}', namespace: 'trust' } },
      { name: 'more', configMap: { name: 'keys' } },
    );
    expect(one).toMatchObject({ kind: 'config-map', configMap: { name: { names: new Set(['request']) } } });
    expect(other).toMatchObject({ kind: 'config-map', name: 'more' });
  });

  test('imageRegistry: a reference and a jmesPath', () => {
    const [entry] = contextOf({
      name: 'data',
      imageRegistry: { reference: 'ghcr.io/acme/{{ request.name }}', jmesPath: 'configData.config' },
    });
    expect(entry).toMatchObject({ kind: 'image-registry', name: 'data', reference: { variable: true }, jmesPath: {} });
  });

  test('in kyverno.io/v2beta1 too', () => {
    const policy = { ...withContext({ name: 'a', variable: { value: 1 } }), apiVersion: 'kyverno.io/v2beta1' };
    expect(load(policy).rules[0]?.context).toHaveLength(1);
  });
});

describe('refused', () => {
  const cluster = 'asks a cluster, and Countersign runs in none: write what it would give into a ConfigMap';
  const one = 'one of variable, configMap and imageRegistry is required';
  test.each<[string, Json, string]>([
    ['apiCall', { name: 'a', apiCall: { urlPath: '/api/v1/pods' } }, `${at}.apiCall: ${cluster}`],
    ['an apiCall to a service', { name: 'a', apiCall: { service: { url: 'https://x' } } }, `${at}.apiCall: ${cluster}`],
    ['an apiCall without content', { name: 'a', apiCall: {} }, `${at}.apiCall: ${cluster}`],
    ['globalReference', { name: 'a', globalReference: { name: 'x' } }, `${at}.globalReference: ${cluster}`],
    ['nothing', { name: 'a' }, `${at}: ${one}`],
    [
      'two sources',
      { name: 'a', variable: { value: 1 }, configMap: { name: 'x' } },
      `${at}: ${one}: here are variable and configMap`,
    ],
    [
      'a source and an apiCall',
      { name: 'a', variable: { value: 1 }, apiCall: {} },
      `${at}: ${one}: here are variable and apiCall`,
    ],
    ['no name', { variable: { value: 1 } }, `${at}: a name is required for context entries`],
    ['an empty name', { name: '', variable: { value: 1 } }, `${at}: a name is required for context entries`],
    [
      'an unknown source',
      { name: 'a', apicall: {} },
      `${at}.apicall: unknown field 'apicall'; did you mean 'apiCall'?`,
    ],
    ['a variable without content', { name: 'a', variable: {} }, `${at}.variable: the variable must define either`],
    [
      'a variable with a default alone',
      { name: 'a', variable: { default: 1 } },
      `${at}.variable: the variable must define either a value or a jmesPath expression`,
    ],
    ['a ConfigMap without a name', { name: 'a', configMap: { namespace: 'x' } }, `${at}.configMap: a name is required`],
    ['an image without a reference', { name: 'a', imageRegistry: {} }, `${at}.imageRegistry: a ref is required`],
    [
      'credentials for an image',
      { name: 'a', imageRegistry: { reference: 'x', imageRegistryCredentials: {} } },
      `${at}.imageRegistry.imageRegistryCredentials: not supported yet`,
    ],
    ['a jmesPath that does not parse', { name: 'a', variable: { jmesPath: 'a.[' } }, `${at}.variable.jmesPath: `],
    [
      'a value that does not parse',
      { name: 'a', variable: { value: { b: ['x', '{{ a( }}'] } } },
      `${at}.variable.value.b[1]: {{ a( }}: `,
    ],
    [
      'a jmesPath of an image that does not parse',
      { name: 'a', imageRegistry: { reference: 'x', jmesPath: '(' } },
      `${at}.imageRegistry.jmesPath: `,
    ],
    ['a jmesPath that is no text', { name: 'a', variable: { jmesPath: 1 } }, `${at}.variable.jmesPath: a string is`],
  ])('%s', (_, entry, problem) => {
    expect(problemsOf(withContext(entry))).toContainEqual(expect.stringContaining(problem));
    expect(problemsOf(withContext({ name: 'a', variable: { value: 1 } }))).toEqual([]);
  });

  test.each(['request', 'images', 'image', 'serviceAccountName', 'serviceAccountNamespace', 'element', 'request.x'])(
    'the name %s, which means something else',
    (name) => {
      expect(problemsOf(withContext({ name, variable: { value: 1 } }))[0]).toContain(
        `${at}.name: entry name ${name} is invalid as it conflicts with a pre-defined variable`,
      );
    },
  );

  test('more than 32 entries', () => {
    const many = (count: number) =>
      problemsOf(withContext(...Array.from({ length: count }, (_, i) => ({ name: `a${i}`, variable: { value: i } }))));
    expect(many(32)).toEqual([]);
    expect(many(33)).toEqual(['spec.rules[0].context: has 33 entries: more than 32']);
  });

  test('what is no list', () => {
    expect(problemsOf(clusterPolicy({ rules: [rule({ context: { name: 'a' } })] }))).toEqual([
      'spec.rules[0].context: a list is expected, this is a mapping',
    ]);
  });
});

describe('a name that nothing gives', () => {
  test.each<[string, Json, string]>([
    ['in a value', { variable: { value: { a: '{{ reqest.name }}' } } }, `${at}.variable.value.a: variable 'reqest'`],
    ['in a default', { variable: { value: 1, default: '{{ x }}' } }, `${at}.variable.default: variable 'x'`],
    ['in a jmesPath about the scope', { variable: { jmesPath: 'x.y' } }, `${at}: variable 'x'`],
    ['in the name of a ConfigMap', { configMap: { name: '{{ x }}' } }, `${at}.configMap.name: variable 'x'`],
    ['in a reference', { imageRegistry: { reference: '{{ x }}' } }, `${at}.imageRegistry.reference: variable 'x'`],
  ])('%s is refused where it stands', (_, entry, problem) => {
    expect(problemsOf(withContext({ name: 'a', ...entry }))).toEqual([
      expect.stringContaining(`${problem} is not defined: nothing here gives it`),
    ]);
    expect(problemsOf(withContext({ name: 'a', ...entry }, { name: 'x', variable: { value: 1 } })).length).toBe(
      problem.includes("'x'") ? 0 : 1,
    );
  });

  test('in a jmesPath about a value is a field of the value', () => {
    expect(problemsOf(withContext({ name: 'a', variable: { value: { x: 1 }, jmesPath: 'x' } }))).toEqual([]);
  });

  test('is not told of what a refused entry would give', () => {
    const asking = { name: 'b', variable: { value: '{{ a.x }}' } };
    expect(problemsOf(withContext({ name: 'a', apiCall: {} }, asking))).toEqual([
      expect.stringContaining(`${at}.apiCall: asks a cluster`),
    ]);
  });

  test('has its neighbour named', () => {
    expect(problemsOf(withContext({ name: 'a', variable: { value: '{{ image.containers }}' } }))[0]).toContain(
      "did you mean 'images'?",
    );
  });
});

test('of two entries of one name both are kept: the later one counts for what comes after it', () => {
  const twice = contextOf({ name: 'a', variable: { value: 1 } }, { name: 'a', variable: { value: '{{ a }}' } });
  expect(twice).toHaveLength(2);
});
