import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import {
  attachNotary,
  attachStatement,
  attestNotary,
  type NotaryRequest,
  notary,
  signNotary,
} from '../../local/signer/notary.ts';
import { attest, makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { makeNotaryChain } from '../fixtures/notary.ts';
import { about, admit, told } from './attested.ts';
import { byKey, openWorld, pod, policy, review, type World } from './harness.ts';
import { folderWith, inThisProcess } from './processes.ts';

// Attestations with Notary signatures of their own, through the handler and on the command line: each denial has its twin that passes.

const acme = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'scanner' } });
const stranger = makeNotaryChain({ subject: { C: 'US', ST: 'WA', O: 'Acme', CN: 'scanner' } });
const signedAt = new Date('2026-01-01T00:00:00Z');
const type = 'application/vnd.acme.scan+json';
const by = ({ root }: typeof acme) => [{ entries: [{ certificates: { cert: root.pem } }] }];
const good = Buffer.from('{"critical": 0}');
const bad = Buffer.from('{"critical": 1}');
const conditions = [{ all: [{ key: '{{ critical }}', operator: 'Equals', value: 0 }] }];

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** An image in the world's registry, and what is done to it. */
async function push(repository = 'acme/app', label = repository) {
  const { destination, registry } = world;
  const digest = await makeImage(destination, repository, '1', { label });
  const signing = { repository, digest, signer: acme.signer, signedAt };
  const stating = { repository, digest, type, predicate: good };
  return {
    ...stating,
    name: `${registry.host}/${repository}:1`,
    sign: (changes: Partial<NotaryRequest> = {}) => signNotary(destination, { ...signing, ...changes }),
    attest: (predicate: Uint8Array = good, { signer } = acme, changes: object = {}) =>
      attestNotary(destination, { ...signing, ...stating, predicate, signer, ...changes }),
    state: (predicate: Uint8Array = good, changes: object = {}) =>
      attachStatement(destination, { ...stating, predicate, ...changes }),
  };
}

/** The policies: an attestation of the type, by acme, with conditions unless there are others. */
function asking(more: Record<string, unknown> = {}): void {
  const attestation = { type, attestors: by(acme), conditions, ...more };
  world.policies(about(world, { keys: [], entry: ['type: Notary'], attestations: [attestation] }));
}

const verdict = async (name: string) => told(await admit(world, name));
async function isDenied(name: string, reason: string, text: string) {
  const found = await verdict(name);
  expect([found.slice(0, found.indexOf(')') + 1), found]).toEqual([`403 (${reason})`, expect.stringContaining(text)]);
}

test('one whose statement meets the conditions lets in; one that does not is denied with what it found', async () => {
  asking();
  const image = await push();
  await image.attest();
  expect(await verdict(image.name)).toBe('allowed');
  const other = await push('acme/vulnerable');
  await other.attest(bad);
  await isDenied(other.name, 'condition-failed', 'critical');
});

test('one by somebody else that a level lets in is warned of, also when it is remembered; one by whom it trusts is not', async () => {
  const trusted = { trustStores: ['ca:acme'], trustedIdentities: ['*'] };
  const statement = { name: 'acme', registryScopes: ['*'], signatureVerification: { level: 'audit' }, ...trusted };
  world.trustPolicy({
    'trustpolicy.json': JSON.stringify({ version: '1.0', trustPolicies: [statement] }),
    'truststore/x509/ca/acme/root.pem': acme.root.pem,
  });
  world.policies(about(world, { keys: [], entry: ['type: Notary'], attestations: [{ type, conditions }] }));
  const image = await push();
  await image.sign();
  await image.attest();
  expect(await admit(world, image.name)).toMatchObject({ allowed: true, warnings: [] });
  const other = await push('acme/other');
  await other.sign();
  await other.attest(good, stranger);
  for (const source of ['registry', 'ledger']) {
    const warning = expect.stringContaining('attestations[0]: the trust policy "acme" only warns of this');
    expect(await admit(world, other.name)).toMatchObject({ allowed: true, warnings: [warning] });
    expect(world.records.at(-1)?.images[0]).toMatchObject({ reason: 'verified', source });
  }
});

test('without conditions it has to be there, whatever it states', async () => {
  asking({ conditions: undefined });
  const image = await push();
  const none = `no attestation of type "${type}" is attached to the image`;
  await isDenied(image.name, 'attestation-missing', none);
  await image.attest(bad, acme, { type: 'application/vnd.acme.other' });
  await isDenied(image.name, 'attestation-missing', none);
  await image.attest(bad);
  expect(await verdict(image.name)).toBe('allowed');
});

