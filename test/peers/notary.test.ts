import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachStatement, signNotary } from '../../local/signer/notary.ts';
import { httpDestination } from '../../local/signer/push.ts';
import type { Report } from '../../shared/answer/report.ts';
import { parseDigest } from '../../shared/image/digest.ts';
import { countersign, verifyImages } from './countersign.ts';
import { pushImage, pushIndex } from './images.ts';
import { policyOf as statementsOf } from './notary/case.ts';
import { caOf, chainOf, day, leafOf, now } from './notary/certificates.ts';
import { type Format, type Made, type SignRequest, signAll, type Verified, verifyAll } from './notary/peer.ts';
import { type Trust, writeTrust } from './notary/trust.ts';
import { makeWorld } from './notary/world.ts';
import { policyOf } from './policies.ts';
import { bothRegistries, type RunningRegistry } from './registries.ts';
import { run } from './tools.ts';

// Images in real registries that notation-go signed are verified here, those that our signer signed by notation-go, and each says of the other's
// what its owner says.

let dir: string;
let world: Awaited<ReturnType<typeof makeWorld>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-notary-'));
  world = await makeWorld();
});

afterAll(async () => {
  await world?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** `countersign verify --trust-policy`: a reason an image. */
async function reasonsBy(folder: string, images: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run(countersign, [
    ...['verify', '--trust-policy', folder, '-o', 'json', '--image'],
    ...images,
  ]);
  if (!stdout.startsWith('{')) throw new Error(`countersign verify: exit status ${code}\n${stderr}`);
  return (JSON.parse(stdout) as Report).results.map(({ reason }) => reason);
}

/** notation-go's word on what is attached to images: whether it is good. */
async function theirs(trust: Trust, images: readonly string[]): Promise<readonly boolean[]> {
  const verified = await verifyAll(images.map((reference) => ({ reference, attached: true, ...trust })));
  return verified.map(({ error }: Verified) => error === '');
}

/** Signs images, all with one CA, and tells its root. */
async function signImages(requests: readonly SignRequest[]): Promise<{ made: readonly Made[]; root: string }> {
  const made = await signAll(requests);
  return { made, root: made[0]?.chain.at(-1) ?? '' };
}

const identities = ['x509.subject:C=US, ST=WA, O=Acme'];
const stranger = [leafOf(), caOf('strange CA'), caOf('strange root')];

/** What is signed, and what both make of it: `pass`, or our reason. */
const signatures: Readonly<Record<string, readonly [reason: string, () => Partial<SignRequest>]>> = {
  'jws-ec-256': ['verified', () => ({})],
  'cose-ec-256': ['verified', () => ({ format: 'cose' })],
  'jws-ec-384': ['verified', () => ({ certificates: chainOf({ leaf: { key: 'ec-384' } }) })],
  'cose-ec-521': ['verified', () => ({ format: 'cose', certificates: chainOf({ leaf: { key: 'ec-521' } }) })],
  'jws-rsa-2048': ['verified', () => ({ certificates: chainOf({ leaf: { key: 'rsa-2048' } }) })],
  'cose-rsa-3072': ['verified', () => ({ format: 'cose', certificates: chainOf({ leaf: { key: 'rsa-3072' } }) })],
  metadata: ['verified', () => ({ metadata: { 'build.id': '7' } })],
  stamped: ['verified', () => ({ tsa: world.tsa.url, tsaRoots: world.tsa.roots })],
  'signing-authority': [
    'certificate-untrusted',
    () => ({ scheme: 'notary.x509.signingAuthority', signingTime: now - day }),
  ],
  'by-others': ['certificate-untrusted', () => ({ certificates: stranger })],
  expired: ['signature-expired', () => ({ scheme: 'notary.x509', signingTime: now - day, expiry: now - 60_000 })],
  'of-another-team': [
    'identity-untrusted',
    () => ({
      certificates: chainOf({
        leaf: {
          subject: [
            ['C', 'US'],
            ['ST', 'WA'],
            ['O', 'Others'],
          ],
        },
      }),
    }),
  ],
};

interface Here {
  readonly format: Format;
  readonly key: string;
  readonly manifests: readonly ('artifact' | 'legacy')[];
  /** What is signed instead of the image. */
  readonly claim?: { readonly digest: string };
}

/** Has our own signer sign an image, once for each shape of the manifest that a signature is stored by. */
async function signHere(repository: string, image: string, { format, key, manifests, claim }: Here) {
  const [host = '', digest = ''] = [image.split('/')[0], image.split('@')[1]];
  const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 };
  const certificates = chainOf({ leaf: { key } });
  const [made] = await signAll([{ format, certificates, target, scheme: 'notary.x509', signingTime: now }]);
  const parsed = parseDigest(digest);
  if (made === undefined || parsed === undefined) throw new Error('nothing was made');
  const signer = {
    privateKey: createPrivateKey(made.key),
    chain: made.chain.map((pem) => new X509Certificate(pem).raw),
  };
  const destination = httpDestination({ host });
  try {
    for (const manifest of manifests) {
      const request = { repository, digest: parsed, signer, format, manifest, signedAt: new Date(now) };
      await signNotary(destination, claim === undefined ? request : { ...request, claim });
    }
  } finally {
    await destination.close();
  }
  return made;
}

describe.each(bothRegistries)('in the registry of %s', (name, start) => {
  let registry: RunningRegistry;
  let images: ReadonlyMap<string, string>;
  let root: string;
  let folder: string;
  let trust: Trust;

  beforeAll(async () => {
    registry = await start(join(dir, name));
    const { host } = registry;
    const pushed: [string, string][] = [];
    for (const repository of Object.keys(signatures)) {
      pushed.push([repository, `${host}/${repository}@${await pushImage(host, repository, 'v1')}`]);
    }
    images = new Map(pushed);
    const requests = Object.entries(signatures).map(
      ([repository, [, request]]): SignRequest => ({
        format: 'jws',
        certificates: chainOf(),
        image: images.get(repository) ?? '',
        ...request(),
      }),
    );
    ({ root } = await signImages(requests));
    trust = { policy: statementsOf({ trustedIdentities: identities }), stores: { 'ca:acme': root } };
    folder = await writeTrust(join(dir, `${name}-trust`), trust);
  });

  afterAll(async () => {
    await registry?.stop();
  });

  test('by a trust policy: what notation-go signed, as notation-go says', async () => {
    const expected = Object.values(signatures).map(([reason]) => reason);
    const all = [...images.values()];
    expect(await reasonsBy(folder, all)).toEqual(expected);
    expect(await theirs(trust, all)).toEqual(expected.map((reason) => reason === 'verified'));
  });

  test("by a rule with the CA's certificate", async () => {
    const attestors = [{ entries: [{ certificates: { certChain: root } }] }];
    const { results } = await verifyImages(policyOf(`${registry.host}/*`, attestors, { type: 'Notary' }), [
      images.get('jws-ec-256') ?? '',
      images.get('cose-rsa-3072') ?? '',
      images.get('by-others') ?? '',
    ]);
    const expected = ['verified', 'verified', 'certificate-untrusted'];
    expect(results.map(({ reason }) => reason)).toEqual(expected);
  });

  test('nobody signed, and a signature of another image', async () => {
    const { host } = registry;
    const unsigned = `${host}/unsigned@${await pushImage(host, 'unsigned', 'v1')}`;
    const copied = `${host}/copied@${await pushImage(host, 'copied', 'v1')}`;
    const claim = { digest: unsigned.split('@')[1] ?? '' };
    const { chain } = await signHere('copied', copied, {
      format: 'jws',
      key: 'ec-256',
      manifests: ['artifact'],
      claim,
    });
    const own: Trust = { ...trust, stores: { 'ca:acme': chain.at(-1) ?? '' } };
    const there = await writeTrust(join(dir, `${name}-copied`), own);
    expect(await reasonsBy(there, [unsigned, copied])).toEqual(['no-signature', 'other-image']);
    expect(await theirs(own, [unsigned, copied])).toEqual([false, false]);
  });

  test('an index, whose images are not signed', async () => {
    const { host } = registry;
    const { digest, children } = await pushIndex(host, 'index', 'v1');
    const image = `${host}/index@${digest}`;
    const { root: another } = await signImages([{ format: 'jws', certificates: chainOf(), image }]);
    const own: Trust = { ...trust, stores: { 'ca:acme': another } };
    const references = [image, `${host}/index@${children[0]}`];
    const there = await writeTrust(join(dir, `${name}-index`), own);
    expect(await reasonsBy(there, references)).toEqual(['verified', 'no-signature']);
    expect(await theirs(own, references)).toEqual([true, false]);
  });

  test('several signatures: one by others is no harm', async () => {
    const { host } = registry;
    const image = `${host}/several@${await pushImage(host, 'several', 'v1')}`;
    const certificates = { certificates: chainOf(), format: 'jws', image } as const;
    const { made } = await signImages([
      { ...certificates, certificates: stranger },
      certificates,
      { ...certificates, format: 'cose', certificates: stranger },
    ]);
    const own: Trust = { ...trust, stores: { 'ca:acme': made[1]?.chain.at(-1) ?? '' } };
    const there = await writeTrust(join(dir, `${name}-several`), own);
    expect(await reasonsBy(there, [image])).toEqual(['verified']);
    expect(await theirs(own, [image])).toEqual([true]);
  });

  test('an attestation: an artifact that refers to the image, and that notation-go signed', async () => {
    const { host } = registry;
    const type = 'application/vnd.acme.scan+json';
    const pushed = ['attested/good', 'attested/bad', 'attested/unsigned'].map(async (repository) => {
      const digest = parseDigest(await pushImage(host, repository, 'v1'));
      if (digest === undefined) throw new Error('an image has a digest');
      const predicate = Buffer.from(JSON.stringify({ critical: repository === 'attested/bad' ? 1 : 0 }));
      const destination = httpDestination({ host });
      const { manifest } = await attachStatement(destination, { repository, digest, type, predicate });
      await destination.close();
      return { image: `${host}/${repository}@${digest}`, artifact: `${host}/${repository}@${manifest}` };
    });
    const all = await Promise.all(pushed);
    const [good, bad] = all.map(({ artifact }) => artifact);
    const { made } = await signImages([
      { format: 'jws', certificates: chainOf(), image: good ?? '' },
      { format: 'cose', certificates: chainOf(), image: bad ?? '' },
    ]);
    const certChain = made.map(({ chain }) => chain.at(-1)).join('');
    const conditions = [{ all: [{ key: '{{ critical }}', operator: 'Equals', value: 0 }] }];
    const attestations = [{ type, attestors: [{ entries: [{ certificates: { certChain } }] }], conditions }];
    const policy = policyOf(`${host}/*`, [], { type: 'Notary', attestations });
    const { results } = await verifyImages(
      policy,
      all.map(({ image }) => image),
    );
    expect(results.map(({ reason }) => reason)).toEqual(['verified', 'condition-failed', 'attestation-missing']);
    const own: Trust = { ...trust, stores: { 'ca:acme': certChain } };
    const signed = all.map(({ artifact }) => artifact);
    expect(await theirs(own, signed)).toEqual([true, true, false]);
  });

  test.each([
    ['jws', 'ec-256'],
    ['jws', 'rsa-2048'],
    ['cose', 'ec-384'],
    ['cose', 'rsa-3072'],
    ['jws', 'ec-521'],
  ] as const)('our own signer, %s by %s: notation-go verifies it', async (format, key) => {
    const { host } = registry;
    const repository = `own/${format}-${key}`;
    const image = `${host}/${repository}@${await pushImage(host, repository, 'v1')}`;
    const made = await signHere(repository, image, { format, key, manifests: ['artifact', 'legacy'] });
    const own: Trust = { ...trust, stores: { 'ca:acme': made.chain.at(-1) ?? '' } };
    expect(await theirs(own, [image])).toEqual([true]);
    const there = await writeTrust(join(dir, `${name}-${format}-${key}`), own);
    expect(await reasonsBy(there, [image])).toEqual(['verified']);
  });
});
