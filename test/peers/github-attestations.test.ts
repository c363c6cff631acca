import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pod, review } from '../e2e/documents.ts';
import { inToto } from '../fixtures/attached.ts';
import { type Authority, makeAuthority } from '../fixtures/authority/authority.ts';
import { githubClaims, githubIssuer } from '../fixtures/authority/certificate.ts';
import { bundleOf, signContent } from '../fixtures/authority/signing.ts';
import { copyBundle, tamperBundle } from './attacks.ts';
import { root, verifyImages } from './countersign.ts';
import { pushImage } from './images.ts';
import { keyless, policyOf } from './policies.ts';
import { attachBundle } from './referrers.ts';
import { bothRegistries, type RunningRegistry } from './registries.ts';
import { startServe } from './serve.ts';
import { verifyWithGo } from './sigstore/sigstore-go.ts';

// GitHub's artifact attestations, as actions/attest-build-provenance signs them and pushes them to a registry: a bundle v0.3 of a statement
// v1, by the certificate of a workflow, in the public log; a referrer whose annotations say what is in it.

const provenance = 'https://slsa.dev/provenance/v1';
const buildType = 'https://actions.github.io/buildtypes/workflow/v1';

let dir: string;
let authority: Authority;
let trust: readonly string[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-github-'));
  authority = makeAuthority({ at: new Date(Date.now() - 120_000) });
  const file = join(dir, 'trusted_root.json');
  await writeFile(file, JSON.stringify(authority.trustedRoot()));
  trust = ['--trusted-root', file];
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Built {
  /** Whose workflow attests; by default that of the repository that was built. */
  readonly workflow?: string;
  readonly repository: string;
  readonly ref?: string;
  readonly runner?: string;
}

const subjectOf = (repository: string, ref: string) =>
  `https://github.com/${repository}/.github/workflows/release.yml@${ref}`;

/** What the action signs about an image. */
function attestation(name: string, digest: string, built: Built): Buffer {
  const { repository, workflow = repository, ref = 'refs/heads/main', runner = 'github-hosted' } = built;
  const sha = 'a'.repeat(40);
  const source = `https://github.com/${repository}`;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.replace('sha256:', '') } }],
    predicateType: provenance,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { workflow: { ref, repository: source, path: '.github/workflows/release.yml' } },
        internalParameters: {
          github: { event_name: 'push', repository_id: '1', repository_owner_id: '2', runner_environment: runner },
        },
        resolvedDependencies: [{ uri: `git+${source}@${ref}`, digest: { gitCommit: sha } }],
      },
      runDetails: {
        builder: { id: subjectOf(workflow, ref) },
        metadata: { invocationId: `${source}/actions/runs/1/attempts/1` },
      },
    },
  };
  const certificate = {
    names: [{ uri: subjectOf(workflow, ref) }],
    claims: githubClaims({ repository: workflow, ref, sha }),
  };
  const content = { message: Buffer.from(JSON.stringify(statement)), payloadType: inToto };
  return Buffer.from(JSON.stringify(bundleOf(signContent(authority, content, { certificate }))));
}

