import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { certificateFor, type SigningOptions, signedLayer } from '../fixtures/authority/signing.ts';
import { trustIn } from '../fixtures/carriers.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { openWorld, type PolicyParts, pod, policy, review, type World } from './harness.ts';

// Fields of an attestor and of an entry as a policy writes them, down to the verdict: each with a value that lets the image in, and
// with one that does not. What each of them means in full is tested where it is built.

type Json = Record<string, unknown>;

const authority = makeAuthority();
const other = makeAuthority();
const pem = (certificates: readonly { readonly pem: string }[]) => certificates.map((one) => one.pem).join('');
const signer = makeSigner();
const key = newKey();
const stranger = newKey();

let world: World;
let made = 0;

beforeAll(async () => {
  world = await openWorld({ core: { roots: () => trustIn(authority) } });
});
afterAll(() => world.close());

/** An image that is signed by GitHub's workflow, unless `options` say otherwise. */
async function signedImage(options: Parameters<typeof signedLayer>[2] = {}): Promise<string> {
  const name = `fields/app-${made++}`;
  const digest = await makeImage(world.destination, name, '1', { label: name });
  attachItems(world, name, digest, [signedLayer(authority, imageIn(world, name, digest), options)]);
  return `${world.registry.host}/${name}:1`;
}

/** `verified`, or the reason why not. */
async function verdictOn(image: string, parts: Partial<PolicyParts>): Promise<string> {
  world.policies(policy({ images: `${world.registry.host}/fields/*`, ...parts }));
  const { allowed } = await world.send('/mutate', review(pod([image])));
  const reason = world.records.at(-1)?.images[0]?.reason ?? 'not asked';
  expect(allowed).toBe(reason === 'verified');
  return reason;
}

const rekor = { url: 'https://rekor.sigstore.dev' };
const workflow = { issuer: githubIssuer, subject: githubSubject, rekor };
const attestors = (attestor: Json) => ({ attestors: [{ entries: [attestor] }] });

describe('keyless', () => {
  /** With fields of its own it needs no trust root: logs and authorities are the policy's. */
  const itself = { ...workflow, roots: pem(authority.ca.chain), ctlog: { ignoreSCT: true } };
  test.each<[string, Json, Json, string]>([
    ['issuer', {}, { issuer: 'https://accounts.example' }, 'issuer-mismatch'],
    [
      'issuerRegExp',
      { issuerRegExp: '^https://token\\..*$' },
      { issuerRegExp: '^https://other\\..*$' },
      'issuer-mismatch',
    ],
    [
      'subject',
      { subject: 'https://github.com/acme/*' },
      { subject: 'https://github.com/mallory/*' },
      'subject-mismatch',
    ],
    [
      'subjectRegExp',
      { subjectRegExp: '^https://github\\.com/acme/.*$' },
      { subjectRegExp: '^acme$' },
      'subject-mismatch',
    ],
    [
      'additionalExtensions',
      { additionalExtensions: { githubWorkflowTrigger: 'push' } },
      { additionalExtensions: { githubWorkflowTrigger: 'pull_request' } },
      'extension-mismatch',
    ],
    ['roots', { roots: pem(authority.ca.chain) }, { roots: pem(other.ca.chain) }, 'certificate-untrusted'],
    [
      'rekor.pubkey',
      { rekor: { ...rekor, pubkey: authority.rekor1.key.pem } },
      { rekor: { ...rekor, pubkey: other.rekor1.key.pem } },
      'log-entry-mismatch',
    ],
    ['rekor.url', { rekor }, { rekor: { url: 'https://rekor.example' } }, 'trust-missing'],
    [
      'ctlog.pubkey',
      { ctlog: { pubkey: authority.certificateLog.key.pem } },
      { ctlog: { pubkey: other.certificateLog.key.pem } },
      'certificate-unlogged',
    ],
  ])('%s', async (_, right, wrong, reason) => {
    const image = await signedImage();
    expect(await verdictOn(image, attestors({ keyless: { ...workflow, ...right } }))).toBe('verified');
    expect(await verdictOn(image, attestors({ keyless: { ...workflow, ...wrong } }))).toBe(reason);
  });

  test('ctlog.ignoreSCT', async () => {
    const image = await signedImage({ certificate: { logs: [] } });
    const asking = (ctlog: Json) => verdictOn(image, attestors({ keyless: { ...workflow, ctlog } }));
    expect(await asking({ ignoreSCT: true })).toBe('verified');
    for (const ctlog of [{ ignoreSCT: false }, {}]) expect(await asking(ctlog)).toBe('certificate-unlogged');
  });

  test('rekor.ignoreTlog and ctlog.tsaCertChain', async () => {
    const stamped = await signedImage({ logs: [], stamps: [{}] });
    const asking = (ignoreTlog: boolean, chain: string) => {
      const ctlog = { ...itself.ctlog, tsaCertChain: chain };
      return verdictOn(stamped, attestors({ keyless: { ...itself, rekor: { ...rekor, ignoreTlog }, ctlog } }));
    };
    expect(await asking(true, pem(authority.timestampAuthority.chain))).toBe('verified');
    expect(await asking(true, pem(other.timestampAuthority.chain))).toBe('timestamp-mismatch');
    expect(await asking(false, pem(authority.timestampAuthority.chain))).toBe('log-entry-missing');
  });
});