test('one that nobody signed is not believed; once it is signed, it is', async () => {
  asking();
  const image = await push();
  const { manifest } = await image.state();
  // A signature of the image says nothing of what is attached beside it.
  await image.sign();
  await isDenied(image.name, 'attestation-missing', `does not count: ${manifest} has no Notary signature`);
  await image.sign({ digest: manifest });
  expect(await verdict(image.name)).toBe('allowed');
});

test('nor is one that somebody else signed', async () => {
  asking();
  const image = await push();
  await image.attest(good, stranger);
  await isDenied(
    image.name,
    'attestation-untrusted',
    "a signature has none of the attestor's certificates in its chain",
  );
  await image.attest();
  expect(await verdict(image.name)).toBe('allowed');
});

test('every candidate is tried: what is unsigned, of others or broken does not spoil the one that is good', async () => {
  asking();
  const image = await push();
  await image.state(bad);
  await image.attest(Buffer.from('{"critical": 2}'), stranger);
  const { destination } = world;
  const subject = await subjectOf(image.digest);
  await destination.putManifest('acme/app', await manifestOf(subject, [good, bad]));
  const broken = await image.state(Buffer.from('{"critical": 3}'));
  await attachNotary(destination, {
    storeIn: 'acme/app',
    subject: await subjectOf(broken.manifest),
    bytes: Buffer.from('{}'),
    manifest: 'artifact',
    signer: acme.signer,
    signedAt,
  });
  await isDenied(image.name, 'attestation-untrusted', 'certificate');
  await image.attest();
  expect(await verdict(image.name)).toBe('allowed');
  // Of those that the attestor signed each has to meet the conditions.
  world.now += 2 * 3_600_000;
  await image.attest(bad);
  await isDenied(image.name, 'condition-failed', 'of 2: {{ critical }} is 1');
});

test("another image's attestation is none of this image's", async () => {
  asking();
  const image = await push();
  const other = await push('acme/app', 'another');
  const { manifest } = await other.attest();
  const { destination } = world;
  const listed = await subjectOf(manifest);
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [listed] };
  await destination.putManifest('acme/app', index, image.digest.replace(':', '-'));
  const pinned = (digest: Digest) => `${world.registry.host}/acme/app@${digest}`;
  await isDenied(pinned(image.digest), 'attestation-missing', 'is attached to the image');
  // Attached anew it is another manifest, of which the signature does not speak.
  const copied = await image.state();
  await copySignature(manifest, copied.manifest);
  await isDenied(
    pinned(image.digest),
    'attestation-untrusted',
    `is for ${manifest}, not for the attestation ${copied.manifest} that it is attached to`,
  );
  expect(await verdict(pinned(other.digest))).toBe('allowed');
});

test('a signature of the image is none of its attestation, nor the other way round', async () => {
  asking();
  const image = await push();
  await image.sign();
  const { manifest } = await image.state();
  await copySignature(image.digest, manifest);
  await isDenied(image.name, 'attestation-untrusted', `is for ${image.digest}, not for the attestation ${manifest}`);
  await image.sign({ digest: manifest });
  expect(await verdict(image.name)).toBe('allowed');

  world.policies(about(world, { attestors: by(acme), entry: ['type: Notary'] }));
  const attested = await push('acme/attested');
  const { manifest: its } = await attested.attest();
  await isDenied(attested.name, 'no-signature', 'no signature is attached to the image');
  await copySignature(its, attested.digest);
  await isDenied(attested.name, 'other-image', `is for ${its}`);
  await attested.sign();
  expect(await verdict(attested.name)).toBe('allowed');
});

test('what is stated cannot be exchanged, neither in the manifest nor under its digest', async () => {
  asking();
  const image = await push();
  const signed = await image.attest(bad);
  const exchanged = await image.state(good);
  await copySignature(signed.manifest, exchanged.manifest);
  await isDenied(image.name, 'condition-failed', 'critical');
  world.registry.store.deleteManifest('acme/app', signed.manifest);
  await isDenied(image.name, 'attestation-untrusted', `is for ${signed.manifest}`);

  const other = await push('acme/other');
  const { layer } = await other.attest(bad);
  world.registry.store.putBlob('acme/other', good, layer);
  await isDenied(other.name, 'digest-mismatch', 'is unlike');
  world.registry.store.putBlob('acme/other', bad, layer);
  await isDenied(other.name, 'condition-failed', 'critical');
});

test('a payload has to describe the attestation: digest, media type and size', async () => {
  asking();
  for (const [label, claim, text] of [
    ['size', { size: 7 }, "is for the attestation's digest as one of 7 bytes"],
    ['type', { mediaType: 'application/x' }, "is for the attestation's digest as one of media type"],
  ] as const) {
    const image = await push(`acme/${label}`);
    const { manifest } = await image.state();
    await image.sign({ digest: manifest, claim });
    await isDenied(image.name, 'attestation-untrusted', text);
    await image.sign({ digest: manifest });
    expect(await verdict(image.name)).toBe('allowed');
  }
});

