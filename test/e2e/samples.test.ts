import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attestNotary, signNotary } from '../../local/signer/notary.ts';
import { attest, makeImage, newKey, type SigningKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { slsaProvenance } from '../fixtures/attached.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubClaims, githubSubject } from '../fixtures/authority/certificate.ts';
import { type LeafChanges, type SigningOptions, signedBundle } from '../fixtures/authority/signing.ts';
import type { TrustedRootParts } from '../fixtures/authority/trusted-root.ts';
import { trustIn } from '../fixtures/carriers.ts';
import { makeNotaryChain, signedAt } from '../fixtures/notary.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { openWorld, type PodParts, pod, review, type World } from './harness.ts';
import { root } from './processes.ts';

// The samples about attestations, with this test's registry and keys in place of theirs: what they let in, and what not.

const authority = makeAuthority();
const pem = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
const day = 24 * 3_600_000;

interface Sampled {
  readonly world: World;
  readonly host: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the page of a sample says to change in it. */
interface Change {
  readonly trust?: TrustedRootParts;
  readonly text?: (sample: string, host: string) => string;
}

/** A world in which a sample holds; `keys` stand for the ones in it, in their order. */
async function open(name: string, keys: readonly SigningKey[] = [], change: Change = {}): Promise<Sampled> {
  const world = await openWorld({ core: { roots: () => trustIn(authority, change.trust) } });
  const { host } = world.registry;
  const left = [...keys];
  const text = (await readFile(join(root, 'policies', 'samples', name), 'utf8'))
    .replace(/(- ")(?:ghcr\.io|registry\.example\.com)\//g, `$1${host}/`)
    .replace(pem, (_, at: number, whole: string) => {
      const column = at - whole.lastIndexOf('\n', at) - 1;
      return (left.shift()?.publicKeyPem ?? '').trim().replaceAll('\n', `\n${' '.repeat(column)}`);
    });
  world.policies(change.text?.(text, host) ?? text);
  return { world, host, [Symbol.asyncDispose]: () => world.close() };
}

async function imageOf({ world, host }: Sampled, repository: string) {
  const digest = await makeImage(world.destination, repository, '1');
  return { repository, digest, name: `${host}/${repository}:1` };
}

/** `allowed`, or the reason and what is told after it. */
async function told({ world }: Sampled, { name }: { readonly name: string }, parts: PodParts = {}): Promise<string> {
  const { allowed, message } = await world.send('/mutate', review(pod([name], parts)));
  return allowed === true ? 'allowed' : (/\((?:[a-z-]+)\): .*/.exec(message)?.[0] ?? message);
}

/** A statement by a workflow's certificate, as a bundle. */
function attestKeyless(
  { world }: Sampled,
  { repository, digest }: { readonly repository: string; readonly digest: Digest },
  statement: { readonly predicateType?: string; readonly predicate?: unknown },
  certificate: LeafChanges = {},
  proofs: Pick<SigningOptions, 'logs' | 'stamps'> = {},
): void {
  const item = signedBundle(authority, imageIn(world, repository, digest), { ...statement, ...proofs, certificate });
  attachItems(world, repository, digest, [item]);
}

interface Built {
  readonly repository?: string;
  readonly ref?: string;
  readonly builder?: string;
  readonly runner?: string;
}

/** What actions/attest-build-provenance states. */
function provenance({ repository = 'acme/app', ref = 'refs/heads/main', builder, runner = 'github-hosted' }: Built) {
  const workflow = builder ?? `${repository}/.github/workflows/release.yml@${ref}`;
  return {
    predicateType: slsaProvenance,
    predicate: {
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: {
          workflow: { ref, repository: `https://github.com/${repository}`, path: '.github/x.yml' },
        },
        internalParameters: { github: { event_name: 'push', runner_environment: runner } },
        resolvedDependencies: [{ uri: `git+https://github.com/${repository}@${ref}` }],
      },
      runDetails: { builder: { id: `https://github.com/${workflow}` } },
    },
  };
}

describe('github-attestations.yaml', () => {
  test.each<[string, Built, LeafChanges, string]>([
    ['of the repository that the image is called after', {}, {}, 'allowed'],
    ['of another repository', { repository: 'acme/tools' }, {}, '(condition-failed): attestations[0] "provenance": '],
    ['on a runner of somebody', { runner: 'self-hosted' }, {}, '(condition-failed): attestations[0] "provenance": '],
    [
      'by another workflow',
      {},
      { names: [{ uri: githubSubject.replace('release', 'ci') }] },
      '(attestation-untrusted): attestations[0] "provenance": signed by https://github.com/acme/app/',
    ],
  ])('%s', async (_, made, certificate, expected) => {
    await using it = await open('github-attestations.yaml');
    const image = await imageOf(it, 'acme/app');
    expect(await told(it, image)).toContain('(attestation-missing): ');
    attestKeyless(it, image, provenance(made), certificate);
    expect(await told(it, image)).toContain(expected);
  });
});

test('github-attestations.yaml for private repositories: an instance without logs, which stamps', async () => {
  const text = (sample: string) => {
    const rekor = /( +)(rekor:\n +url: .*\n)/;
    return sample.replace(rekor, '$1$2$1  ignoreTlog: true\n$1ctlog:\n$1  ignoreSCT: true\n');
  };
  await using it = await open('github-attestations.yaml', [], { text, trust: { logs: [], certificateLogs: [] } });
  const [image, unstamped] = [await imageOf(it, 'acme/app'), await imageOf(it, 'acme/app/unstamped')];
  attestKeyless(it, image, provenance({}), { logs: [] }, { logs: [], stamps: [{}] });
  attestKeyless(it, unstamped, provenance({}), { logs: [] }, { logs: [] });
  expect(await told(it, image)).toBe('allowed');
  expect(await told(it, unstamped)).toContain('(attestation-untrusted): ');
});

describe('slsa-provenance.yaml', () => {
  const shared = 'acme/ci/.github/workflows/build.yml@refs/tags/v2';
  const names = [{ uri: `https://github.com/${shared}` }];
  const certificate = { names, claims: githubClaims({ repository: 'acme/orders' }) };

  test.each<[string, Built, string]>([
    ['of our code by our builder', { repository: 'acme/orders', builder: shared }, 'allowed'],
    ['of code from elsewhere', { repository: 'mallory/app', builder: shared }, '(condition-failed): '],
    ['of a branch', { repository: 'acme/orders', builder: shared, ref: 'refs/heads/dev' }, '(condition-failed): '],
    [
      'by another builder',
      { repository: 'acme/orders' },
      '(condition-failed): attestations[0] "provenance": the state',
    ],
  ])('%s', async (_, made, expected) => {
    await using it = await open('slsa-provenance.yaml');
    const image = await imageOf(it, 'acme/services/orders');
    attestKeyless(it, image, provenance(made), certificate);
    expect(await told(it, image)).toContain('(only-attestations): ');
    attestKeyless(it, image, {}, certificate);
    expect(await told(it, image)).toContain(expected);
  });
});

describe('notary-attestation.yaml', () => {
  const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
  const [ours, others] = [makeNotaryChain(), makeNotaryChain()];

  test('a signature and a scan by the CA, without anything critical', async () => {
    const certified = (sample: string) =>
      sample.replace(certificate, (_, at: number, whole: string) => {
        const column = at - whole.lastIndexOf('\n', at) - 1;
        return ours.root.pem.trim().replaceAll('\n', `\n${' '.repeat(column)}`);
      });
    await using it = await open('notary-attestation.yaml', [], { text: certified });
    const { destination } = it.world;
    const type = 'application/vnd.acme.trivy+json';
    const report = (...severities: readonly string[]) =>
      Buffer.from(JSON.stringify({ Results: [{ Vulnerabilities: severities.map((Severity) => ({ Severity })) }] }));
    for (const [name, { signer }, predicate, expected] of [
      ['good', ours, report('HIGH'), /^allowed$/],
      ['nothing-found', ours, report(), /^allowed$/],
      ['critical', ours, report('HIGH', 'CRITICAL'), /^\(condition-failed\)/],
      ['by-others', others, report('HIGH'), /^\(attestation-untrusted\)/],
    ] as const) {
      const { digest, repository, name: image } = await imageOf(it, `scanned/${name}`);
      const signing = { repository, digest, signedAt };
      await signNotary(destination, { ...signing, signer: ours.signer });
      expect(await told(it, { name: image })).toMatch(/^\(attestation-missing\)/);
      await attestNotary(destination, { ...signing, type, signer, predicate });
      expect(await told(it, { name: image })).toMatch(expected);
    }
  });
});

describe('vulnerability-scan.yaml', () => {
  const platform = newKey();
  const scanner = newKey();
  const vuln = 'https://cosign.sigstore.dev/attestation/vuln/v1';
  const one = (severity: string) => ({ Target: 'app', Vulnerabilities: [{ Severity: severity }] });

  test.each<[string, { age?: number; results?: unknown; version?: number; key?: SigningKey }, string]>([
    ['of today, with a finding that is not critical', {}, 'allowed'],
    ['with no findings', { results: [{ Target: 'app' }] }, 'allowed'],
    ['of an image in which nothing can be looked at', { results: undefined }, 'allowed'],
    ['of eight days ago', { age: 8 * day }, 'the statement: the scan is too old: {{ time_since('],
    ['with one that is critical', { results: [one('LOW'), one('CRITICAL')] }, 'wanted AllNotIn ["CRITICAL"]'],
    ['of another form', { version: 3 }, '{{ scanner.result.SchemaVersion }} is 3, wanted Equals 2'],
    ['by the platform itself', { key: platform }, '(attestation-untrusted): attestations[0] "scan": '],
  ])('a scan %s', async (_, made, expected) => {
    await using it = await open('vulnerability-scan.yaml', [platform, scanner]);
    const image = await imageOf(it, 'scanned/app');
    await sign(it.world.destination, { ...image, key: platform });
    expect(await told(it, image)).toContain('(attestation-missing): ');
    const { age = 0, key = scanner, version = 2, results = [one('HIGH')] } = made;
    const Results = 'results' in made ? made.results : results;
    const predicate = {
      scanner: { uri: 'pkg:github/aquasecurity/trivy@0.70', result: { SchemaVersion: version, Results } },
      metadata: { scanFinishedOn: new Date(it.world.now - age).toISOString() },
    };
    await attest(it.world.destination, { ...image, key, predicateType: vuln, predicate, format: 'att' });
    expect(await told(it, image)).toContain(expected);
  });
});

describe('sbom.yaml', () => {
  const ci = newKey();
  const spdx = 'https://spdx.dev/Document';

  test.each<[string, unknown, string]>([
    ['of packages', { spdxVersion: 'SPDX-2.3', packages: [{ name: 'app' }] }, 'allowed'],
    ['of nothing', { spdxVersion: 'SPDX-2.3', packages: [] }, '{{ length(packages) }} is 0, wanted GreaterThan 0'],
    ['as text', 'SPDXVersion: SPDX-2.3', '(condition-error): attestations[0] "sbom": the statement is no JSON object'],
    ['that is none', { packages: [{}] }, '(condition-error): attestations[0] "sbom": the statement: '],
  ])('an SBOM %s', async (_, predicate, expected) => {
    await using it = await open('sbom.yaml', [ci]);
    const image = await imageOf(it, 'built/app');
    await sign(it.world.destination, { ...image, key: ci });
    expect(await told(it, image)).toContain('(attestation-missing): ');
    await attest(it.world.destination, { ...image, key: ci, predicateType: spdx, predicate });
    expect(await told(it, image)).toContain(expected);
  });
});

test('tekton-tasks.yaml: steps by position, sidecars by name, both pinned', async () => {
  const team = newKey();
  await using it = await open('tekton-tasks.yaml', [team]);
  const image = await imageOf(it, 'build/app');
  const task = (apiVersion = 'tekton.dev/v1') => ({
    apiVersion,
    kind: 'Task',
    metadata: { name: 'build', namespace: 'ci' },
    spec: {
      steps: [{ image: image.name }, { name: 'log', image: image.name }],
      sidecars: [{ name: 'log', image: image.name }],
    },
  });
  expect((await it.world.send('/mutate', review(task()))).message).toContain('(no-signature)');
  expect(await it.world.send('/mutate', review(task('tekton.dev/v1beta1')))).toMatchObject({
    allowed: true,
    patch: [],
  });
  await sign(it.world.destination, { repository: image.repository, digest: image.digest, key: team });
  it.world.now += 2 * 3_600_000;
  const { allowed, patch } = await it.world.send('/mutate', review(task()));
  expect([allowed, patch.map(({ path }) => path).filter((path) => path.startsWith('/spec'))]).toEqual([
    true,
    ['/spec/steps/0/image', '/spec/steps/1/image', '/spec/sidecars/0/image'],
  ]);
});

describe('exception.yaml', () => {
  const text = (sample: string, host: string) => sample.replaceAll('registry.vendor.example', host);
  const named = { name: 'vendor-agent', namespace: 'monitoring' };

  test.each<[string, PodParts, string]>([
    ['the program that is named', named, 'allowed'],
    ['another one', { ...named, name: 'agent' }, '(no-signature): '],
    ['the same elsewhere', { ...named, namespace: 'shop' }, '(no-signature): '],
    [
      'beside an image of another registry',
      { ...named, initContainers: ['docker.io/mallory/app:1'] },
      '(no-signature): ',
    ],
  ])('%s', async (_, parts, expected) => {
    await using it = await open('exception.yaml', [newKey()], { text });
    const image = await imageOf(it, 'vendor/agent');
    expect(await told(it, image, parts)).toContain(expected);
    it.world.now = Date.parse('2027-07-02T00:00:00Z');
    expect(await told(it, image, parts)).toContain('(no-signature): ');
  });

  test("its DaemonSet, by the name of auto-gen's rule", async () => {
    await using it = await open('exception.yaml', [newKey()], { text });
    const { name } = await imageOf(it, 'vendor/agent');
    const daemonSet = (metadata: object) => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { template: { spec: { containers: [{ name: 'agent', image: name }] } } },
    });
    expect(await it.world.send('/mutate', review(daemonSet(named)))).toMatchObject({ allowed: true, patch: [] });
    expect(await it.world.send('/mutate', review(daemonSet({ ...named, name: 'other' })))).toMatchObject({ code: 403 });
  });
});
