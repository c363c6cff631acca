import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { selfSigned } from '../local/tls.ts';
import { clusterPolicy, entry, pods, rule } from '../shared/policy/testing/policies.ts';
import { manifestsFrom } from './manifests.ts';
import type { WebhookConfiguration } from './webhooks.ts';

type Json = Record<string, unknown>;

const url = 'https://api.example.com';
const token = 'token-of-the-cluster';
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-manifests-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, ...documents: (Json | string)[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(
    path,
    documents.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n---\n'),
  );
  return path;
}

/** Two policies, one for all clusters and one that only audits, for cluster `blue`. */
async function twoClusters(): Promise<void> {
  await file('policies/all.yaml', clusterPolicy());
  await file('policies/blue/audit.yaml', policyNamed('audit', { validationFailureAction: 'Audit' }));
}

function policyNamed(name: string, spec: Json = {}, match: Json = pods()): Json {
  const rules = [rule({ match, verifyImages: [entry({ mutateDigest: false })] })];
  return clusterPolicy({ rules, ...spec }, { metadata: { name } });
}

const run = (...words: string[]) => manifestsFrom(['--policies', join(folder, 'policies'), ...words]);
const good = (...words: string[]) => run('--url', url, '--token', token, ...words);

async function urlsOf(...words: string[]): Promise<string[]> {
  const { output } = await run(...words);
  const documents: WebhookConfiguration[] = parseAllDocuments(output).map((each) => each.toJS());
  return documents.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.url));
}

test('prints both configurations as YAML, and as a List with -o json: the same documents', async () => {
  await twoClusters();
  const yaml = await good('--cluster', 'blue', '--break-glass', 'emergency');
  const documents = parseAllDocuments(yaml.output).map((each) => each.toJS() as WebhookConfiguration);
  expect(documents.map(({ kind, webhooks }) => [kind, webhooks.length])).toEqual([
    ['MutatingWebhookConfiguration', 2],
    ['ValidatingWebhookConfiguration', 3],
  ]);
  expect(yaml.output.endsWith('\n')).toBe(true);
  expect(yaml.warnings).toEqual([]);
  const json = await good('--cluster', 'blue', '--break-glass', 'emergency', '-o', 'json');
  expect(JSON.parse(json.output)).toEqual({ apiVersion: 'v1', kind: 'List', items: documents });
});

test('the same words make the same bytes', async () => {
  await twoClusters();
  const first = await good('--cluster', 'blue');
  expect(await good('--cluster', 'blue')).toEqual(first);
});

test('a cluster has the policies of its folder and those for all; the default is `default`', async () => {
  await twoClusters();
  expect(await urlsOf('--url', url)).toEqual([`${url}/default/mutate/fail`, `${url}/default/validate/fail`]);
  expect(await urlsOf('--url', url, '--cluster', 'blue', '--token', token)).toEqual(
    ['mutate/fail', 'mutate/ignore', 'validate/fail', 'validate/ignore'].map((path) => `${url}/blue/${path}/${token}`),
  );
});

test('another cluster whose policies do not load or are none is no obstacle', async () => {
  await file('policies/blue/a.yaml', clusterPolicy());
  await file('policies/green/a.yaml', 'kind: Nonsense');
  expect(await urlsOf('--url', url, '--cluster', 'blue')).toEqual([
    `${url}/blue/mutate/fail`,
    `${url}/blue/validate/fail`,
  ]);
  await expect(good('--cluster', 'green')).rejects.toThrow('is not a policy');
  await expect(good()).rejects.toThrow("no verifyImages rule for cluster 'default'");
});

test.each([
  ['https://api.example.com/', 'https://api.example.com'],
  ['https://api.example.com/prod', 'https://api.example.com/prod'],
  ['https://api.example.com/prod//', 'https://api.example.com/prod'],
  ['HTTPS://API.example.com:443/Prod', 'https://api.example.com/Prod'],
  ['https://api.example.com:9443/a/b/', 'https://api.example.com:9443/a/b'],
  ['https://[::1]:9443', 'https://[::1]:9443'],
])('--url %s', async (given, base) => {
  await twoClusters();
  expect(await urlsOf('--url', given)).toEqual([`${base}/default/mutate/fail`, `${base}/default/validate/fail`]);
});

