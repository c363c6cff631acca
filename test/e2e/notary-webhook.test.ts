import { on } from '../../local/registry/faults.ts';
import { makeImage, type NotaryRequest, notary, signNotary } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { monotonic } from '../../shared/net/deadline.ts';
import type { Revocations } from '../../shared/revocation/revocation.ts';
import type { SigningStatus } from '../../shared/verdict/signing-status.ts';
import { makeNotaryChain, type NotaryChain } from '../fixtures/notary.ts';
import { openWorld, type PolicyParts, pod, policy, type Response, review, type World } from './harness.ts';

// Policies of type Notary through the webhook: what is admitted, pinned and warned of, what the ledger remembers, and whom it asks again.

const minute = 60_000;
const signedAt = new Date('2025-12-01T00:00:00Z');
const acme = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'release' } });
const stranger = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'release' } });
const reviewer = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'reviewer' } });
const pemOf = ({ root }: NotaryChain) => root.pem;

interface Statement {
  readonly level?: string;
  readonly override?: Readonly<Record<string, string>>;
  readonly scopes?: readonly string[];
  readonly identities?: readonly string[];
  readonly store?: 'ca' | 'signingAuthority';
}

/** A trust policy of one statement, with the root of `acme` in the store that it names. */
function folder({ level = 'strict', override, store = 'ca', ...parts }: Statement = {}) {
  const { scopes = ['*'], identities = ['*'] } = parts;
  const trusted = level === 'skip' ? {} : { trustStores: [`${store}:acme`], trustedIdentities: identities };
  const verification = { level, ...(override === undefined ? {} : { override }) };
  const statement = { name: 'acme', registryScopes: scopes, signatureVerification: verification, ...trusted };
  return {
    'trustpolicy.json': JSON.stringify({ version: '1.0', trustPolicies: [statement] }),
    [`truststore/x509/${store}/acme/root.pem`]: pemOf(acme),
  };
}

function rule(parts: Partial<PolicyParts> = {}): string {
  return policy({ images: '*', ...parts, entry: ['type: Notary', ...(parts.entry ?? [])] });
}

const byCertificate = (chain: NotaryChain = acme) => [{ entries: [{ certificates: { cert: pemOf(chain) } }] }];

/** Names of images with a digest of their own each, as pods name them. */
async function pushed(world: World, repository: string, request?: Partial<NotaryRequest>) {
  const digest = await makeImage(world.destination, repository, '1', { label: repository });
  const image = { name: `${world.registry.host}/${repository}:1`, digest };
  if (request !== undefined) await signed(world, repository, digest, request);
  return image;
}

function signed(world: World, repository: string, digest: Digest, request: Partial<NotaryRequest> = {}) {
  return signNotary(world.destination, { repository, digest, signer: acme.signer, signedAt, ...request });
}

/** What was answered, and how many requests the registry got. */
async function ask(world: World, ...images: readonly { readonly name: string }[]) {
  world.registry.requests.length = 0;
  const answer = await world.send('/mutate', review(pod(images.map(({ name }) => name))));
  return { ...answer, told: told(answer), requests: world.registry.count() };
}

/** `allowed`, `warned`, or the code and the reason. */
function told({ allowed, warnings, code, message }: Response): string {
  if (allowed === true) return warnings.length === 0 ? 'allowed' : 'warned';
  return `${code} ${/\(([a-z-]+)\): /.exec(message)?.[1] ?? message}`;
}