test('one of several layers says nothing, signed or not', async () => {
  asking();
  const image = await push();
  const subject = await subjectOf(image.digest);
  const manifest = await world.destination.putManifest('acme/app', await manifestOf(subject, [good, bad]));
  await image.sign({ digest: manifest });
  await isDenied(image.name, 'attestation-missing', `does not count: ${manifest} has 2 layers`);
  const single = await world.destination.putManifest('acme/app', await manifestOf(subject, [good]));
  await image.sign({ digest: single });
  expect(await verdict(image.name)).toBe('allowed');
});

test('what is no JSON, or no object, meets no condition', async () => {
  asking();
  for (const [label, content, text] of [
    ['text', 'critical: 0', 'statement 1 of 1: the predicate is not JSON'],
    ['list', '[{"critical": 0}]', 'the statement is no JSON object'],
  ] as const) {
    const image = await push(`acme/${label}`);
    await image.attest(Buffer.from(content));
    await isDenied(image.name, 'condition-error', text);
  }
});

test('more of a type than are tried: where each has to meet conditions, that is told', async () => {
  asking();
  const image = await push();
  for (let index = 0; index < 10; index += 1) await image.attest(Buffer.from(`{"critical": 0, "index": ${index}}`));
  expect(await verdict(image.name)).toBe('allowed');
  world.now += 2 * 3_600_000;
  await image.state();
  await isDenied(image.name, 'too-many-signatures', 'more than 10 attestations of one type are attached');
});

test('one that could not be read might fail: where each has to meet conditions it is told in place of a pass', async () => {
  const { store } = world.registry;
  const image = await push();
  await image.attest();
  const failing = await image.attest(bad);
  const [signature] = store.referrers('acme/app', failing.manifest);
  const { layers } = JSON.parse(signature?.bytes.toString() ?? '');
  for (const [what, digest] of [
    ['its layer', failing.layer],
    ['its signature', layers[0].digest],
  ]) {
    const bytes = store.blob('acme/app', digest);
    store.deleteBlob('acme/app', digest);
    asking();
    await isDenied(image.name, 'content-missing', 'the registry does not have');
    asking({ conditions: undefined });
    expect([what, await verdict(image.name)]).toEqual([what, 'allowed']);
    store.putBlob('acme/app', bytes ?? Buffer.alloc(0), digest);
    world.now += 2 * 3_600_000;
  }
  asking();
  await isDenied(image.name, 'condition-failed', 'critical');
});

test('attestors are counted, each by a signature of its own', async () => {
  asking({ attestors: [...by(acme), ...by(stranger)] });
  const image = await push();
  const { manifest } = await image.attest();
  await isDenied(image.name, 'attestation-untrusted', "none of the attestor's certificates");
  await image.sign({ digest: manifest, signer: stranger.signer });
  expect(await verdict(image.name)).toBe('allowed');
});

test('what was found is remembered with what it states, and conditions are asked on each use', async () => {
  asking();
  const image = await push();
  await image.attest(Buffer.from('{"critical": 0, "high": 3}'));
  expect(await verdict(image.name)).toBe('allowed');
  const before = world.registry.requests.length;
  const high = (value: number) => [{ all: [{ key: '{{ high }}', operator: 'LessThanOrEquals', value }] }];
  asking({ conditions: high(3) });
  expect(await verdict(image.name)).toBe('allowed');
  expect(world.registry.requests.length).toBe(before);
  asking({ conditions: high(2) });
  await isDenied(image.name, 'condition-failed', 'high');
});

test('two names of one image, of which rules ask other types, in one review', async () => {
  const types = ['application/vnd.acme.one', 'application/vnd.acme.two'];
  const rules = types.map((one, index) => {
    const parts = { keys: [], entry: ['type: Notary'], attestations: [{ type: one, attestors: by(acme), conditions }] };
    return about(world, { ...parts, name: `rule-${index}`, images: `${world.registry.host}/acme/*:${index + 1}` });
  });
  world.policies(...rules);
  const image = await push();
  await makeImage(world.destination, image.repository, '2', { label: image.repository });
  const names = [image.name, image.name.replace(/1$/, '2')];
  const both = async () => told(await world.send('/mutate', review(pod(names))));
  await image.attest(good, acme, { type: types[0] });
  expect(await both()).toContain('(attestation-missing)');
  await image.attest(good, acme, { type: types[1] });
  // Nothing is remembered any more, so that both are asked for at once.
  world.now += 2 * 3_600_000;
  expect(await both()).toBe('allowed');
});