test.each([
  ['http://api.example.com', 'takes https'],
  ['api.example.com', 'takes the URL of the deployment'],
  ['https:api.example.com', 'takes the URL of the deployment'],
  ['https://', 'takes the URL of the deployment'],
  ['https://api example.com', 'takes the URL of the deployment'],
  ['https:\\\\api.example.com', 'takes the URL of the deployment'],
  ['https://api.example.com/prod?', 'without query and fragment'],
  ['https://api.example.com/prod?a=b', 'without query and fragment'],
  ['https://api.example.com/prod#', 'without query and fragment'],
  ['https://api.example.com/a//b', 'without empty segments'],
  ['https://api.example.com/mutate', 'leave /mutate out'],
  ['https://api.example.com/prod/validate/fail/', 'leave /validate out'],
  ['https://me@api.example.com', 'no user name or password'],
  ['https://:secret-word@api.example.com', 'no user name or password'],
])('--url %s is refused', async (given, message) => {
  await twoClusters();
  await expect(run('--url', given)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(message),
  });
  await expect(run('--url', given)).rejects.not.toThrow('secret-word');
});

test.each<[string[], string]>([
  [['--url', url, '--token', 'short'], '--token takes 8 to 256 letters'],
  [['--url', url, '--token', 'with/a/slash'], '--token takes 8 to 256 letters'],
  [['--url', url, '--token', 't'.repeat(257)], '--token takes 8 to 256 letters'],
  [['--url', url, '--cluster', 'green'], "has no cluster 'green', only default, blue"],
  [['--url', url, '--cluster', 'samples'], "has no cluster 'samples'"],
  [['--url', url, '--cluster', '../policies'], "has no cluster '../policies'"],
  [['--url', url, '--break-glass', 'emergency', '--audit-only'], '--audit-only has none: leave one of them out'],
  [['--url', url, '--break-glass', 'Not_A_Name'], "'Not_A_Name' is not a valid name of a namespace"],
  [['--url', url, '--break-glass', 'kube-system'], 'the webhooks leave kube-system out anyway'],
  [['--url', url, '-o', 'toml'], '-o takes yaml or json'],
  [['--url', url, 'more'], "'more' stands after no option: write countersign manifests"],
  [['--url', url, '--policy', 'x'], 'there is no --policy here: write --policies DIR'],
  [['--url', url, '--namespace', 'x'], "Unknown option '--namespace'"],
  [['--url', url, '--ca', '/nowhere/ca.pem'], 'cannot read /nowhere/ca.pem'],
  [[], '--url URL is missing'],
])('%j is a wrong use', async (words, message) => {
  await twoClusters();
  await expect(run(...words)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) });
  expect((await good('--cluster', 'blue')).warnings).toEqual([]);
});

test('a folder that is not there is a wrong use, a folder that cannot be a segment of a URL too', async () => {
  await expect(good()).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/^there is no folder \S+policies: give the folder that the policies are in$/),
  });
  await file('policies/not a segment/a.yaml', clusterPolicy());
  await expect(good('--cluster', 'not a segment')).rejects.toThrow("--cluster: 'not a segment' cannot be a segment");
});

test('rules of which none matches an image are no configuration that admits everything', async () => {
  await file('policies/a.yaml', policyNamed('tasks', {}, { any: [{ resources: { kinds: ['tekton.dev/v1/Task'] } }] }));
  await expect(good()).rejects.toThrow(
    'matches no Pod and no Pod controller, nor does another rule: everything would be admitted',
  );
});

test('debug containers are asked about, unless an exclude names them', async () => {
  const excluding = async (kind: string) => {
    const exclude = { any: [{ resources: { kinds: [kind] } }] };
    await file('policies/a.yaml', clusterPolicy({ rules: [rule({ exclude })] }));
    const { items } = JSON.parse((await good('-o', 'json')).output) as { items: WebhookConfiguration[] };
    return items.map(({ webhooks }) => webhooks[0]?.rules[0]?.resources.includes('pods/ephemeralcontainers'));
  };
  expect(await excluding('Pod/status')).toEqual([true, true]);
  expect(await excluding('*/eviction')).toEqual([true, true]);
  expect(await excluding('Pod/ephemeralcontainers')).toEqual([false, false]);
});

test('--ca puts the certificates of a file into every webhook, and nothing else of the file', async () => {
  await twoClusters();
  const [one, two] = [await selfSigned({}), await selfSigned({ names: ['other'] })];
  const bundle = await file('ca.pem', `subject=one\r\n${one.certPem}\nsubject=two\n${two.certPem}`);
  const { items } = JSON.parse((await good('--ca', bundle, '-o', 'json')).output) as { items: WebhookConfiguration[] };
  const bundles = items.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));
  expect(bundles).toHaveLength(2);
  for (const each of bundles) expect(Buffer.from(each, 'base64').toString()).toBe(one.certPem + two.certPem);
  expect((await good()).output).not.toContain('caBundle');
});