describe('certificates of a rule', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    world.policies(rule({ attestors: byCertificate() }));
  });
  afterAll(() => world.close());

  test.each(['jws', 'cose'] as const)('signed as %s: admitted, pinned, and known then', async (format) => {
    const image = await pushed(world, `good/${format}`, { format });
    const answer = await ask(world, image);
    expect(answer.told).toBe('allowed');
    expect(answer.patch[0]?.value).toBe(`${image.name}@${image.digest}`);
    const again = await ask(world, image);
    expect([again.told, again.requests, again.patch[0]?.value]).toEqual(['allowed', 0, answer.patch[0]?.value]);
    expect(world.records.at(-1)?.images[0]).toMatchObject({ reason: 'verified', source: 'ledger' });
  });

  test('an image with a manifest that no review holds: signed by its size and type, and by another size', async () => {
    const large = async (repository: string, claim: object = {}) => {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const config = {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        size: 2,
        digest: `sha256:${'0'.repeat(64)}`,
      };
      const manifest = {
        schemaVersion: 2,
        mediaType,
        config,
        layers: [],
        annotations: { fill: 'x'.repeat(20 * 1024) },
      };
      const digest = world.registry.store.putManifest(repository, manifest, { tag: '1' });
      await signed(world, repository, digest, { claim });
      return { name: `${world.registry.host}/${repository}:1`, digest };
    };
    expect((await ask(world, await large('large/good'))).told).toBe('allowed');
    expect((await ask(world, await large('large/other', { size: 20 * 1024 }))).told).toBe('403 other-image');
  });

  test('unsigned, or by the same name of another CA: denied', async () => {
    expect((await ask(world, await pushed(world, 'bad/unsigned'))).told).toBe('403 no-signature');
    const foreign = await ask(world, await pushed(world, 'bad/foreign', { signer: stranger.signer }));
    expect(foreign.told).toBe('403 certificate-untrusted');
    world.policies(rule({ attestors: byCertificate(stranger) }));
    expect((await ask(world, await pushed(world, 'bad/foreign'))).told).toBe('allowed');
    world.policies(rule({ attestors: byCertificate() }));
  });

  test("a copy of another image's signature, and one whose bytes were changed, are none; beside them a good one is found", async () => {
    const image = await pushed(world, 'bad/copied', { claim: { digest: `sha256:${'1'.repeat(64)}` } });
    await signed(world, 'bad/copied', image.digest, {
      changes: { signature: (bytes) => Buffer.from(bytes.map((byte) => byte ^ 1)) },
    });
    expect((await ask(world, image)).told).toBe('403 other-image');
    await signed(world, 'bad/copied', image.digest);
    expect((await ask(world, image)).told).toBe('allowed');
  });

  test('two certificates of one chain are one signer; two signers are two', async () => {
    const [leaf, root] = [acme.leaf.pem, acme.root.pem];
    const both = (...certificates: string[]) => [
      { count: 2, entries: certificates.map((cert) => ({ certificates: { cert } })) },
    ];
    const image = await pushed(world, 'count/one', {});
    world.policies(rule({ attestors: both(leaf, root) }));
    const once = await ask(world, image);
    expect(once.told).toBe('403 too-few-attestors');
    await signed(world, 'count/one', image.digest, { signer: reviewer.signer });
    expect((await ask(world, image)).told).toBe('403 too-few-attestors');
    world.policies(rule({ attestors: both(root, pemOf(reviewer)) }));
    expect((await ask(world, image)).told).toBe('allowed');
    world.policies(rule({ attestors: byCertificate() }));
  });

  test('what the user says in the signature is asked for', async () => {
    const image = await pushed(world, 'meta/built', { annotations: { build: '7' } });
    const asking = (build: string) =>
      rule({ attestors: [{ entries: [{ certificates: { cert: pemOf(acme) }, annotations: { build } }] }] });
    world.policies(asking('7'));
    expect((await ask(world, image)).told).toBe('allowed');
    world.policies(asking('8'));
    expect((await ask(world, image)).told).toBe('403 annotation-mismatch');
    world.policies(rule({ attestors: byCertificate() }));
  });
});

