import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadDeployed } from '../functions/wiring/policies.ts';
import type { PolicySet } from '../shared/policy/policy.ts';
import { certA } from '../shared/policy/testing/certificates.ts';
import { clusterPolicy, entry, rule } from '../shared/policy/testing/policies.ts';
import { noRoots } from '../shared/trust/root/trust-root.ts';
import { readTrustPolicy, trustPolicyBeside } from './notary.ts';
import { readPolicyFolder, readPolicySet } from './policies.ts';

let root: string;
const policies = () => join(root, 'policies');
const der = new X509Certificate(certA).raw;
const policy = JSON.stringify(
  clusterPolicy({ rules: [rule({ verifyImages: [entry({ type: 'Notary', attestors: [] })] })] }),
);
const document = JSON.stringify({
  version: '1.0',
  trustPolicies: [
    {
      name: 'acme',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:acme'],
      trustedIdentities: ['*'],
    },
  ],
});
const options = { registries: [], openHosts: 'allow', trust: 'leave' } as const;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-notary-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

/** A folder of notation's, with what it has beside trust policies. */
const folder = (at: string) => ({
  [`${at}/trustpolicy.json`]: document,
  [`${at}/truststore/x509/ca/acme/root.crt`]: der,
  [`${at}/truststore/x509/ca/acme/README.md`]: 'whose root it is',
});

function trusted({ rules }: Pick<PolicySet, 'rules'>): unknown {
  const attestor = rules[0]?.entries[0]?.attestors[0]?.entries[0];
  if (attestor?.kind !== 'notary' || !('trust' in attestor.by)) return undefined;
  return attestor.by.trust.statements.map(({ stores }) => stores.map(({ files }) => files.map(({ bytes }) => bytes)));
}

test('a folder of policies has them beside the policies: in a function, in front of a cluster, on the command line', async () => {
  await put({ 'policies/all.yaml': policy, ...folder('policies/notary') });
  const deployed = await loadDeployed(policies(), { clusters: ['prod'], registries: [], trust: 'leave' });
  const prod = deployed.get('prod');
  if (prod === undefined || !('scopes' in prod)) throw prod;
  const served = (await readPolicyFolder(policies(), { roots: noRoots })).clusters.get('default');
  const all = [[[der]]];
  expect(trusted({ rules: prod.scopes.all })).toEqual(all);
  expect(trusted({ rules: served?.scopes.all ?? [] })).toEqual(all);
  expect(trusted(await readPolicySet([policies()], options))).toEqual(all);
  expect(trusted(await readPolicySet([join(policies(), 'all.yaml')], options))).toEqual(all);
});

test('without them such a rule does not load; those of samples are nobody’s', async () => {
  await put({ 'policies/all.yaml': policy, ...folder('policies/samples/notary') });
  await expect(readPolicySet([policies()], options)).rejects.toThrow('and there is none');
});

test('two of them are told, and one can be named', async () => {
  await put({ 'policies/all.yaml': policy, ...folder('policies/notary'), ...folder('policies/prod/notary') });
  await expect(readPolicySet([policies()], options)).rejects.toThrow(
    /trust policies in .*notary and in .*: name policies of one/,
  );
  const notary = () => readTrustPolicy(join(policies(), 'prod/notary'));
  expect(trusted(await readPolicySet([policies()], { ...options, notary }))).toEqual([[[der]]]);
});

test('links in them are refused: to a file, to a store, to all of it', async () => {
  const read = () => readPolicyFolder(policies(), { roots: noRoots });
  await put({ 'policies/all.yaml': policy, ...folder('policies/notary'), ...folder('elsewhere') });
  await read();
  const store = join(policies(), 'notary/truststore/x509/ca/acme');
  await symlink(join(root, 'elsewhere/truststore/x509/ca/acme/root.crt'), join(store, 'link.crt'));
  await expect(read()).rejects.toThrow('link.crt is no file of its own');
  const deployed = await loadDeployed(policies(), { clusters: ['prod'], registries: [], trust: 'leave' });
  expect(deployed.get('prod')).toMatchObject({
    reason: 'policies-invalid',
    cause: { message: expect.stringContaining('link.crt is no file of its own') },
  });
  await expect(readTrustPolicy(join(policies(), 'notary'))).rejects.toThrow('link.crt is no file of its own');
  await rm(store, { recursive: true });
  await symlink(join(root, 'elsewhere/truststore/x509/ca/acme'), store);
  await expect(read()).rejects.toThrow(/acme is a link/);
  await rm(join(policies(), 'notary'), { recursive: true });
  await symlink(join(root, 'elsewhere'), join(policies(), 'notary'));
  await expect(read()).rejects.toThrow(/notary is a link/);
});

test('a file of them that is too large is refused', async () => {
  await put({ ...folder('n'), 'n/truststore/x509/ca/acme/large.pem': Buffer.alloc(1024 * 1024 + 1) });
  await expect(readTrustPolicy(join(root, 'n'))).rejects.toThrow('large.pem is larger than 1048576 bytes');
});

describe('a trust policy that is named', () => {
  const named = (at: string) => readTrustPolicy(join(root, at));

  test("is a folder of notation's, of which nothing else is looked at", async () => {
    await put({ ...folder('n'), 'n/localkeys/acme.key': 'secret', 'n/plugins/x/notation-x': '', 'n/config.json': '{' });
    const { title, files } = await named('n');
    expect(title).toBe(join(root, 'n'));
    expect(files.map(({ path }) => path)).toEqual(['trustpolicy.json', 'truststore/x509/ca/acme/root.crt']);
  });

  test('or a document of any name, with the truststore beside it', async () => {
    await put({ ...folder('n'), 'n/strict.json': document, 'n/trustpolicy.oci.json': '{' });
    const { files } = await named('n/strict.json');
    expect(files.map(({ name }) => name)).toEqual([
      join(root, 'n/strict.json'),
      join(root, 'n/truststore/x509/ca/acme/root.crt'),
    ]);
  });

  test('what has no place in its trust store is refused', async () => {
    await put({ ...folder('n'), 'n/truststore/x509/ca/acme/deep/root.crt': der });
    await expect(named('n')).rejects.toThrow('deep/root.crt: is in a folder of a trust store, and those have none');
    await expect(named('gone')).rejects.toThrow(/cannot read .*gone: ENOENT/);
  });
});

test('standard input has nothing beside it', async () => {
  expect(await trustPolicyBeside(['-'])()).toBeUndefined();
});