describe('certificates', () => {
  const ctlog = { ignoreSCT: true };
  const asking = (image: string, certificates: Json, more: Json = {}) =>
    verdictOn(image, attestors({ certificates: { rekor, ctlog, ...certificates }, ...more }));

  test('cert', async () => {
    const certificate = certificateFor(authority, signer);
    const image = await signedImage({ signer, certificate });
    expect(await asking(image, { cert: certificate.pem })).toBe('verified');
    expect(await asking(image, { cert: certificateFor(authority, makeSigner()).pem })).toBe('signature-mismatch');
  });

  test('certChain', async () => {
    const image = await signedImage();
    expect(await asking(image, { certChain: pem(authority.ca.chain) })).toBe('verified');
    expect(await asking(image, { certChain: pem(other.ca.chain) })).toBe('certificate-untrusted');
  });

  test('signatureAlgorithm, of a cert that stands alone', async () => {
    const certificate = certificateFor(authority, signer);
    const image = await signedImage({ signer, certificate, way: { hash: 'sha512' } });
    const cert = certificate.pem;
    expect(await asking(image, { cert }, { signatureAlgorithm: 'sha512' })).toBe('verified');
    expect(await asking(image, { cert }, { signatureAlgorithm: 'sha256' })).toBe('signature-mismatch');
    expect(await asking(image, { cert })).toBe('signature-mismatch');
  });

  test.each<[string, Json, Json, string]>([
    ['rekor.pubkey', { pubkey: authority.rekor1.key.pem }, { pubkey: other.rekor1.key.pem }, 'log-entry-mismatch'],
    ['rekor.url', {}, { url: 'https://rekor.example' }, 'trust-missing'],
  ])('%s', async (_, right, wrong, reason) => {
    const image = await signedImage();
    const certChain = pem(authority.ca.chain);
    expect(await asking(image, { certChain, rekor: { ...rekor, ...right } })).toBe('verified');
    expect(await asking(image, { certChain, rekor: { ...rekor, ...wrong } })).toBe(reason);
  });

  test('rekor.ignoreTlog, ctlog.tsaCertChain and ctlog.pubkey', async () => {
    const certChain = pem(authority.ca.chain);
    const stamped = await signedImage({ logs: [], stamps: [{}] });
    const chain = (by: typeof authority) => ({ ...ctlog, tsaCertChain: pem(by.timestampAuthority.chain) });
    const unlogged = { ignoreTlog: true };
    expect(await asking(stamped, { certChain, rekor: unlogged, ctlog: chain(authority) })).toBe('verified');
    expect(await asking(stamped, { certChain, rekor: unlogged, ctlog: chain(other) })).toBe('timestamp-mismatch');
    expect(await asking(stamped, { certChain, ctlog: chain(authority) })).toBe('log-entry-missing');
    const image = await signedImage();
    const logged = (by: typeof authority) => asking(image, { certChain, ctlog: { pubkey: by.certificateLog.key.pem } });
    expect(await logged(authority)).toBe('verified');
    expect(await logged(other)).toBe('certificate-unlogged');
  });
});

