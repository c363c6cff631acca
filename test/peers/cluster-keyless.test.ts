import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pod, policy } from '../e2e/documents.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { keyPair } from './cosign.ts';
import { certificates, keyless } from './policies.ts';
import { oneCluster, type Scene } from './scene.ts';
import { type Cosign, certify, keylessAttest, keylessSign, signLogged, signUnlogged } from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore, writeJson } from './sigstore/server.ts';
import { startTiles } from './sigstore/tiles.ts';
import { emailToken, githubToken } from './sigstore/token.ts';

// A real API server asks about images that real cosigns signed without a key, or with a certificate: what is let in is stored pinned,
// and kubectl prints who signed what is not.

const cluster = oneCluster();
const workflow = { subject: githubSubject, issuer: githubIssuer };
const cleanUp = new AsyncDisposableStack();
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-keyless-cluster-'));
  cleanUp.defer(() => rm(dir, { recursive: true, force: true }));
});
afterAll(() => cleanUp.disposeAsync());

async function unsignedImage(scene: Scene, name: string) {
  const { tagged, pinned } = await scene.image(name, { signed: false });
  // As cosign is told: by digest.
  return { tagged, pinned, name: pinned.replace(':1@', '@') };
}

function create(scene: Scene, name: string, image: string) {
  return scene.create(pod([image], { name, namespace: scene.namespace }));
}

async function expectPinned(scene: Scene, name: string, { tagged, pinned }: { tagged: string; pinned: string }) {
  expect(await create(scene, name, tagged)).toMatchObject({ code: 0, stderr: '' });
  expect((await scene.stored(`pod/${name}`)).spec.containers[0].image).toBe(pinned);
}

async function denialOf(scene: Scene, name: string, image: string): Promise<string> {
  const { code, stderr } = await create(scene, name, image);
  expect(code).toBe(1);
  await expect(scene.stored(`pod/${name}`)).rejects.toThrow('NotFound');
  return stderr;
}

describe('without a key', () => {
  let sigstore: SigstoreServer;
  let scene: Scene;

  beforeAll(async () => {
    sigstore = cleanUp.adopt(await startSigstore(join(dir, 'sigstore')), (each) => each.stop());
    scene = await cluster.open({
      shape: 'http-api',
      trustedRoot: sigstore.files.trustedRoot,
      policies: (host) => [policy({ images: `${host}/*`, attestors: [{ entries: [keyless(workflow)] }] })],
    });
  });

  test.each<Cosign>(['cosign2', 'cosign3'])('%s: the workflow', async (cosign) => {
    const image = await unsignedImage(scene, `${cosign}/signed`);
    await keylessSign(cosign, sigstore, image.name);
    await expectPinned(scene, `signed-by-${cosign}`, image);
    const { images } = scene.records.findLast(({ step }) => step === 'validate') ?? { images: [] };
    expect(images).toMatchObject([{ signers: [`${githubSubject} (issuer ${githubIssuer})`], source: 'ledger' }]);
  });

  test.each<Cosign>(['cosign2', 'cosign3'])('%s: another branch, another issuer', async (cosign) => {
    const [branch, person] = [
      await unsignedImage(scene, `${cosign}/branch`),
      await unsignedImage(scene, `${cosign}/person`),
    ];
    await keylessSign(cosign, sigstore, branch.name, githubToken({ ref: 'refs/heads/dev' }));
    const wanted = `the policy wants subject ${githubSubject}, issuer ${githubIssuer}`;
    const why = `signed by ${githubSubject.replace('main', 'dev')} (issuer ${githubIssuer}); ${wanted}`;
    expect(await denialOf(scene, `branch-${cosign}`, branch.tagged)).toBe(
      'Error from server (Forbidden): error when creating "STDIN": ' +
        'admission webhook "mutate-fail.countersign.internal" denied the request: ' +
        `Pod ${scene.namespace}/branch-${cosign}: 1 image denied\n` +
        `policy signed, rule check: failed to verify image ${branch.pinned}\n` +
        `  denied (subject-mismatch): ${why}\n` +
        `  - no attestors[0].entries[0]: ${why}\n` +
        '  next: compare subject in the policy with who signed, in the message\n',
    );
    await keylessSign(cosign, sigstore, person.name, emailToken('dev@acme.test'));
    expect(await denialOf(scene, `person-${cosign}`, person.tagged)).toContain(
      `denied (issuer-mismatch): signed by dev@acme.test (issuer https://accounts.example.test); ${wanted}`,
    );
  });

  test.each<Cosign>(['cosign2', 'cosign3'])('%s: an attestation alone is no signature', async (cosign) => {
    const image = await unsignedImage(scene, `${cosign}/attested`);
    await keylessAttest(cosign, sigstore, image.name, { type: 'https://example.test/review/v1', predicate: {} });
    expect(await denialOf(scene, `attested-${cosign}`, image.tagged)).toContain('denied (only-attestations)');
  });

  test('another instance', async () => {
    await using other = new AsyncDisposableStack();
    const instance = other.adopt(await startSigstore(join(dir, 'another')), (each) => each.stop());
    const image = await unsignedImage(scene, 'another/signed');
    await keylessSign('cosign3', instance, image.name);
    expect(await denialOf(scene, 'another-instance', image.tagged)).toContain('denied (log-entry-mismatch)');
  });
});