describe('a trust policy', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  function trusting(statement: Statement, parts: Partial<PolicyParts> = {}): void {
    world.trustPolicy(folder(statement));
    world.policies(rule(parts));
  }

  test.each<[string, Partial<NotaryRequest>, string, RegExp]>([
    ['audit', { signer: stranger.signer }, 'certificate-untrusted', /no certificate of a store ca of the trust policy/],
    ['permissive', { expiry: new Date('2025-12-02T00:00:00Z') }, 'signature-expired', /holds until 2025-12-02/],
  ])(
    'level %s warns of what it lets pass, also from the ledger; strict denies',
    async (level, request, reason, why) => {
      const image = await pushed(world, `levels/${level}`, request);
      trusting({ level });
      const first = await ask(world, image);
      expect([first.told, first.warnings]).toEqual(['warned', [expect.stringMatching(why)]]);
      expect(first.warnings[0]).toContain('the trust policy "acme" only warns of this');
      const second = await ask(world, image);
      expect([second.warnings, second.requests]).toEqual([first.warnings, 0]);
      trusting({ level: 'strict' });
      expect((await ask(world, image)).told).toBe(`403 ${reason}`);
    },
  );

  test('the log says what was let pass, and is no longer for the names that strangers write', async () => {
    trusting({ level: 'audit' });
    const subject = { C: 'US', ST: 'WA', O: 'Acme', CN: '\u0001'.repeat(15_000) };
    const long = makeNotaryChain({ subject });
    const images = [];
    for (let at = 0; at < 20; at += 1) images.push(await pushed(world, `long/n${at}`, { signer: long.signer }));
    expect((await ask(world, ...images)).told).toBe('warned');
    const record = world.records.at(-1);
    expect(record?.images).toHaveLength(20);
    expect(record?.images[0]?.notes).toEqual([expect.stringContaining('no certificate of a store ca of')]);
    expect(JSON.stringify(record).length).toBeLessThan(100 * 1024);
    trusting({ level: 'strict' });
    await ask(world, await pushed(world, 'long/good', {}));
    expect(world.records.at(-1)?.images[0]).not.toHaveProperty('notes');
  });

  test('audit lets no broken signature pass, and none of another image', async () => {
    trusting({ level: 'audit' });
    const changes = { signature: (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1)) };
    expect((await ask(world, await pushed(world, 'audit/broken', { changes }))).told).toBe('403 signature-mismatch');
    expect((await ask(world, await pushed(world, 'audit/other', { claim: { size: 1 } }))).told).toBe('403 other-image');
    expect((await ask(world, await pushed(world, 'audit/none'))).told).toBe('403 no-signature');
  });

  test('skip admits what nobody signed, and names the trust policy', async () => {
    const image = await pushed(world, 'skipped/app');
    const scopes = [`${world.registry.host}/skipped/app`];
    trusting({ level: 'skip', scopes });
    const answer = await ask(world, image);
    expect(answer.told).toBe('allowed');
    expect(answer.patch[0]?.value).toBe(`${image.name}@${image.digest}`);
    expect((await ask(world, image)).requests).toBe(0);
    expect((await ask(world, await pushed(world, 'skipped/other'))).told).toBe('403 trust-policy-missing');
  });

  test('an image of no statement is denied, whatever is attached to it or cannot be read of it', async () => {
    const other = [`${world.registry.host}/unsaid/other`];
    const [bare, good] = [await pushed(world, 'unsaid/bare'), await pushed(world, 'unsaid/good', {})];
    for (const intercept of [undefined, on({ kind: 'referrers' }, { kind: 'status', status: 500 })]) {
      world.registry.settings.intercept = intercept;
      trusting({ scopes: other }, { failurePolicy: 'Ignore' });
      for (const image of [bare, good]) expect((await ask(world, image)).told).toBe('403 trust-policy-missing');
      trusting({}, { failurePolicy: 'Ignore' });
      expect((await ask(world, bare)).told).toBe(intercept === undefined ? '403 no-signature' : 'warned');
    }
    world.registry.settings.intercept = undefined;
    expect((await ask(world, good)).told).toBe('allowed');
  });

  test('a changed trust policy does not believe what another one let pass', async () => {
    const image = await pushed(world, 'changed/app', {});
    const identities = (name: string) => [`x509.subject:C=US,ST=WA,O=Acme,CN=${name}`];
    trusting({ identities: identities('release') });
    expect([(await ask(world, image)).told, (await ask(world, image)).requests]).toEqual(['allowed', 0]);
    trusting({ identities: identities('other') });
    expect((await ask(world, image)).told).toBe('403 identity-untrusted');
    trusting({ scopes: [`${world.registry.host}/changed/other`], identities: identities('release') });
    expect((await ask(world, image)).told).toMatch(/^403 trust-policy-missing/);
    trusting({ scopes: [`${world.registry.host}/changed/app`], identities: identities('release') });
    expect((await ask(world, image)).told).toBe('allowed');
    trusting({ identities: identities('release') });
    expect((await ask(world, image)).requests).toBe(0);
  });
});