test.each<[string, (pems: { certPem: string; keyPem: string }) => string, string]>([
  ['a private key', ({ certPem, keyPem }) => certPem + keyPem, 'holds a PRIVATE KEY'],
  ['no PEM', () => 'certificate', 'holds no certificate'],
  ['a broken certificate', ({ certPem }) => certPem.replace(/\nMI/, '\nAA'), 'certificate 1 does not parse'],
])('--ca with %s is refused', async (_, content, message) => {
  await twoClusters();
  const path = await file('ca.pem', content(await selfSigned({})));
  await expect(good('--ca', path)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(message),
  });
});

test('names that YAML 1.1 takes for something else are quoted: kubectl reads them as text', async () => {
  await twoClusters();
  for (const name of ['on', 'y', 'null', '0x1f', '1e3', '12']) {
    const { output } = await good('--break-glass', name);
    for (const version of ['1.1', '1.2'] as const) {
      const last: WebhookConfiguration = parse(output.split('---\n')[1] ?? '', { version });
      expect(last.webhooks.at(-1)?.namespaceSelector.matchExpressions[0]?.values).toEqual([name]);
    }
  }
});

test('warns of what loading warns of, and of what no API server would ask about', async () => {
  const path = await file(
    'policies/a.yaml',
    policyNamed('ignoring', { failurePolicy: 'Ignore' }),
    policyNamed('mixed', {}, { any: [{ resources: { kinds: ['Deployment', 'Task'] } }] }),
    policyNamed('system', {}, pods({ namespaces: ['kube-system'] })),
    policyNamed('also-elsewhere', {}, pods({ namespaces: ['kube-system', 'shop'] })),
    policyNamed('not-the-emergency', {}, pods({ namespaces: ['emergency'] })),
  );
  const { warnings } = await run('--url', url, '--break-glass', 'emergency');
  expect(warnings).toEqual([
    expect.stringMatching(/^\S+a\.yaml:1: warning: .*enforces under failurePolicy Ignore/),
    expect.stringMatching(
      /a\.yaml:3: warning: .*kind 'Task' holds no image that is known here: nothing is asked about it$/,
    ),
    `${path}:5: warning: rule 'signed' of system is only about kube-system, which the webhooks leave out: it blocks nothing`,
    `${path}:9: warning: rule 'signed' of not-the-emergency is only about emergency, which the webhooks leave out: it blocks nothing`,
    'warning: no --token: a deployed function refuses calls at these URLs, only `serve` without a token answers them',
  ]);
});

test('any token that a deployment takes is taken', async () => {
  await file('policies/a.yaml', clusterPolicy());
  for (const token of ['a.b_c~d-', 't'.repeat(256), '0123456789.~_-0123456789.~_-0123456789']) {
    const { items } = JSON.parse((await run('--url', url, '--token', token, '-o', 'json')).output) as {
      items: WebhookConfiguration[];
    };
    expect(items[0]?.webhooks[0]?.clientConfig.url).toMatch(new RegExp(`/${token.replaceAll('.', '\\.')}$`));
  }
});

describe('kinds that rules have extractors for', () => {
  const about = async (kind: string) => {
    const match = { any: [{ resources: { kinds: [`tekton.dev/v1/${kind}`] } }] };
    const imageExtractors = { [kind]: [{ path: '/spec/image' }] };
    const rules = [rule({ match, imageExtractors })];
    await file('policies/a.yaml', clusterPolicy({ rules }));
  };

  test('are asked about by a guess that is told, or by the name that is said', async () => {
    await about('Task');
    const guessed = await good();
    expect(guessed.output).toContain('tasks');
    expect(guessed.warnings).toEqual([
      expect.stringMatching(
        /a\.yaml:\d+: warning: Task is asked about as 'tasks', a guess: .* --resource Task=tasks, or /,
      ),
    ]);
    const said = await good('--resource', 'Task=jobs-of-tekton');
    expect(said.output).toContain('jobs-of-tekton');
    expect(said.output).not.toContain('tasks');
    expect(said.warnings).toEqual([]);
  });

  test.each([
    [['Task'], "--resource takes KIND=PLURAL, as Task=tasks, not 'Task'"],
    [['Task='], '--resource takes KIND=PLURAL'],
    [['Task=Tasks'], '--resource takes KIND=PLURAL'],
    [['Task=tasks/status'], '--resource takes KIND=PLURAL'],
    [['Task=a=b'], '--resource takes KIND=PLURAL'],
    [['Pod=pods'], '--resource Pod=pods: no rule has imageExtractors for a Pod that it matches'],
    [['Task=tasks', 'Task=others'], '--resource names Task twice'],
  ])('--resource %s is refused', async (words, message) => {
    await about('Task');
    await expect(good('--resource', ...words)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    });
  });
});
