import { generateKeyPairSync } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { newKey } from '../../local/signer/keys.ts';
import { entry, pods, clusterPolicy as policyOf, rule } from '../policy/testing/policies.ts';
import { Refusal } from '../reasons.ts';
import { noRoots } from '../trust/root/trust-root.ts';
import { carriedRoot } from '../trust-roots/carried.ts';
import {
  type ClusterOptions,
  EmptyPolicySet,
  loadCluster,
  loadClusters,
  UnknownCluster,
  warningsOf,
} from './clusters.ts';
import type { PolicySource } from './source.ts';

const options: ClusterOptions = {
  clusters: ['prod', 'dev'],
  namespace: undefined,
  trust: 'leave',
  unasked: 'refuse',
  openHosts: 'allow',
  registries: [],
};

const named = (name: string, spec = {}, changes = {}) =>
  JSON.stringify(policyOf(spec, { metadata: { name }, ...changes }));
const about = (...imageReferences: string[]) => ({ rules: [rule({ verifyImages: [entry({ imageReferences })] })] });
const all = { 'all.yaml': named('all') };

interface TestSource extends PolicySource {
  readonly reads: string[];
}

/** Files as a bucket has them: each is read later, and one of which the text is an error cannot be. */
function bucket(files: Readonly<Record<string, string | Error>>, folders: readonly string[] = []): TestSource {
  const reads: string[] = [];
  return {
    reads,
    title: 'bucket',
    list: async () => ({ files: Object.keys(files), folders }),
    async read(name) {
      reads.push(name);
      await setTimeout(0);
      const text = files[name];
      if (typeof text !== 'string') throw text;
      return { name, text };
    },
    bytes(name) {
      reads.push(name);
      return { name, bytes: Buffer.from(String(files[name])) };
    },
  };
}

async function outcomes(source: PolicySource, changes: Partial<ClusterOptions> = {}): Promise<Record<string, unknown>> {
  const loaded = await loadClusters(source, { ...options, ...changes });
  return Object.fromEntries(
    [...loaded].map(([cluster, one]) => [
      cluster,
      one instanceof Refusal ? `${one.reason}: ${one.message}` : one.scopes.fail.map(({ policy }) => policy)[0],
    ]),
  );
}

test('each cluster has the files at the top and those of its own, and a hash of its own', async () => {
  const source = bucket({ ...all, 'prod/more.yaml': named('more') });
  const loaded = await loadClusters(source, options);
  const [prod, dev] = ['prod', 'dev'].map((cluster) => loaded.get(cluster));
  if (prod instanceof Refusal || dev instanceof Refusal || !prod || !dev) throw new Error('did not load');
  expect(new Set(prod.scopes.all.map(({ policy }) => policy))).toEqual(new Set(['all', 'more']));
  expect(new Set(dev.scopes.all.map(({ policy }) => policy))).toEqual(new Set(['all']));
  expect(prod.hash).not.toBe(dev.hash);
  expect(await loadCluster(source, 'dev', options)).toMatchObject({ hash: dev.hash });
});

test('a source that answers at once and one that answers later come to the same', async () => {
  const atOnce: PolicySource = {
    title: undefined,
    list: () => ({ files: ['all.yaml'], folders: [] }),
    read: (name) => ({ name, text: all['all.yaml'] }),
    bytes: (name) => ({ name, bytes: Buffer.of() }),
  };
  expect(await loadClusters(atOnce, options)).toEqual(await loadClusters(bucket(all), options));
});