describe('revocation', () => {
  type Said = 'good' | 'revoked' | 'unknown';
  let says: Said = 'good';
  let asked = 0;
  let holds = 15 * minute;
  let world: World;
  const revocations: Revocations = {
    async ask() {
      asked += 1;
      return { status: says, message: 'the CA says so', until: world.now + holds };
    },
  };
  beforeAll(async () => {
    world = await openWorld({ core: { revocations } });
  });
  beforeEach(() => {
    asked = 0;
    holds = 15 * minute;
  });
  afterAll(() => world.close());

  test.each<[Said, string, string]>([
    ['good', 'allowed', 'allowed'],
    ['revoked', '403 certificate-revoked', '403 certificate-revoked'],
    ['unknown', '503 revocation-unavailable', 'warned'],
  ])('%s: under Fail %s, under Ignore %s', async (said, failing, ignoring) => {
    const image = await pushed(world, `revocation/${said}`, {});
    says = said;
    world.policies(rule({ attestors: byCertificate() }));
    expect((await ask(world, image)).told).toBe(failing);
    world.policies(rule({ attestors: byCertificate(), failurePolicy: 'Ignore' }));
    expect((await ask(world, image)).told).toBe(ignoring);
  });

  test('what is said binds for fifteen minutes; then it is asked again', async () => {
    const image = await pushed(world, 'revocation/until', {});
    says = 'good';
    world.policies(rule({ attestors: byCertificate() }));
    expect([(await ask(world, image)).told, asked]).toEqual(['allowed', 1]);
    says = 'revoked';
    world.now += 14 * minute;
    expect([(await ask(world, image)).told, asked]).toEqual(['allowed', 1]);
    world.now += 2 * minute;
    expect([(await ask(world, image)).told, asked]).toEqual(['403 certificate-revoked', 2]);
    says = 'good';
    expect([(await ask(world, image)).told, asked]).toEqual(['allowed', 3]);
  });

  test('permissive warns for as long as the answer holds, from the ledger too, and asks again then', async () => {
    const image = await pushed(world, 'revocation/permissive', {});
    says = 'unknown';
    holds = 10_000;
    world.trustPolicy(folder({ level: 'permissive' }));
    world.policies(rule());
    const first = await ask(world, image);
    expect([first.told, asked]).toEqual(['warned', 1]);
    expect(first.warnings).toEqual([expect.stringContaining('whether it has been revoked could not be found out')]);
    world.now += 9000;
    const second = await ask(world, image);
    expect([second.warnings, second.requests, asked]).toEqual([first.warnings, 0, 1]);
    world.now += 1000;
    says = 'revoked';
    const third = await ask(world, image);
    expect([third.told, asked]).toEqual(['warned', 2]);
    expect(third.warnings).toEqual([expect.stringContaining('is good but for its revocation')]);
    world.now += 10_000;
    says = 'good';
    expect([(await ask(world, image)).told, asked]).toEqual(['allowed', 3]);
  });

  test('of many signatures that one chain made it is asked once', async () => {
    const image = await pushed(world, 'revocation/many', {});
    for (let at = 1; at < 5; at += 1)
      await signed(world, 'revocation/many', image.digest, { annotations: { at: `${at}` } });
    says = 'revoked';
    world.policies(rule({ attestors: byCertificate() }));
    expect([(await ask(world, image)).told, asked]).toEqual(['403 certificate-revoked', 1]);
  });
});

