import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pod, review } from '../e2e/documents.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { copyBundle, copyLegacy, tamperBundle, tamperLegacy } from './attacks.ts';
import { type CosignKey, keyPair, sign2, sign3 } from './cosign.ts';
import { reasonsFor, root, verifyImages } from './countersign.ts';
import { pushImage } from './images.ts';
import { type Attestor, certificates, keyless, keys, policyOf } from './policies.ts';
import { type RunningRegistry, startDistribution, startGgcr } from './registries.ts';
import { startServe } from './serve.ts';
import {
  type Cosign,
  certify,
  keylessAttest,
  keylessSign,
  type SignedBy,
  signLogged,
  signUnlogged,
  verifyLogged,
} from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from './sigstore/server.ts';
import { type SigstoreTiles, startTiles } from './sigstore/tiles.ts';
import { emailToken, githubToken, type TokenClaims } from './sigstore/token.ts';
import { runOk, tool } from './tools.ts';

// What Countersign says of images that real cosigns signed without a key or with a certificate, by an instance of Sigstore of these
// tests, and by a real Rekor v2 with a real time-stamp authority.

let dir: string;
let registry: RunningRegistry;
let withoutReferrers: RunningRegistry;
let sigstore: SigstoreServer;
/** Another instance, of which nobody here has anything. */
let another: SigstoreServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-keyless-'));
  registry = await startGgcr();
  withoutReferrers = await startDistribution(join(dir, 'distribution'));
  sigstore = await startSigstore(join(dir, 'sigstore'));
  another = await startSigstore(join(dir, 'another'));
});