test('exceptions are for all clusters or for one; one that does not load keeps its cluster from loading', async () => {
  const exception = (spec: object) =>
    JSON.stringify({
      apiVersion: 'kyverno.io/v2',
      kind: 'PolicyException',
      metadata: { name: 'legacy' },
      spec: { match: pods(), exceptions: [{ policyName: 'all', ruleNames: ['signed'] }], ...spec },
    });
  const excepted = async (name: string, text: string) => {
    const loaded = await loadClusters(bucket({ ...all, [name]: text }), options);
    return [...loaded.values()].map((one) =>
      one instanceof Refusal ? one.reason : one.scopes.all[0]?.exceptions.length,
    );
  };
  expect(await excepted('exceptions/a.yaml', exception({}))).toEqual([1, 1]);
  expect(await excepted('dev/exceptions/a.yaml', exception({}))).toEqual([0, 1]);
  expect(await excepted('dev/exceptions/a.yaml', exception({ matches: {} }))).toEqual([0, 'policies-invalid']);
});

describe('trust policies beside the policies', () => {
  const asking = named('all', { rules: [rule({ verifyImages: [entry({ type: 'Notary', attestors: [] })] })] });
  const skip = (name: string) =>
    JSON.stringify({
      version: '1.0',
      trustPolicies: [{ name, registryScopes: ['ghcr.io/acme/a'], signatureVerification: { level: 'skip' } }],
    });
  async function statements(files: Readonly<Record<string, string>>): Promise<unknown> {
    const loaded = await loadClusters(bucket({ 'all.yaml': asking, ...files }), options);
    return Object.fromEntries(
      [...loaded].map(([cluster, one]) => {
        if (one instanceof Refusal) return [cluster, one.message];
        const attestor = one.scopes.all[0]?.entries[0]?.attestors[0]?.entries[0];
        return [
          cluster,
          attestor?.kind === 'notary' && 'trust' in attestor.by && attestor.by.trust.statements[0]?.name,
        ];
      }),
    );
  }

  test('decide for all clusters, or for one in place of those', async () => {
    expect(await statements({ 'notary/trustpolicy.json': skip('a') })).toEqual({ prod: 'a', dev: 'a' });
    const both = { 'notary/trustpolicy.json': skip('a'), 'dev/notary/trustpolicy.oci.json': skip('b') };
    expect(await statements(both)).toEqual({ prod: 'a', dev: 'b' });
  });

  test('a cluster that has none, or one that does not load, is refused, and no other', async () => {
    const missing = expect.stringContaining('is decided by a trust policy, and there is none');
    expect(await statements({ 'dev/notary/trustpolicy.json': skip('b') })).toEqual({ prod: missing, dev: 'b' });
    const broken = { 'notary/trustpolicy.json': skip('a'), 'dev/notary/trustpolicy.json': '{}' };
    expect(await statements(broken)).toEqual({
      prod: 'a',
      dev: expect.stringMatching(/^dev\/notary\/trustpolicy\.json:1: version: is required/),
    });
    const storeless = { 'notary/truststore/x509/ca/a/a.pem': 'x' };
    expect(await statements(storeless)).toMatchObject({
      prod: expect.stringMatching(/^notary: holds no trust policy/),
    });
  });

  test("are part of the set's hash", async () => {
    const hashOf = async (name: string) => {
      const source = bucket({ 'all.yaml': asking, 'notary/trustpolicy.json': skip(name) });
      return (await loadCluster(source, 'prod', options)).hash;
    };
    expect(await hashOf('a')).toBe(await hashOf('a'));
    expect(await hashOf('a')).not.toBe(await hashOf('b'));
  });

  test('are not read where no policy asks for them, which is warned of', async () => {
    const source = bucket({ ...all, 'notary/trustpolicy.json': '{}' });
    const { warnings } = await loadCluster(source, 'prod', options);
    expect(warnings).toEqual([{ file: 'notary', line: 1, message: 'decides nothing: no rule is of type: Notary' }]);
    expect(source.reads).toEqual(['all.yaml']);
  });

  test('those for all clusters are read once', async () => {
    const source = bucket({ 'all.yaml': asking, 'notary/trustpolicy.json': skip('a') });
    await loadClusters(source, options);
    expect(source.reads).toEqual(['all.yaml', 'notary/trustpolicy.json']);
  });

  test('too much of them is refused', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1100 }, (_, at) => [`notary/truststore/x509/ca/a/${at}.pem`, 'x']),
    );
    expect(await statements({ 'notary/trustpolicy.json': skip('a'), ...many })).toMatchObject({
      prod: expect.stringContaining('notary: holds more than 1000 files or'),
    });
  });
});