test('whose time is used up by the other images of the object is denied, by itself it is unavailable', async () => {
  const revocations: Revocations = { ask: () => new Promise(() => undefined) };
  await using world = await openWorld({ core: { revocations, elapsed: monotonic } });
  world.policies(rule({ attestors: byCertificate(), spec: ['webhookTimeoutSeconds: 2'], failurePolicy: 'Ignore' }));
  const [one, other] = [await pushed(world, 'slow/one', {}), await pushed(world, 'slow/other')];
  const send = async (...images: readonly { readonly name: string }[]) => {
    const answer = await world.send('/mutate', review(pod(images.map(({ name }) => name))), { timeout: '2s' });
    return `${told(answer)} ${answer.warnings.join()}${answer.message}`;
  };
  expect(await send(one)).toMatch(/^warned .*revocation-unavailable/);
  expect(await send(one, other)).toMatch(/^403 .*object-too-slow/s);
  // What is attached was slow to read, and left too little time to ask.
  world.registry.settings.intercept = () => ({ kind: 'delay', ms: 300 });
  expect(await send(await pushed(world, 'slow/attached', {}))).toMatch(/^403 .*attached-too-slow/s);
});

describe('signing in progress', () => {
  const profile = 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/release';
  let world: World;
  let status: 'in-progress' | 'failed' | 'none' = 'in-progress';
  let profiles: (readonly string[])[] = [];
  const signing: SigningStatus = {
    async of(_repository, _digest, asked) {
      profiles.push(asked);
      return status;
    },
  };
  beforeAll(async () => {
    world = await openWorld({ core: { signing } });
  });
  beforeEach(() => {
    profiles = [];
    status = 'in-progress';
  });
  afterAll(() => world.close());
  const byProfile: Statement = { identities: [profile], store: 'signingAuthority' };

  test('is told under Fail, and a warning under Ignore', async () => {
    const image = await pushed(world, 'signing/app');
    world.trustPolicy(folder(byProfile));
    world.policies(rule());
    const failing = await ask(world, image);
    expect([failing.told, profiles]).toEqual(['503 signing-in-progress', [[profile]]]);
    world.policies(rule({ failurePolicy: 'Ignore' }));
    expect((await ask(world, image)).told).toBe('warned');
    status = 'failed';
    expect((await ask(world, image)).told).toBe('403 no-signature');
    status = 'none';
    expect((await ask(world, image)).told).toBe('403 no-signature');
  });

  test('and once it has been signed, that counts; a signature that does not keeps nobody waiting', async () => {
    const attributes = [
      { name: notary.plugin, value: 'com.amazonaws.signer.notation.plugin', critical: true },
      { name: 'com.amazonaws.signer.signingProfileVersion', value: `${profile}/AbCdEfGhIj`, critical: true },
      {
        name: 'com.amazonaws.signer.signingJob',
        value: 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/1',
        critical: true,
      },
    ];
    const image = await pushed(world, 'signing/done', { scheme: 'notary.x509.signingAuthority', attributes });
    const foreign = await pushed(world, 'signing/foreign', { signer: stranger.signer });
    world.trustPolicy(folder({ ...byProfile, override: { revocation: 'skip' } }));
    world.policies(rule());
    expect((await ask(world, image)).told).toBe('allowed');
    expect((await ask(world, foreign)).told).toBe('403 certificate-untrusted');
    expect(profiles).toEqual([]);
  });

  test('of nobody whom the policy does not trust', async () => {
    const image = await pushed(world, 'signing/untrusted');
    world.trustPolicy(folder({ identities: ['x509.subject:C=US,ST=WA,O=Acme'] }));
    world.policies(rule());
    expect((await ask(world, image)).told).toBe('403 no-signature');
    world.policies(rule({ attestors: byCertificate() }));
    expect((await ask(world, image)).told).toBe('403 no-signature');
    expect(profiles).toEqual([]);
  });
});
