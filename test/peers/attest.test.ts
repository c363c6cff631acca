import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../../local/registry/server.ts';
import { attest, makeImage, newKey, storeDestination } from '../../local/signer/signer.ts';
import type { Attestation, Gathered } from '../../shared/evidence/evidence.ts';
import { foundInSlices } from '../../shared/evidence/found.ts';
import { evidenceKinds } from '../../shared/evidence/kinds.ts';
import { predicateOf, readPredicate } from '../../shared/evidence/predicate.ts';
import { parseDigest } from '../../shared/image/digest.ts';
import type { Repository } from '../../shared/image/repository.ts';
import { createDoor, type Door } from '../../shared/net/door.ts';
import { spending } from '../../shared/net/testing/spending.ts';
import type { AttestorEntry } from '../../shared/policy/policy.ts';
import { createRegistry } from '../../shared/registry/create.ts';
import { noCredentials } from '../../shared/registry/credentials.ts';
import { type Image, type Registry, signaturesAlone } from '../../shared/registry/registry.ts';
import { atOnce } from '../../shared/slices.ts';
import { readTrustRoot } from '../../shared/trust/root/read.ts';
import { askOf, asSignatures, reasonOf } from '../fixtures/ask.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { entryOf, keylessOf, keysOf, setOf } from '../fixtures/entries.ts';
import { attest2, attest3, type CosignKey, keyPair, verifyAttestation2, verifyAttestation3 } from './cosign.ts';
import { pushImage } from './images.ts';
import { knownTypes, reviewType } from './predicates.ts';
import { type RunningRegistry, startDistribution, startGgcr } from './registries.ts';
import { taggedLayers } from './sigstore/attached.ts';
import { type AttestOptions, attestLogged, type Cosign, keylessAttest } from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from './sigstore/server.ts';

// What is found and read of attestations that real cosigns made, in every type that they know by name.

const everyType = new Set(knownTypes.map(({ predicateType }) => predicateType));

let dir: string;
let registries: readonly RunningRegistry[];
let sigstore: SigstoreServer;
let key: CosignKey;
let door: Door;
let reader: Registry;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-attest-'));
  registries = [await startGgcr(), await startDistribution(join(dir, 'distribution'))];
  sigstore = await startSigstore(join(dir, 'sigstore'));
  key = await keyPair(join(dir, 'keys'), 'ecdsa-p256');
  door = createDoor({ addresses: 'any' });
  reader = createRegistry({
    door,
    credentials: noCredentials,
    clock: Date.now,
    elapsed: () => performance.now(),
    kinds: evidenceKinds,
  });
});