describe('a real Rekor v2 and a real time-stamp authority', () => {
  test('the workflow, and another', async () => {
    const tiles = cleanUp.adopt(await startTiles(join(dir, 'tiles')), (each) => each.stop());
    const scene = await cluster.open({
      shape: 'rest-api',
      trustedRoot: tiles.files.trustedRoot,
      policies: (host) => [policy({ images: `${host}/*`, attestors: [{ entries: [keyless(workflow)] }] })],
    });
    const [signed, foreign] = [await unsignedImage(scene, 'signed'), await unsignedImage(scene, 'foreign')];
    await keylessSign('cosign3', tiles, signed.name, githubToken(), { stamped: true });
    await keylessSign('cosign3', tiles, foreign.name, githubToken({ repository: 'mallory/app' }), { stamped: true });
    await expectPinned(scene, 'signed', signed);
    expect(await denialOf(scene, 'foreign', foreign.tagged)).toContain(
      'denied (subject-mismatch): signed by https://github.com/mallory/app/.github/workflows/release.yml@refs/heads/main',
    );
  });
});

describe('with a certificate of a CA', () => {
  let sigstore: SigstoreServer;
  let scene: Scene;
  let without: Scene;

  beforeAll(async () => {
    sigstore = cleanUp.adopt(await startSigstore(join(dir, 'ca')), (each) => each.stop());
    const certChain = await readFile(sigstore.files.fulcioChain, 'utf8');
    const open = (rekor: object) =>
      cluster.open({
        shape: 'http-api',
        trustedRoot: sigstore.files.trustedRoot,
        policies: (host) => [
          policy({ images: `${host}/*`, attestors: [{ entries: [certificates({ certChain, rekor })] }] }),
        ],
      });
    scene = await open({ url: sigstore.url });
    without = await open({ ignoreTlog: true });
  });

  test.each<Cosign>(['cosign2', 'cosign3'])('%s: of the rule’s, and of another', async (cosign) => {
    const [signed, foreign] = [
      await unsignedImage(scene, `${cosign}/certified`),
      await unsignedImage(scene, `${cosign}/foreign`),
    ];
    const key = await keyPair(join(dir, `keys-${cosign}`), 'ecdsa-p256');
    const logs = [sigstore.authority.certificateLog];
    const issued = { names: [{ email: 'dev@acme.test' }], claims: { 1: 'https://ca.test' }, logs };
    const certificate = await certify(sigstore, join(dir, `keys-${cosign}`), key, issued);
    await signLogged(cosign, sigstore, signed.name, { key, certificate });
    await expectPinned(scene, `certified-${cosign}`, signed);
    await using other = new AsyncDisposableStack();
    const instance = other.adopt(await startSigstore(join(dir, `other-ca-${cosign}`)), (each) => each.stop());
    const stranger = await keyPair(join(dir, `other-keys-${cosign}`), 'ecdsa-p256');
    const foreignLogs = [instance.authority.certificateLog];
    const by = await certify(instance, join(dir, `other-keys-${cosign}`), stranger, { ...issued, logs: foreignLogs });
    // In the log that the rule believes, by a certificate of another CA.
    const { tlogs } = sigstore.authority.trustedRoot();
    const mixed = { ...instance.authority.trustedRoot(), tlogs };
    const files = { ...sigstore.files, trustedRoot: await writeJson(join(dir, `mixed-${cosign}.json`), mixed) };
    await signLogged(cosign, { ...sigstore, files }, foreign.name, { key: stranger, certificate: by });
    expect(await denialOf(scene, `foreign-${cosign}`, foreign.tagged)).toContain('denied (certificate-untrusted)');
  });

  test.each<Cosign>(['cosign2', 'cosign3'])(
    '%s: in no log, under a rule that asks for one, and one that does not',
    async (cosign) => {
      const key = await keyPair(join(dir, `unlogged-${cosign}`), 'ecdsa-p256');
      const issued = { names: [{ email: 'dev@acme.test' }] };
      const by = { key, certificate: await certify(sigstore, join(dir, `unlogged-${cosign}`), key, issued) };
      const asked = await unsignedImage(scene, `${cosign}/unlogged`);
      await signUnlogged(cosign, asked.name, by);
      expect(await denialOf(scene, `unlogged-${cosign}`, asked.tagged)).toContain('denied (log-entry-missing)');
      const unasked = await unsignedImage(without, `${cosign}/unlogged`);
      await signUnlogged(cosign, unasked.name, by);
      await expectPinned(without, `unlogged-${cosign}`, unasked);
    },
  );
});