test('a signature and an attestation are asked for side by side', async () => {
  const attestations = [{ type, attestors: by(acme), conditions }];
  world.policies(about(world, { attestors: by(acme), entry: ['type: Notary'], attestations }));
  const image = await push();
  await image.attest();
  await isDenied(image.name, 'only-attestations', 'attestations (1) and no signature are attached');
  await image.sign();
  expect(await verdict(image.name)).toBe('allowed');
});

test('an attestation of cosign does not count under type Notary, nor the other way round', async () => {
  asking();
  const image = await push();
  await attest(world.destination, {
    repository: image.repository,
    digest: image.digest,
    key: world.team,
    predicateType: type,
    predicate: { critical: 0 },
    format: 'bundle',
  });
  await isDenied(image.name, 'attestation-missing', 'no attestation of type');
  const cosign = [{ type, attestors: [{ entries: [byKey(world.team)] }], conditions }];
  world.policies(about(world, { keys: [], attestations: cosign }));
  expect(await verdict(image.name)).toBe('allowed');
  const other = await push('acme/other');
  await other.attest();
  await isDenied(other.name, 'attestation-missing', 'no attestation of type');
  asking();
  expect(await verdict(other.name)).toBe('allowed');
});

describe('on the command line', () => {
  const statement = {
    name: 'acme',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject:C=US,ST=WA,O=Acme,CN=scanner'],
  };
  const off = { name: 'off', signatureVerification: { level: 'skip' } };

  test('a trust policy says who may attest, and skip vouches for nothing', async () => {
    await using registry = await startRegistry();
    const destination = storeDestination(registry);
    for (const repository of ['acme/app', 'acme/skipped', 'acme/foreign']) {
      const digest = await makeImage(destination, repository, '1', { label: repository });
      const { signer } = repository === 'acme/foreign' ? stranger : acme;
      const signing = { repository, digest, signer, signedAt };
      await signNotary(destination, signing);
      await attestNotary(destination, { ...signing, type, predicate: good });
    }
    const scopes = [`${registry.host}/acme/skipped`];
    const trustPolicies = [statement, { ...off, registryScopes: scopes }];
    const entry = ['type: Notary', `attestations: ${JSON.stringify([{ type, conditions }])}`];
    await using folder = await folderWith({
      'policy.yaml': policy({ images: '*', entry }),
      'signed.yaml': policy({ images: '*', entry: ['type: Notary'] }),
      'notary/trustpolicy.json': JSON.stringify({ version: '1.0', trustPolicies }),
      'notary/truststore/x509/ca/acme/root.pem': acme.root.pem,
    });
    const verify = async (file: string, repository: string) => {
      const image = `${registry.host}/${repository}:1`;
      const words = ['verify', '--policy', folder.file(file), '--image', image, '--at', '2026-06-01T00:00:00Z'];
      const { status, stdout } = await inThisProcess(words);
      return [status, stdout] as const;
    };
    expect((await verify('policy.yaml', 'acme/app'))[0]).toBe(0);
    expect(await verify('policy.yaml', 'acme/foreign')).toEqual([1, expect.stringContaining('certificate-untrusted')]);
    expect((await verify('signed.yaml', 'acme/skipped'))[0]).toBe(0);
    expect(await verify('policy.yaml', 'acme/skipped')).toEqual([
      1,
      expect.stringContaining('the trust policy "off" verifies nothing (skip), so nobody vouches for what is attested'),
    ]);
  });
});

async function subjectOf(digest: Digest) {
  const found = await world.destination.manifest('acme/app', digest);
  if (found === undefined) throw new Error(`${digest} is not there`);
  return { mediaType: found.mediaType, digest, size: found.bytes.length };
}

/** A manifest of the type with these layers. */
async function manifestOf(subject: object, layers: readonly Buffer[]) {
  const stored = layers.map(async (bytes) => ({
    mediaType: 'application/json',
    digest: await world.destination.putBlob('acme/app', bytes),
    size: bytes.length,
  }));
  const empty = Buffer.from('{}');
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: await world.destination.putBlob('acme/app', empty),
    size: empty.length,
  };
  const [schemaVersion, mediaType] = [2, 'application/vnd.oci.image.manifest.v1+json'];
  return { schemaVersion, mediaType, artifactType: type, config, layers: await Promise.all(stored), subject };
}

/** Attaches what is a signature of one manifest to another. */
async function copySignature(from: Digest, to: Digest): Promise<void> {
  const { store } = world.registry;
  for (const repository of ['acme/app', 'acme/attested']) {
    for (const { bytes } of store.referrers(repository, from)) {
      const manifest = JSON.parse(bytes.toString());
      const subject = store.manifest(repository, to);
      if (manifest.artifactType !== notary.artifactType || subject === undefined) continue;
      const { digest, mediaType } = subject;
      store.putManifest(repository, { ...manifest, subject: { mediaType, digest, size: subject.bytes.length } });
    }
  }
}