test('a file for all clusters is read once, and what is no policy not at all', async () => {
  const source = bucket({ ...all, 'dev/own.yaml': named('own'), 'README.md': '', 'samples/x.yaml': 'nonsense' });
  expect(await outcomes(source)).toEqual({ prod: 'all', dev: 'all' });
  expect(source.reads).toEqual(['all.yaml', 'dev/own.yaml']);
});

describe('what does not load', () => {
  test('refuses the clusters that a file is for; the layout concerns all', async () => {
    expect(await outcomes(bucket({ ...all, 'dev/bad.yaml': 'spec: {}' }))).toEqual({
      prod: 'all',
      dev: expect.stringMatching(/^policies-invalid: dev\/bad\.yaml:1: is not a policy/),
    });
    const misplaced = expect.stringMatching(/^policies-invalid: prdo\/a\.yaml: 'prdo' is not a configured cluster/);
    expect(await outcomes(bucket({ ...all, 'prdo/a.yaml': named('a') }))).toEqual({ prod: misplaced, dev: misplaced });
  });

  test('a file that cannot be read refuses its clusters, the source all; reviews are not told why, the cause has it', async () => {
    const unread = 'policies-invalid: the policies could not be read';
    const failure = new Error('EACCES: /var/task/policies/dev/own.yaml');
    expect(await outcomes(bucket({ ...all, 'dev/own.yaml': failure }))).toEqual({ prod: 'all', dev: unread });
    const unlisted = { ...bucket(all), list: () => Promise.reject(failure) };
    expect(await outcomes(unlisted)).toEqual({ prod: unread, dev: unread });
    expect((await loadClusters(unlisted, options)).get('prod')).toMatchObject({ cause: failure });
  });

  test('a cluster without a rule is refused: never taken for "admit all"', async () => {
    const source = bucket({ 'prod/a.yaml': named('a'), 'dev/README.md': '' });
    expect(await outcomes(source)).toEqual({
      prod: 'a',
      dev: "policies-invalid: no verifyImages rule for cluster 'dev' in bucket: without a rule everything would be admitted",
    });
    await expect(loadCluster(source, 'dev', options)).rejects.toThrow(EmptyPolicySet);
    await expect(loadCluster(source, 'prod', options)).resolves.toMatchObject({ warnings: [] });
  });

  test('a message to reviews is short, its cause whole', async () => {
    const many = Array.from({ length: 60 }, () => '{"kind": "Pod", "apiVersion": "v1"}').join('\n---\n');
    const refusal = (await loadClusters(bucket({ 'a.yaml': many }), options)).get('prod');
    if (!(refusal instanceof Refusal)) throw new Error('loaded');
    expect(refusal.message.length).toBeLessThanOrEqual(1001);
    expect(refusal.cause).toMatchObject({ problems: { length: 60 } });
  });

  test('a set that is too large is refused without reading all of it', async () => {
    const files = Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`${at}.yaml`, '# none']));
    let reads = 0;
    const read = (name: string) => {
      reads += 1;
      return { name, text: '# none' };
    };
    const source: PolicySource = { ...bucket(files), read };
    expect(await outcomes(source, { clusters: ['prod'] })).toEqual({
      prod: expect.stringMatching(/more than 2000 files or \d+ characters$/),
    });
    expect(reads).toBe(2001);
  });
});

