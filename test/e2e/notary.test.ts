import { writeFile } from 'node:fs/promises';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { signNotary } from '../../local/signer/notary.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { makeNotaryChain } from '../fixtures/notary.ts';
import { folderWith, inThisProcess } from './processes.ts';

// Policies of type Notary on the command line: certificates of a rule, and trust policies of notation.

const cleanUp = new AsyncDisposableStack();
const acme = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'release' } });
const stranger = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'release' } });
const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
let registry: LocalRegistry;
let folder: Awaited<ReturnType<typeof folderWith>>;

beforeAll(async () => {
  registry = cleanUp.use(await startRegistry());
  const destination = storeDestination(registry);
  const signedAt = new Date('2026-01-01T00:00:00Z');
  for (const [repository, signer, annotations] of [
    ['shop/web', acme.signer, { build: '7' }],
    ['shop/foreign', stranger.signer, {}],
  ] as const) {
    const digest = await makeImage(destination, repository, '1', { label: repository });
    await signNotary(destination, { repository, digest, signer, signedAt, annotations });
  }
  await makeImage(destination, 'shop/unsigned', '1', { label: 'unsigned' });
  const statement = (changes: object) => ({
    version: '1.0',
    trustPolicies: [
      {
        name: 'acme',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:acme'],
        trustedIdentities: ['x509.subject:C=US,ST=WA,O=Acme,CN=release'],
        ...changes,
      },
    ],
  });
  const others = { trustedIdentities: ['x509.subject:C=US,ST=WA,O=Acme,CN=other'] };
  folder = cleanUp.use(
    await folderWith({
      'policies/by-trust-policy.yaml': policy('by-trust-policy', ''),
      'policies/notary/trustpolicy.json': JSON.stringify(statement({})),
      'policies/notary/truststore/x509/ca/acme/root.crt': acme.root.der,
      'others/trustpolicy.oci.json': JSON.stringify(statement(others)),
      'others/audit.json': JSON.stringify(statement({ ...others, signatureVerification: { level: 'audit' } })),
      'others/skip.json': JSON.stringify(
        statement({
          registryScopes: [`${registry.host}/shop/unsigned`],
          signatureVerification: { level: 'skip' },
          trustStores: [],
          trustedIdentities: [],
        }),
      ),
      'others/truststore/x509/ca/acme/root.pem': pem(acme.root.der),
      'alone.yaml': policy('alone', ''),
      'certificates.yaml': policy('certificates', attestors(pem(acme.root.der), {})),
      'build.yaml': policy('build', attestors(pem(acme.leaf.der), { build: '7' })),
      'another-build.yaml': policy('another-build', attestors(pem(acme.root.der), { build: '8' })),
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

function policy(name: string, more: string): string {
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ${name}}
spec:
  validationFailureAction: Enforce
  rules:
    - name: ${name}
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["*"]
          type: Notary
${more}`;
}

function attestors(cert: string, annotations: object): string {
  const entries = [{ certificates: { cert }, annotations }];
  return `          attestors: ${JSON.stringify([{ entries }])}\n`;
}

async function verify(words: readonly string[], ...images: readonly string[]) {
  const refs = images.map((image) => `${registry.host}/shop/${image}:1`);
  const written = words.map((word) => (word.startsWith('--') ? word : folder.file(word)));
  const at = ['--at', '2026-06-01T00:00:00Z', '-o', 'json'];
  const { status, stdout, stderr } = await inThisProcess(['verify', ...written, '--image', ...refs, ...at]);
  const { results = [] } = JSON.parse(stdout) as Partial<Report>;
  const notes = results.flatMap(({ notes }) => (notes === undefined ? [] : [notes]));
  return { status, stdout, stderr, notes, results: results.map(({ result, policy }) => `${policy}: ${result}`) };
}

test.each<[string, string[], string]>([
  ['a trust policy alone', ['--trust-policy', 'policies/notary'], 'trust-policy'],
  ['a document of a trust policy', ['--trust-policy', 'policies/notary/trustpolicy.json'], 'trust-policy'],
  ['the trust policy beside a policy', ['--policy', 'policies/by-trust-policy.yaml'], 'by-trust-policy'],
  ['the trust policy in a folder of policies', ['--policy', 'policies'], 'by-trust-policy'],
  ['one that is named', ['--policy', 'alone.yaml', '--trust-policy', 'policies/notary'], 'alone'],
  ['certificates of a rule', ['--policy', 'certificates.yaml'], 'certificates'],
])('%s lets in what it trusts, and nothing else', async (_, words, name) => {
  const good = await verify(words, 'web');
  expect([good.status, good.results, good.stderr]).toEqual([0, [`${name}: pass`], '']);
  const { status, results } = await verify(words, 'foreign', 'unsigned');
  expect([status, results]).toEqual([1, [`${name}: fail`, `${name}: fail`]]);
});

test("a signer's own certificate pins the signer; annotations are the user's metadata", async () => {
  expect((await verify(['--policy', 'build.yaml'], 'web')).results).toEqual(['build: pass']);
  expect((await verify(['--policy', 'another-build.yaml'], 'web')).results).toEqual(['another-build: fail']);
});

test('apply takes a trust policy in place of the one beside the policies', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' } };
  const spec = { containers: [{ name: 'web', image: `${registry.host}/shop/web:1` }] };
  await writeFile(folder.file('pod.json'), JSON.stringify({ ...pod, spec }));
  const apply = async (...more: readonly string[]) => {
    const words = [folder.file('policies/by-trust-policy.yaml'), '-f', folder.file('pod.json'), ...more];
    return (await inThisProcess(['apply', ...words, '--at', '2026-06-01T00:00:00Z'])).status;
  };
  expect(await apply()).toBe(0);
  expect(await apply('--trust-policy', folder.file('others'))).toBe(1);
});

test('at level skip the trust policy is named that asks for nothing; of other images it says nothing', async () => {
  const skipped = await verify(['--trust-policy', 'others/skip.json'], 'unsigned');
  expect([skipped.status, skipped.results]).toEqual([0, ['trust-policy: pass']]);
  expect(skipped.stdout).toContain('verified: the trust policy \\"acme\\" asks for no signature (skip)');
  const other = await verify(['--trust-policy', 'others/skip.json'], 'foreign');
  expect([other.status, other.results]).toEqual([1, ['trust-policy: fail']]);
});

test('an identity that is not trusted is denied, or at level audit warned of', async () => {
  const strict = await verify(['--trust-policy', 'others'], 'web');
  expect([strict.status, strict.results]).toEqual([1, ['trust-policy: fail']]);
  expect(strict.stdout).toContain('identity-untrusted');
  const audit = await verify(['--trust-policy', 'others/audit.json'], 'web');
  expect([audit.status, audit.results]).toEqual([0, ['trust-policy: pass']]);
  expect(audit.notes).toEqual([
    [expect.stringMatching(/only warns of this: .* who is none of the trusted identities/)],
  ]);
});

test('without a trust policy, or with one that does not load: 2, and why', async () => {
  const alone = await verify(['--policy', 'alone.yaml'], 'web');
  expect(alone.status).toBe(2);
  expect(alone.stderr).toMatch(
    /alone\.yaml:\d+: .*is decided by a trust policy, and there is none: put trustpolicy\.json/,
  );
  const gone = await verify(['--trust-policy', 'gone'], 'web');
  expect(gone.status).toBe(2);
  expect(gone.stderr).toContain('cannot read');
  const empty = await verify(['--trust-policy', 'policies'], 'web');
  expect(empty.status).toBe(2);
  expect(empty.stderr).toContain('policies: holds no trust policy');
});