afterAll(async () => {
  await door?.close();
  await sigstore?.stop();
  for (const registry of registries ?? []) await registry.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Pushed {
  readonly name: string;
  readonly repository: Repository;
  readonly image: Image;
}

async function pushed(path: string, host = registries[0]?.host ?? ''): Promise<Pushed> {
  const repository = { registry: host, path };
  const digest = parseDigest(await pushImage(host, path, 'v1'));
  if (digest === undefined) throw new Error('no digest');
  return { name: `${host}/${path}@${digest}`, repository, image: await reader.image(repository, digest, spending()) };
}

/** What is read of an image's attachments where all of these types are asked for. */
async function read({ repository, image }: Pushed): Promise<Gathered> {
  const asked = { ...signaturesAlone, predicateTypes: everyType };
  const attached = await reader.attached(repository, image.digest, spending(), asked);
  const found = atOnce(foundInSlices(attached, asked));
  expect([found.unreadable, found.unreadableAttestations, found.evidence.rejected]).toEqual([[], [], []]);
  return found.evidence;
}

const attestations = ({ evidence }: Gathered) =>
  evidence.filter((one): one is Attestation => one.kind === 'attestation');
const predicate = ({ stated }: Attestation) => {
  if (stated === undefined) throw new Error('nothing was kept');
  return atOnce(readPredicate(atOnce(predicateOf(stated)).bytes));
};

/** Whether an image's attestations are by whom the attestor names: as of a time, in milliseconds since 1970. */
async function reason(attested: Pushed, attestor: AttestorEntry, at = Date.now()): Promise<string> {
  const { repository, image } = attested;
  const { root } = readTrustRoot(await readFile(sigstore.files.trustedRoot));
  const entry = entryOf([setOf([attestor])], { repository });
  return reasonOf(askOf(asSignatures(await read(attested)), entry, image, { root, at }));
}

const byKey = () => keysOf([], { publicKeys: [key.pem] });
const workflow = { subject: githubSubject, issuer: githubIssuer };
const hour = 3_600_000;

describe.each(['cosign2', 'cosign3'] as const)('%s with a key', (cosign) => {
  const attestWith = cosign === 'cosign2' ? attest2 : attest3;

  test('every type that it knows, on an image each, and in one', async () => {
    const all = await pushed(`${cosign}/all`);
    for (const { name: type, predicateType, predicate: stating, stated } of knownTypes) {
      const one = await pushed(`${cosign}/${type.replace(/[^a-z0-9]+/g, '-')}`);
      await attestWith(one.name, key, { type, predicate: stating });
      await attestWith(all.name, key, { type, predicate: stating });
      const gathered = await read(one);
      const [attestation, another] = attestations(gathered);
      expect(another).toBeUndefined();
      expect(attestation).toMatchObject({
        predicateType,
        stated: { claims: [{ digest: one.image.digest, annotations: {} }] },
      });
      expect([attestation && predicate(attestation)]).toMatchObject([stated]);
      expect(await reason(one, byKey())).toBe('pass');
    }
    const gathered = await read(all);
    const found = attestations(gathered).map(({ predicateType }) => predicateType);
    expect(found.toSorted()).toEqual(knownTypes.map(({ predicateType }) => predicateType).toSorted());
  });
});

const type = reviewType;
const approved = { approved: true };

/** How an attestation comes along without a key, and where it is kept. */
const ways: readonly [name: string, cosign: Cosign, options: Partial<AttestOptions>, tagged: boolean][] = [
  ['cosign 2', 'cosign2', {}, true],
  ['cosign 2 with a time stamp', 'cosign2', { stamped: true }, true],
  ['cosign 2 with a time stamp alone', 'cosign2', { stamped: true, logged: false }, true],
  ['cosign 3', 'cosign3', {}, false],
  ['cosign 3 with a time stamp', 'cosign3', { stamped: true }, false],
  ['cosign 3 as cosign 2 did', 'cosign3', { asBefore: true }, true],
  ['cosign 3 as cosign 2 did, with a time stamp', 'cosign3', { asBefore: true, stamped: true }, true],
];

describe.each(ways)('%s without a key', (_, cosign, options, tagged) => {
  test.each([0, 1])('who attested, by log and time stamp, on registry %d', async (which) => {
    const attested = await pushed('keyless/app', registries[which]?.host);
    await keylessAttest(cosign, sigstore, attested.name, { type, predicate: approved, ...options });
    const [attestation, another] = attestations(await read(attested));
    expect(another).toBeUndefined();
    expect(attestation).toMatchObject({
      predicateType: type,
      stated: {
        claims: [{ digest: attested.image.digest }],
        signed: { format: 'dsse' },
      },
    });
    expect(attestation && predicate(attestation)).toEqual(approved);
    const { logEntries, timestamps } = attestation?.stated?.signed.material ?? { logEntries: [], timestamps: [] };
    const logged = options.logged !== false;
    expect([logEntries.length, timestamps.length]).toEqual([Number(logged), Number(options.stamped === true)]);
    if (which === 0 && tagged) expect(await taggedLayers(attested.name, 'att')).toHaveLength(1);

    const later = Date.now() + hour;
    expect(await reason(attested, keylessOf(workflow), later)).toBe(logged ? 'pass' : 'log-entry-missing');
    const other = keylessOf({ ...workflow, subject: githubSubject.replace('main', 'dev') });
    expect(await reason(attested, other, later)).toBe(logged ? 'subject-mismatch' : 'log-entry-missing');
    // By the time stamp alone the certificate, which has ended, was valid when it signed.
    const unlogged = keylessOf({ ...workflow, rekor: { ignoreTlog: true } });
    expect(await reason(attested, unlogged, later)).toBe(options.stamped ? 'pass' : 'certificate-expired');
  });
});

test.each(['cosign2', 'cosign3'] as const)('%s with a key in the log', async (cosign) => {
  const attested = await pushed(`${cosign}/logged`);
  await attestLogged(cosign, sigstore, attested.name, { key }, { type, predicate: approved });
  expect(await reason(attested, keysOf([], { publicKeys: [key.pem], rekor: { ignoreTlog: false } }))).toBe('pass');
});

describe.each(['on', 'off'] as const)("our own signer's, with the referrers API %s", (referrers) => {
  test.each(knownTypes)('$name: cosign verifies it as such, and as no other', async (known) => {
    const { name, predicateType, predicate } = known;
    await using stack = new AsyncDisposableStack();
    const registry = stack.adopt(await startRegistry({ referrers }), (each) => each.close());
    const destination = storeDestination(registry);
    const ours = newKey();
    const publicKey = join(dir, 'ours.pub');
    await writeFile(publicKey, ours.publicKeyPem);
    const key: CosignKey = { algorithm: 'ecdsa-p256', privateKey: '', publicKey, pem: ours.publicKeyPem };
    const another = predicateType === 'https://openvex.dev/ns' ? 'vuln' : 'openvex';
    for (const [format, verify] of [['att', verifyAttestation2] as const, ['bundle', verifyAttestation3] as const]) {
      const digest = await makeImage(destination, 'attested', format);
      await attest(destination, { repository: 'attested', digest, key: ours, predicateType, predicate, format });
      const reference = `${registry.host}/attested@${digest}`;
      expect(await verify(reference, key, { type: name })).toMatchObject({ code: 0 });
      expect((await verify(reference, key, { type: another })).code).not.toBe(0);
    }
  });
});

test.each(['cosign2', 'cosign3'] as const)('%s in another repository, and in that one alone', async (cosign) => {
  const attested = await pushed(`${cosign}/apart`);
  const kept = { registry: attested.repository.registry, path: `${cosign}/kept` };
  const attestWith = cosign === 'cosign2' ? attest2 : attest3;
  await attestWith(attested.name, key, { type, predicate: approved, repository: `${kept.registry}/${kept.path}` });
  expect(attestations(await read(attested))).toEqual([]);
  expect(await reason({ ...attested, repository: kept }, byKey())).toBe('pass');
});