afterAll(async () => {
  await another?.stop();
  await sigstore?.stop();
  await withoutReferrers?.stop();
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Pushed {
  readonly host: string;
  readonly repo: string;
  readonly digest: string;
  readonly tagged: string;
  readonly name: string;
}

async function image(repo: string, host = registry.host): Promise<Pushed> {
  const digest = await pushImage(host, repo, 'v1');
  return { host, repo, digest, tagged: `${host}/${repo}:v1`, name: `${host}/${repo}@${digest}` };
}

const workflow = { subject: githubSubject, issuer: githubIssuer };
const type = 'https://example.test/review/v1';
const predicate = { approved: true };

function asking(...attestors: readonly Attestor[]): string {
  return policyOf('*', [{ entries: attestors }]);
}

/** One reason an image, by the trust root of these tests' instance unless another one is given. */
function reasons(policy: string, images: readonly string[], trustedRoot = sigstore.files.trustedRoot) {
  return reasonsFor(policy, images, { trustedRoot });
}

const forms = {
  cosign2: { copy: copyLegacy, tamper: tamperLegacy },
  cosign3: { copy: copyBundle, tamper: tamperBundle },
} as const;

describe.each<Cosign>(['cosign2', 'cosign3'])('%s without a key', (cosign) => {
  const { copy, tamper } = forms[cosign];

  test.each([
    ['with referrers', () => registry.host],
    ['without referrers', () => withoutReferrers.host],
  ])('the command line, on a registry %s: who signed, and who says so', async (_, host) => {
    const [signed, unsigned] = [await image(`${cosign}/cli`, host()), await image(`${cosign}/cli`, host())];
    await keylessSign(cosign, sigstore, signed.name);
    const trust = ['--trusted-root', sigstore.files.trustedRoot];
    const { code, results } = await verifyImages(asking(keyless(workflow)), [signed.name, unsigned.name], trust);
    expect(code).toBe(1);
    expect(results.map(({ reason }) => reason)).toEqual(['verified', 'no-signature']);
    expect(results[0]?.signers).toEqual([
      { attestor: 'attestors[0].entries[0]', kind: 'identity', identity: githubSubject, issuer: githubIssuer },
    ]);
    const alone = await verifyImages(asking(keyless(workflow)), [signed.name], trust);
    expect(alone).toMatchObject({ code: 0, verdict: 'pass' });
  });

  test('another subject, another issuer, another instance, the public one, and none: not verified', async () => {
    const { name } = await image(`${cosign}/others`);
    await keylessSign(cosign, sigstore, name);
    const by = (changes: object) => reasons(asking(keyless({ ...workflow, ...changes })), [name]);
    expect(await by({ subject: githubSubject.replace('main', 'dev') })).toEqual(['subject-mismatch']);
    expect(await by({ subject: 'https://github.com/acme/app' })).toEqual(['subject-mismatch']);
    expect(await by({ issuer: 'https://gitlab.com' })).toEqual(['issuer-mismatch']);
    expect(await by({ rekor: { url: another.url } })).toEqual(['trust-missing']);
    expect(await by({ rekor: { url: sigstore.url } })).toEqual(['verified']);
    const policy = asking(keyless(workflow));
    expect(await reasons(policy, [name], another.files.trustedRoot)).toEqual(['log-entry-mismatch']);
    expect(await reasonsFor(policy, [name])).toEqual(['log-entry-mismatch']);
    const none = await verifyImages(policy, [name], ['--trusted-root', 'none']);
    expect([none.code, none.results[0]?.reason]).toEqual([2, 'trust-missing']);
  });

  test('regular expressions and extensions', async () => {
    const { name } = await image(`${cosign}/patterns`);
    await keylessSign(cosign, sigstore, name, githubToken({ ref: 'refs/tags/v1.2', event: 'release' }));
    const { issuer } = workflow;
    const subjectRegExp = '^https://github\\.com/acme/[^/]+/\\.github/workflows/release\\.ya?ml@refs/tags/v[0-9.]+$';
    const by = (changes: object) => reasons(asking(keyless({ issuer, subjectRegExp, ...changes })), [name]);
    expect(await by({})).toEqual(['verified']);
    expect(await by({ subjectRegExp: subjectRegExp.replace('tags', 'heads') })).toEqual(['subject-mismatch']);
    expect(await by({ additionalExtensions: { githubWorkflowTrigger: 'release' } })).toEqual(['verified']);
    expect(await by({ additionalExtensions: { githubWorkflowTrigger: 'push' } })).toEqual(['extension-mismatch']);
    expect(await by({ additionalExtensions: { '1.3.6.1.4.1.57264.1.12': 'https://github.com/acme/*' } })).toEqual([
      'verified',
    ]);
  });

  test.each<[string, TokenClaims, string]>([
    ['an e-mail address', emailToken('dev@acme.test'), 'dev@acme.test'],
    ['a SPIFFE ID', { iss: 'https://spire.test', sub: 'spiffe://acme.test/ci' }, 'spiffe://acme.test/ci'],
    [
      'a job of GitLab',
      { iss: 'https://gitlab.test', sub: 'https://gitlab.test/acme/app//.gitlab-ci.yml@refs/heads/main' },
      'https://gitlab.test/acme/app//.gitlab-ci.yml@refs/heads/main',
    ],
  ])('%s', async (_, claims, subject) => {
    const { name } = await image(`${cosign}/names`);
    await keylessSign(cosign, sigstore, name, claims);
    expect(await reasons(asking(keyless({ subject, issuer: claims.iss })), [name])).toEqual(['verified']);
    expect(await reasons(asking(keyless({ subject, issuer: 'https://elsewhere.test' })), [name])).toEqual([
      'issuer-mismatch',
    ]);
  });

  test('copied from another image, or with a payload that was changed: not verified', async () => {
    const [signed, thief, changed] = [
      await image(`${cosign}/copied`),
      await image(`${cosign}/copied`),
      await image(`${cosign}/copied`),
    ];
    await keylessSign(cosign, sigstore, signed.name);
    await copy(signed, thief.digest);
    await tamper(signed, changed.digest);
    expect(await reasons(asking(keyless(workflow)), [signed.name, thief.name, changed.name])).toEqual([
      'verified',
      'other-image',
      'signature-mismatch',
    ]);
  });

  test('an attestation by the right workflow is no signature, and takes none away', async () => {
    const [attested, both] = [await image(`${cosign}/attested`), await image(`${cosign}/attested`)];
    await keylessAttest(cosign, sigstore, attested.name, { type, predicate });
    await keylessSign(cosign, sigstore, both.name);
    await keylessAttest(cosign, sigstore, both.name, { type, predicate });
    expect(await reasons(asking(keyless(workflow)), [attested.name, both.name])).toEqual([
      'only-attestations',
      'verified',
    ]);
  });

  test('annotations count, and so does a time stamp that nobody asked for', async () => {
    const { name } = await image(`${cosign}/annotated`);
    await keylessSign(cosign, sigstore, name, githubToken(), { stamped: true, annotations: { env: 'prod' } });
    const by = (env: string) => reasons(asking({ ...keyless(workflow), annotations: { env } }), [name]);
    expect([await by('prod'), await by('dev')]).toEqual([['verified'], ['annotation-mismatch']]);
  });

  test('carried to another registry by disk, as docs/keyless.md says', async () => {
    await using closed = new AsyncDisposableStack();
    const inside = closed.adopt(await startGgcr(), (each) => each.stop());
    const { tagged, name } = await image(`${cosign}/carried`);
    await keylessSign(cosign, sigstore, name);
    const carried = tagged.replace(registry.host, inside.host);
    const folder = join(dir, `carried-${cosign}`);
    await runOk(await tool('cosign3'), ['save', '--dir', folder, tagged]);
    await runOk(await tool('cosign3'), ['load', '--dir', folder, carried]);
    expect(await reasons(asking(keyless(workflow)), [carried])).toEqual(['verified']);
  });

  test('a key and a workflow are two signers', async () => {
    const team = await keyPair(join(dir, cosign), 'ecdsa-p256', 'beside');
    const [one, both] = [await image(`${cosign}/both`), await image(`${cosign}/both`)];
    for (const { name } of [one, both]) await keylessSign(cosign, sigstore, name);
    await (cosign === 'cosign2' ? sign2 : sign3)(both.name, team);
    const policy = asking(keys(team.pem), keyless(workflow));
    expect(await reasons(policy, [one.name, both.name])).toEqual(['too-few-attestors', 'verified']);
  });

  test('a key in the log: the log is asked for unless the rule says that it is not', async () => {
    const key = await keyPair(join(dir, cosign), 'ecdsa-p256', 'logged');
    const [logged, unlogged] = [await image(`${cosign}/key`), await image(`${cosign}/key`)];
    await signLogged(cosign, sigstore, logged.name, { key });
    await (cosign === 'cosign2' ? sign2 : sign3)(unlogged.name, key);
    const images = [logged.name, unlogged.name];
    const by = (rekor: object) => asking({ keys: { publicKeys: key.pem, rekor } });
    expect(await reasons(by({}), images)).toEqual(['verified', 'log-entry-missing']);
    expect(await reasons(by({ ignoreTlog: true }), images)).toEqual(['verified', 'verified']);
    const pubkey = await readFile(sigstore.files.rekorKey, 'utf8');
    expect(await reasonsFor(by({ pubkey, url: sigstore.url }), images)).toEqual(['verified', 'log-entry-missing']);
    expect(await reasons(by({}), [logged.name], another.files.trustedRoot)).toEqual(['log-entry-mismatch']);
  });
});

describe('without the log', () => {
  const images: Record<'stamped' | 'plain', string> = { stamped: '', plain: '' };
  const unasked = { ...workflow, rekor: { url: 'https://rekor.sigstore.dev', ignoreTlog: true } };
  const inAnHour = () => ['--at', new Date(Date.now() + 3_600_000).toISOString()];

  beforeAll(async () => {
    images.stamped = (await image('unlogged/stamped')).name;
    images.plain = (await image('unlogged/plain')).name;
    await keylessSign('cosign2', sigstore, images.stamped, githubToken(), { stamped: true, logged: false });
    await keylessSign('cosign2', sigstore, images.plain, githubToken(), { logged: false });
  });

  test('where the rule asks for it, neither counts', async () => {
    expect(await reasons(asking(keyless(workflow)), [images.stamped, images.plain])).toEqual([
      'log-entry-missing',
      'log-entry-missing',
    ]);
  });

  test('ignoreTlog: a time stamp holds for good, without one the certificate has to be valid now', async () => {
    const trust = ['--trusted-root', sigstore.files.trustedRoot];
    const asked = async (more: readonly string[]) =>
      (await verifyImages(asking(keyless(unasked)), [images.stamped, images.plain], [...trust, ...more])).results.map(
        ({ reason }) => reason,
      );
    expect(await asked([])).toEqual(['verified', 'verified']);
    expect(await asked(inAnHour())).toEqual(['verified', 'certificate-expired']);
  });

  test('a time stamp of another authority than the rule’s', async () => {
    const tsaCertChain = await readFile(another.files.timestampChain, 'utf8');
    const own = await readFile(sigstore.files.timestampChain, 'utf8');
    const by = (chain: string) =>
      reasons(asking(keyless({ ...unasked, ctlog: { tsaCertChain: chain } })), [images.stamped]);
    expect([await by(own), await by(tsaCertChain)]).toEqual([['verified'], ['timestamp-mismatch']]);
  });
});

describe.each<Cosign>(['cosign2', 'cosign3'])('%s with a certificate of a CA', (cosign) => {
  let key: CosignKey;
  let by: Extract<SignedBy, { readonly key: CosignKey }> & {
    readonly certificate: Awaited<ReturnType<typeof certify>>;
  };
  let certChain: string;
  let cert: string;
  let otherChain: string;
  let logged: string;
  let unlogged: string;

  beforeAll(async () => {
    key = await keyPair(join(dir, `${cosign}-ca`), 'ecdsa-p256');
    const names = [{ email: 'dev@acme.test' }];
    const issued = { names, claims: { 1: 'https://ca.test' }, logs: [sigstore.authority.certificateLog] };
    by = { key, certificate: await certify(sigstore, join(dir, `${cosign}-ca`), key, issued) };
    certChain = await readFile(by.certificate.chain, 'utf8');
    cert = await readFile(by.certificate.certificate, 'utf8');
    otherChain = await readFile(another.files.fulcioChain, 'utf8');
    logged = (await image(`${cosign}/certificate`)).name;
    unlogged = (await image(`${cosign}/certificate-unlogged`)).name;
    await signLogged(cosign, sigstore, logged, by);
    await signUnlogged(cosign, unlogged, by);
  });

  test('the CA, the certificate, both; in the log and, where the rule does not ask for it, out of it', async () => {
    for (const parts of [{ certChain }, { cert }, { cert, certChain }]) {
      expect(await reasons(asking(certificates(parts)), [logged, unlogged])).toEqual(['verified', 'log-entry-missing']);
      const rekor = { ignoreTlog: true };
      expect(await reasonsFor(asking(certificates({ ...parts, rekor })), [logged, unlogged])).toEqual([
        'verified',
        'verified',
      ]);
    }
  });

  test('another CA, and another certificate', async () => {
    const rekor = { ignoreTlog: true };
    const images = [logged, unlogged];
    const another = await keyPair(join(dir, `${cosign}-other`), 'ecdsa-p256');
    const foreign = await certify(sigstore, join(dir, `${cosign}-other`), another, {});
    expect(await reasonsFor(asking(certificates({ certChain: otherChain, rekor })), images)).toEqual([
      'certificate-untrusted',
      'certificate-untrusted',
    ]);
    const otherCert = await readFile(foreign.certificate, 'utf8');
    expect(await reasonsFor(asking(certificates({ cert: otherCert, rekor })), images)).toEqual([
      'signature-mismatch',
      'signature-mismatch',
    ]);
  });

  test('a certificate that does not say what it is for: cosign takes it, this project does not', async () => {
    const other = await keyPair(join(dir, `${cosign}-plain`), 'ecdsa-p256');
    const issued = { names: [{ email: 'dev@acme.test' }], claims: { 1: 'https://ca.test' }, purposes: [] };
    const logs = [sigstore.authority.certificateLog];
    const plain = await certify(sigstore, join(dir, `${cosign}-plain`), other, { ...issued, logs });
    const { name } = await image(`${cosign}/plain`);
    await signLogged(cosign, sigstore, name, { key: other, certificate: plain });
    const identity = { subject: 'dev@acme.test', issuer: 'https://ca.test' };
    const args = cosign === 'cosign3' ? ['--allow-certificate-chain'] : [];
    expect(await verifyLogged(cosign, sigstore, name, identity, { args })).toMatchObject({ code: 0 });
    expect(await reasons(asking(certificates({ certChain })), [name])).toEqual(['certificate-usage']);
  });

  test('whom it names, by the CA that the rule gives', async () => {
    const who = { subject: 'dev@acme.test', issuer: 'https://ca.test' };
    const own = (changes: object = {}) => asking({ keyless: { ...who, roots: certChain, ...changes } });
    expect(await reasons(own(), [logged])).toEqual(['verified']);
    expect(await reasons(own({ subject: '*@acme.example' }), [logged])).toEqual(['subject-mismatch']);
    expect(await reasons(own({ roots: otherChain }), [logged])).toEqual(['certificate-untrusted']);
  });
});

describe('a real Rekor v2 and a real time-stamp authority, cosign 3', () => {
  let tiles: SigstoreTiles;
  let signed: string;
  let attested: string;

  beforeAll(async () => {
    tiles = await startTiles(join(dir, 'tiles'));
    signed = (await image('tiles/signed')).name;
    attested = (await image('tiles/attested')).name;
    await keylessSign('cosign3', tiles, signed, githubToken(), { stamped: true });
    await keylessAttest('cosign3', tiles, attested, { type, predicate, stamped: true });
  });
  afterAll(async () => {
    await tiles?.stop();
  });

  test('verified, and long after', async () => {
    const trust = ['--trusted-root', tiles.files.trustedRoot];
    for (const at of [[], ['--at', new Date(Date.now() + 30 * 24 * 3_600_000).toISOString()]]) {
      const { code, results } = await verifyImages(asking(keyless(workflow)), [signed], [...trust, ...at]);
      expect([code, results[0]?.reason]).toEqual([0, 'verified']);
      expect(results[0]?.signers).toMatchObject([{ identity: githubSubject, issuer: githubIssuer }]);
    }
  });

  test('somebody else, an attestation alone, a root without this log, a root without this authority: not verified', async () => {
    const own = tiles.files.trustedRoot;
    const policy = asking(keyless(workflow));
    expect(await reasons(asking(keyless({ ...workflow, issuer: 'https://gitlab.com' })), [signed], own)).toEqual([
      'issuer-mismatch',
    ]);
    expect(await reasons(policy, [attested], own)).toEqual(['only-attestations']);
    // The fixtures' CA and certificate log, and another log.
    const logless = await writeRoot('logless.json', {
      ...tiles.trustedRoot,
      tlogs: sigstore.authority.trustedRoot().tlogs,
    });
    expect(await reasons(policy, [signed], logless)).toEqual(['log-entry-mismatch']);
    const timeless = await writeRoot('timeless.json', { ...tiles.trustedRoot, timestampAuthorities: [] });
    // This log tells no time: nothing does, once the certificate has ended.
    const later = ['--trusted-root', timeless, '--at', new Date(Date.now() + 3_600_000).toISOString()];
    expect((await verifyImages(policy, [signed], later)).results[0]?.reason).toBe('certificate-expired');
  });

  async function writeRoot(name: string, value: object): Promise<string> {
    const file = join(dir, name);
    await writeFile(file, JSON.stringify(value));
    return file;
  }
});

describe('serve', () => {
  let served = 0;

  /** A server with a rule for all images; `ask` sends the review of a Pod with one. */
  async function serving(attestor: Attestor, trustedRoot: string) {
    served += 1;
    const folder = join(dir, `served-${served}`);
    const policies = join(folder, 'policies');
    await mkdir(policies, { recursive: true });
    await writeFile(join(policies, 'own.yaml'), policyOf(`${registry.host}/*`, [{ entries: [attestor] }]));
    const server = await startServe(folder, policies, { args: ['--trusted-root', trustedRoot] });
    return {
      server,
      async ask(text: string) {
        const { body } = await server.post('/mutate?timeout=10s', review(pod([text])));
        const { patch = '', ...response } = JSON.parse(body).response;
        return { ...response, patch: Buffer.from(patch, 'base64').toString() };
      },
      [Symbol.asyncDispose]: async () => void (await server.stop()),
    };
  }

  const admitted = ({ digest }: Pushed) => ({ allowed: true, patch: expect.stringContaining(`:v1@${digest}`) });

  test('the workflow is let in and pinned, a person is not', async () => {
    await using serve = await serving(keyless(workflow), sigstore.files.trustedRoot);
    for (const cosign of ['cosign2', 'cosign3'] as const) {
      const [signed, foreign] = [await image(`${cosign}/served`), await image(`${cosign}/served-foreign`)];
      await keylessSign(cosign, sigstore, signed.name);
      await keylessSign(cosign, sigstore, foreign.name, emailToken('mallory@acme.test'));
      expect(await serve.ask(signed.tagged)).toMatchObject(admitted(signed));
      const { images } = await serve.server.logged(({ allowed }) => allowed);
      expect(images[0]).toMatchObject({ reason: 'verified', signers: [`${githubSubject} (issuer ${githubIssuer})`] });
      const no = await serve.ask(foreign.tagged);
      expect(no).toMatchObject({ allowed: false, status: { code: 403 } });
      expect(no.status.message).toContain(
        '  denied (issuer-mismatch): signed by mallory@acme.test (issuer https://accounts.example.test); ' +
          `the policy wants subject ${githubSubject}, issuer ${githubIssuer}\n`,
      );
    }
  });

  test('a certificate of the rule’s CA, in the log, is let in; out of the log it is not', async () => {
    const certChain = await readFile(sigstore.files.fulcioChain, 'utf8');
    await using serve = await serving(certificates({ certChain }), sigstore.files.trustedRoot);
    const key = await keyPair(join(dir, 'served-ca'), 'ecdsa-p256');
    const names = [{ email: 'dev@acme.test' }];
    const logs = [sigstore.authority.certificateLog];
    const certificate = await certify(sigstore, join(dir, 'served-ca'), key, { names, logs });
    for (const cosign of ['cosign2', 'cosign3'] as const) {
      const [signed, unlogged] = [await image(`${cosign}/served-ca`), await image(`${cosign}/served-ca`)];
      await signLogged(cosign, sigstore, signed.name, { key, certificate });
      await signUnlogged(cosign, unlogged.name, { key, certificate });
      // The tag names the second by now.
      expect(await serve.ask(signed.name)).toMatchObject({ allowed: true });
      expect((await serve.ask(unlogged.name)).status.message).toContain('denied (log-entry-missing)');
    }
  });

  test('a real Rekor v2 and a real time-stamp authority', async () => {
    await using closed = new AsyncDisposableStack();
    const tiles = closed.adopt(await startTiles(join(dir, 'served-tiles')), (each) => each.stop());
    await using serve = await serving(keyless(workflow), tiles.files.trustedRoot);
    const [signed, attested] = [await image('tiles/served'), await image('tiles/served-attested')];
    await keylessSign('cosign3', tiles, signed.name, githubToken(), { stamped: true });
    await keylessAttest('cosign3', tiles, attested.name, { type, predicate, stamped: true });
    expect(await serve.ask(signed.tagged)).toMatchObject(admitted(signed));
    expect((await serve.ask(attested.tagged)).status.message).toContain('denied (only-attestations)');
  });
});

describe('the samples, with the names of these tests in place of theirs', () => {
  const sample = async (name: string) => readFile(join(root, 'policies', 'samples', name), 'utf8');

  test.each<[string, TokenClaims, TokenClaims, string]>([
    [
      'github-actions.yaml',
      githubToken({ ref: 'refs/tags/v1.0' }),
      githubToken({ repository: 'mallory/app' }),
      'subject-mismatch',
    ],
    ['github-actions.yaml', githubToken(), githubToken({ event: 'pull_request_target' }), 'extension-mismatch'],
    [
      'gitlab-ci.yaml',
      { iss: 'https://gitlab.com', sub: 'https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main' },
      { iss: 'https://gitlab.com', sub: 'https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/dev' },
      'subject-mismatch',
    ],
    [
      'private-sigstore.yaml',
      { iss: 'https://gitlab.internal.example', sub: 'https://gitlab.internal.example/acme/a//.ci.yml@refs/heads/x' },
      { iss: 'https://gitlab.com', sub: 'https://gitlab.internal.example/acme/a//.ci.yml@refs/heads/x' },
      'issuer-mismatch',
    ],
  ])('%s', async (name, claims, others, reason) => {
    const hosts = /"(?:ghcr\.io|registry\.gitlab\.com|registry\.internal\.example)\//;
    const policy = (await sample(name))
      .replace(hosts, `"${registry.host}/`)
      .replace('https://rekor.internal.example', sigstore.url);
    const [signed, foreign] = [await image('acme/app'), await image('acme/app')];
    await keylessSign('cosign3', sigstore, signed.name, claims);
    await keylessSign('cosign3', sigstore, foreign.name, others);
    expect(await reasons(policy, [signed.name, foreign.name])).toEqual(['verified', reason]);
  });

  test('own-ca.yaml', async () => {
    const pem = /-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----/s;
    const chain = (await readFile(sigstore.files.fulcioChain, 'utf8'))
      .trim()
      .split('\n')
      .join(`\n${' '.repeat(22)}`);
    const policy = (await sample('own-ca.yaml'))
      .replace('registry.example.com/', `${registry.host}/`)
      .replace(pem, chain);
    const [signed, keyed] = [await image('certified/app'), await image('certified/app')];
    const key = await keyPair(join(dir, 'sample-ca'), 'ecdsa-p256');
    const certificate = await certify(sigstore, join(dir, 'sample-ca'), key, { names: [{ email: 'build@acme.test' }] });
    await signUnlogged('cosign3', signed.name, { key, certificate });
    await sign3(keyed.name, key);
    expect(await reasonsFor(policy, [signed.name, keyed.name])).toEqual(['verified', 'certificate-missing']);
  });
});