describe.each(bothRegistries)('on %s', (registryName, start) => {
  let registry: RunningRegistry;
  let tags = 0;
  /** The sample of this repository, for the images of this registry. */
  let sample: string;

  beforeAll(async () => {
    registry = await start(join(dir, registryName));
    const text = await readFile(join(root, 'policies', 'samples', 'github-attestations.yaml'), 'utf8');
    sample = text.replace('ghcr.io/acme/', `${registry.host}/acme/`);
  });
  afterAll(() => registry?.stop());

  async function image(repo = 'acme/app') {
    const { host } = registry;
    tags += 1;
    const digest = await pushImage(host, repo, `${tags}`);
    const tagged = `${host}/${repo}:${tags}`;
    return { host, repo, digest, tagged, pinned: `${tagged}@${digest}` };
  }

  /** As `push-to-registry: true` does. */
  async function attested(built: Built, repo?: string) {
    const made = await image(repo);
    const bundle = attestation(`${made.host}/${made.repo}`, made.digest, built);
    await attachBundle(made.host, made.repo, made.digest, bundle, {
      'org.opencontainers.image.created': new Date().toISOString(),
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': provenance,
    });
    return { ...made, bundle };
  }

  async function reasons(policy: string, ...images: readonly { readonly pinned: string }[]) {
    const { results } = await verifyImages(
      policy,
      images.map(({ pinned }) => pinned),
      trust,
    );
    return results.map(({ reason }) => reason);
  }

  test('by issuer and subject, with a condition on the repository that was built; sigstore-go takes the same bundle', async () => {
    const good = await attested({ repository: 'acme/app' });
    const elsewhere = await attested({ workflow: 'acme/app', repository: 'mallory/app' });
    const subject = subjectOf('acme/app', 'refs/heads/main');
    for (const { bundle, digest } of [good, elsewhere]) {
      const sha256 = digest.replace('sha256:', '');
      const asked = { trustedRoot: authority.trustedRoot(), bundle: JSON.parse(bundle.toString()), sha256, subject };
      expect(await verifyWithGo({ ...asked, issuer: githubIssuer })).toMatchObject({ code: 0 });
    }
    const key = '{{ buildDefinition.externalParameters.workflow.repository }}';
    const wanting = (who: object) => {
      const attestors = [{ entries: [keyless({ issuer: githubIssuer, ...who })] }];
      const conditions = [{ all: [{ key, operator: 'Equals', value: 'https://github.com/acme/app' }] }];
      return policyOf(`${registry.host}/*`, [], {
        attestations: [{ name: 'provenance', type: provenance, attestors, conditions }],
      });
    };
    const { results } = await verifyImages(wanting({ subject }), [good.pinned, elsewhere.pinned], trust);
    expect(results).toMatchObject([
      { reason: 'verified', signers: [{ kind: 'identity', identity: subject, issuer: githubIssuer }] },
      {
        reason: 'condition-failed',
        message: `attestations[0] "provenance": the statement: ${key} is https://github.com/mallory/app, wanted Equals https://github.com/acme/app`,
      },
    ]);
    expect(await reasons(wanting({ subject: subject.replace('main', 'dev') }), good)).toEqual([
      'attestation-untrusted',
    ]);
    expect(await reasons(wanting({ subject, issuer: 'https://gitlab.com' }), good)).toEqual(['attestation-untrusted']);
  });

  test('the sample: an image of the repository that it is called after, by its workflow on a branch or tag of ours', async () => {
    const images = [
      await attested({ repository: 'acme/app' }),
      await attested({ repository: 'acme/app', ref: 'refs/tags/v1.2.3' }),
      await attested({ repository: 'acme/tools' }, 'acme/tools'),
      await attested({ repository: 'acme/tools' }),
      await attested({ repository: 'acme/app', ref: 'refs/heads/dev' }),
      await attested({ repository: 'mallory/app' }),
      await attested({ workflow: 'acme/app', repository: 'acme/app', runner: 'self-hosted' }),
      await image(),
    ];
    expect(await reasons(sample, ...images)).toEqual([
      'verified',
      'verified',
      'verified',
      'condition-failed',
      'attestation-untrusted',
      'attestation-untrusted',
      'condition-failed',
      'attestation-missing',
    ]);
  });

  test('copied to another image, or changed to be about it: not trusted', async () => {
    const [good, copied, changed] = [await attested({ repository: 'acme/app' }), await image(), await image()];
    await copyBundle(good, copied.digest);
    await tamperBundle(good, changed.digest);
    expect(await reasons(sample, good, copied, changed)).toEqual([
      'verified',
      'attestation-untrusted',
      'attestation-untrusted',
    ]);
  });

  test('through the webhooks: pinned, or denied with what was found', async () => {
    const policies = join(dir, `${registryName}-policies`);
    await mkdir(policies);
    await writeFile(join(policies, 'github.yaml'), sample);
    const server = await startServe(await mkdtemp(join(dir, 'serve-')), policies, { args: trust });
    try {
      const [good, bad] = [await attested({ repository: 'acme/app' }), await attested({ repository: 'acme/tools' })];
      const ask = async ({ tagged }: { tagged: string }) =>
        JSON.parse((await server.post('/mutate?timeout=10s', review(pod([tagged])))).body).response;
      const denied = await ask(bad);
      expect(denied).toMatchObject({ allowed: false, status: { code: 403 } });
      expect(denied.status.message).toContain('wanted Equals https://github.com/acme/app\n');
      const { allowed, patch } = await ask(good);
      expect(allowed).toBe(true);
      expect(JSON.parse(Buffer.from(patch, 'base64').toString())).toContainEqual(
        expect.objectContaining({ path: '/spec/containers/0/image', value: good.pinned }),
      );
      const logged = await server.logged((record) => record.allowed);
      expect(logged.images).toMatchObject([
        { reason: 'verified', signers: [expect.stringContaining('acme/app/.github')] },
      ]);
    } finally {
      await server.stop();
    }
  });
});