describe('the clusters of a folder', () => {
  const folders = { clusters: 'folders' } as const;

  test('are default and each folder but samples and exceptions, one without files too', async () => {
    expect(await outcomes(bucket(all, ['dev', 'samples', 'exceptions', 'default']), folders)).toEqual({
      default: 'all',
      dev: 'all',
    });
  });

  test('a cluster of none of them is told from one without policies', async () => {
    const load = (cluster: string) => loadCluster(bucket(all, ['dev']), cluster, { ...options, ...folders });
    await expect(load('prdo')).rejects.toThrow(UnknownCluster);
    await expect(load('prdo')).rejects.toThrow("bucket has no cluster 'prdo', only default, dev");
    expect(await load('dev')).toMatchObject({ warnings: [] });
  });

  test('a folder that cannot be listed has none: that is thrown', async () => {
    const unlisted = { ...bucket(all), list: () => Promise.reject(new Error('no such folder')) };
    await expect(loadClusters(unlisted, { ...options, ...folders })).rejects.toThrow('no such folder');
  });
});

describe('options', () => {
  const open = bucket({ 'all.yaml': named('all', about('*')), 'dev/own.yaml': named('own', about('ghcr.io/acme/*')) });

  test('a pattern that names no host is refused, warned of or let be; never where the settings name registries', async () => {
    expect(await outcomes(open, { openHosts: 'refuse' })).toEqual({
      prod: expect.stringMatching(
        /all\.yaml:\d+: verifyImages\[0\]: rule 'signed' of 'all': deployed, a pattern must name/,
      ),
      dev: expect.stringContaining('(*)'),
    });
    expect(await outcomes(open, { openHosts: 'refuse', registries: ['ghcr.io'] })).toEqual({ prod: 'all', dev: 'all' });
    const warned = async (changes: Partial<ClusterOptions>) =>
      warningsOf(await loadClusters(open, { ...options, ...changes }));
    // Two clusters have the rule, and it is told once.
    expect(await warned({ openHosts: 'warn' })).toEqual([
      expect.stringMatching(/^all\.yaml:\d+: warning: rule 'signed' of 'all': where only "\*" covers a registry/),
    ]);
    expect(await warned({ openHosts: 'warn', registries: ['ghcr.io'] })).toEqual([]);
    expect(await warned({ openHosts: 'allow' })).toEqual([]);
  });

  test('a set that can ask about nothing is refused, or let be', async () => {
    const source = bucket({ 'all.yaml': named('all', { rules: [rule({ match: pods({ kinds: ['Pods'] }) })] }) });
    expect(await outcomes(source)).toMatchObject({ prod: expect.stringContaining("kind 'Pods': did you mean Pod?") });
    expect(await outcomes(source, { unasked: 'allow' })).toMatchObject({ prod: 'all' });
  });

  test('a Policy that names no namespace is refused, or of the one that is given', async () => {
    const source = bucket({ 'all.yaml': named('own', {}, { kind: 'Policy' }) });
    expect(await outcomes(source)).toMatchObject({ prod: expect.stringContaining('namespace is required') });
    expect(await outcomes(source, { namespace: 'default' })).toMatchObject({ prod: 'default/own' });
  });

  test('a key that cannot be used, and a log that nobody knows, are warned of where trust is looked at', async () => {
    const weak = { keys: { publicKeys: weakKey(), rekor: { ignoreTlog: true } } };
    const logged = { keys: { publicKeys: newKey().publicKeyPem } };
    const by = (attestor: object) => ({
      rules: [rule({ verifyImages: [entry({ attestors: [{ entries: [attestor] }] })] })],
    });
    const source = bucket({ 'logged.yaml': named('logged', by(logged)), 'weak.yaml': named('weak', by(weak)) });
    const warned = async (trust: ClusterOptions['trust']) =>
      warningsOf(await loadClusters(source, { ...options, trust }));
    expect(await warned(noRoots)).toEqual([
      expect.stringContaining('there is no trust root'),
      expect.stringMatching(/1024 bits.*every image is answered invalid/),
    ]);
    expect(await warned(async () => (await carriedRoot()).root)).toEqual([expect.stringContaining('1024 bits')]);
    expect(await warned('leave')).toEqual([]);
  });
});

function weakKey(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}