describe('keys', () => {
  const asking = (image: string, keys: Json, more: Json = {}) =>
    verdictOn(image, attestors({ keys: { publicKeys: signer.pem, rekor, ...keys }, ...more }));
  const byKey = (options: SigningOptions = {}) => signedImage({ signer, certificate: 'none', ...options });

  test('publicKeys, rekor.pubkey and rekor.url', async () => {
    const image = await byKey();
    expect(await asking(image, {})).toBe('verified');
    expect(await asking(image, { publicKeys: makeSigner().pem })).toBe('signature-mismatch');
    expect(await asking(image, { rekor: { pubkey: authority.rekor1.key.pem } })).toBe('verified');
    expect(await asking(image, { rekor: { pubkey: other.rekor1.key.pem } })).toBe('log-entry-mismatch');
    expect(await asking(image, { rekor: { url: 'https://rekor.example' } })).toBe('trust-missing');
  });

  test('rekor.ignoreTlog and ctlog.tsaCertChain', async () => {
    const image = await byKey({ logs: [], stamps: [{}] });
    const by = (who: typeof authority) => ({ tsaCertChain: pem(who.timestampAuthority.chain) });
    expect(await asking(image, { rekor: { ignoreTlog: true }, ctlog: by(authority) })).toBe('verified');
    expect(await asking(image, { rekor: { ignoreTlog: true }, ctlog: by(other) })).toBe('timestamp-mismatch');
    expect(await asking(image, { ctlog: by(authority) })).toBe('log-entry-missing');
  });

  test("signatureAlgorithm, the attestor's and its own, which wins", async () => {
    const image = await byKey({ way: { hash: 'sha512' }, logs: [] });
    const keys = { rekor: { ignoreTlog: true } };
    expect(await asking(image, keys)).toBe('signature-mismatch');
    expect(await asking(image, keys, { signatureAlgorithm: 'sha512' })).toBe('verified');
    expect(await asking(image, { ...keys, signatureAlgorithm: 'sha512' })).toBe('verified');
    const both = { ...keys, signatureAlgorithm: 'sha256' };
    expect(await asking(image, both, { signatureAlgorithm: 'sha512' })).toBe('signature-mismatch');
  });
});

describe('the older form of v1', () => {
  const flat = (image: string, fields: Json) => {
    const entry = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return verdictOn(image, { entry });
  };

  test('key: the log is asked for, and annotations are of its signature', async () => {
    const image = await signedImage({ signer, certificate: 'none', annotations: { env: 'prod' } });
    expect(await flat(image, { key: signer.pem })).toBe('verified');
    expect(await flat(image, { key: stranger.publicKeyPem })).toBe('signature-mismatch');
    expect(await flat(image, { key: signer.pem, annotations: { env: 'prod' } })).toBe('verified');
    expect(await flat(image, { key: signer.pem, annotations: { env: 'dev' } })).toBe('annotation-mismatch');
    const unlogged = await signedImage({ signer, certificate: 'none', logs: [] });
    expect(await flat(unlogged, { key: signer.pem })).toBe('log-entry-missing');
  });

  test('issuer, subject, roots and additionalExtensions', async () => {
    const image = await signedImage();
    const { rekor: _, ...named } = { ...workflow, roots: pem(authority.ca.chain) };
    const extension = (githubWorkflowTrigger: string) => ({ additionalExtensions: { githubWorkflowTrigger } });
    expect(await flat(image, named)).toBe('verified');
    expect(await flat(image, { ...named, ...extension('push') })).toBe('verified');
    expect(await flat(image, { ...named, issuer: 'https://accounts.example' })).toBe('issuer-mismatch');
    expect(await flat(image, { ...named, subject: 'https://github.com/mallory/*' })).toBe('subject-mismatch');
    expect(await flat(image, { ...named, roots: pem(other.ca.chain) })).toBe('certificate-untrusted');
    expect(await flat(image, { ...named, ...extension('pull_request') })).toBe('extension-mismatch');
  });

  test('image is one more pattern', async () => {
    const image = await signedImage();
    const asked = (pattern: string) =>
      verdictOn(image, {
        images: `${world.registry.host}/elsewhere/*`,
        entry: [`image: "${pattern}"`, `key: ${JSON.stringify(stranger.publicKeyPem)}`],
      });
    expect(await asked(`${world.registry.host}/fields/*`)).toBe('signature-mismatch');
    world.policies(
      policy({
        images: `${world.registry.host}/a/*`,
        entry: [`image: "${world.registry.host}/b/*"`],
        keys: [stranger],
      }),
    );
    expect((await world.send('/mutate', review(pod([image])))).allowed).toBe(true);
  });
});

describe('what changes no verdict, whatever it says', () => {
  const verdicts = async (spec: readonly string[], entry: readonly string[], annotated = '') => {
    const name = `fields/app-${made++}`;
    const { host } = world.registry;
    const of = async (format: 'sig' | 'bundle' | 'oci11', by: typeof key) => {
      const repository = `${name}-${format}-${by === key ? 'good' : 'bad'}`;
      const digest = await makeImage(world.destination, repository, '1', { label: repository });
      await sign(world.destination, { repository, digest, key: by, format });
      return `${host}/${repository}:1`;
    };
    const found: string[] = [];
    for (const format of ['sig', 'bundle', 'oci11'] as const) {
      for (const by of [key, stranger]) {
        const text = policy({ images: `${host}/fields/*`, keys: [key], spec, entry });
        world.policies(text.replace('    - name: check\n', `    - name: check\n${annotated}`));
        await world.send('/mutate', review(pod([await of(format, by)])));
        found.push(world.records.at(-1)?.images[0]?.reason ?? 'not asked');
      }
    }
    return found;
  };
  const usual = Array.from({ length: 3 }, () => ['verified', 'signature-mismatch']).flat();

  test.each<[string, string[], string[], string]>([
    ['cosignOCI11: true: both places are looked at', [], ['cosignOCI11: true'], ''],
    ['cosignOCI11: false', [], ['cosignOCI11: false'], ''],
    ['background: true', ['background: true'], [], ''],
    ['background: false', ['background: false'], [], ''],
    ['useServerSideApply, about rules that mutate', ['useServerSideApply: true'], [], ''],
    ['emitWarning, about what never blocks', ['emitWarning: true'], [], ''],
    ['skipBackgroundRequests', [], [], '      skipBackgroundRequests: true\n'],
    ['reportProperties', [], [], '      reportProperties: {team: a}\n'],
  ])('%s', async (_, spec, entry, annotated) => {
    expect(await verdicts(spec, entry, annotated)).toEqual(usual);
  });
});

describe('what a failure does', () => {
  const asked = async (parts: Partial<PolicyParts>, image = unsignedImage()) => {
    world.policies(policy({ images: [`${world.registry.host}/fields/*`, '127.0.0.1:1/*'], keys: [key], ...parts }));
    const { allowed, code, warnings } = await world.send('/mutate', review(pod([await image])));
    return allowed ? `admitted, ${warnings.length} warnings` : code;
  };
  async function unsignedImage() {
    const name = `fields/app-${made++}`;
    await makeImage(world.destination, name, '1', { label: name });
    return `${world.registry.host}/${name}:1`;
  }

  test("an entry's failureAction, over the spec's and its overrides", async () => {
    const entry = (action: string) => ({ entry: [`failureAction: ${action}`, 'mutateDigest: false'] });
    const overrides = (action: string) => [
      `validationFailureActionOverrides: [{action: ${action}, namespaces: ["*"]}]`,
    ];
    expect(await asked({})).toBe(403);
    expect(await asked(entry('Audit'))).toBe('admitted, 1 warnings');
    expect(await asked({ ...entry('Audit'), spec: overrides('Enforce') })).toBe('admitted, 1 warnings');
    expect(await asked({ action: 'Audit' })).toBe('admitted, 1 warnings');
    expect(await asked({ action: 'Audit', entry: ['failureAction: Enforce'] })).toBe(403);
    expect(await asked({ ...entry('Enforce'), spec: overrides('Audit') })).toBe(403);
    expect(await asked({ spec: overrides('Audit') })).toBe('admitted, 1 warnings');
  });

  test('failurePolicy, and the one of webhookConfiguration over it', async () => {
    const away = () => Promise.resolve('127.0.0.1:1/app:1');
    const webhook = (failurePolicy: string) => ({ spec: [`webhookConfiguration: {failurePolicy: ${failurePolicy}}`] });
    expect(await asked({}, away())).toBe(503);
    expect(await asked({ failurePolicy: 'Ignore' }, away())).toBe('admitted, 1 warnings');
    expect(await asked({ failurePolicy: 'Ignore', ...webhook('Fail') }, away())).toBe(503);
    expect(await asked(webhook('Ignore'), away())).toBe('admitted, 1 warnings');
  });
});
