import fc from 'fast-check';
import { type Changes, caseOf, type Draft, policyOf, repository, type World } from './case.ts';
import { acme, bit, type CertificateSpec, caOf, day, eku, leafOf, now } from './certificates.ts';
import { image } from './corners.ts';
import { signatureOf, tokenOf, withToken } from './corners-times.ts';
import { changedCose, changedJws } from './envelopes.ts';
import type { Format, Made, SignRequest } from './peer.ts';

// Cases drawn at random, of what envelopes and policies can say together. The corners have each flaw for itself.

const leaves: Readonly<Record<string, Partial<CertificateSpec>>> = {
  good: {},
  expired: { notAfter: now - 5 * day },
  'not yet valid': { notBefore: now + day },
  server: { extendedKeyUsage: { oids: [eku.codeSigning, eku.serverAuth], critical: false } },
  'code signing': { extendedKeyUsage: { oids: [eku.codeSigning], critical: true } },
  encipherment: { keyUsage: { bits: [bit.digitalSignature, bit.keyEncipherment], critical: true } },
  'usage not critical': { keyUsage: { bits: [bit.digitalSignature], critical: false } },
  'a CA': { basicConstraints: { ca: true, critical: true } },
  'two units': { subject: acme(['OU', 'a'], ['OU', 'b'], ['CN', 'signer']) },
  'no state': {
    subject: [
      ['C', 'US'],
      ['O', 'Acme'],
      ['CN', 'signer'],
    ],
  },
  "another issuer's key": { signedBy: 'ec-256/elsewhere' },
};
const chains = {
  three: (leaf: CertificateSpec) => [leaf, caOf('intermediate'), caOf('root')],
  two: (leaf: CertificateSpec) => [leaf, caOf('root')],
  alone: (leaf: CertificateSpec) => [leaf],
  'without its end': (leaf: CertificateSpec) => [
    leaf,
    caOf('intermediate', { issuer: acme(['CN', 'root']), signedBy: 'ec-256/root' }),
  ],
  'with an expired CA': (leaf: CertificateSpec) => [
    leaf,
    caOf('intermediate', { notAfter: now - 5 * day }),
    caOf('root'),
  ],
  'with a CA that is none': (leaf: CertificateSpec) => [
    leaf,
    caOf('intermediate', { basicConstraints: { ca: false, critical: true } }),
    caOf('root'),
  ],
} as const;

const usually = <Value>(value: Value, ...others: readonly Value[]) =>
  fc.oneof(
    { weight: others.length * 2, arbitrary: fc.constant(value) },
    { weight: others.length, arbitrary: fc.constantFrom(...others) },
  );

const drawing = fc.record({
  format: fc.constantFrom<Format>('jws', 'cose'),
  key: fc.constantFrom('ec-256', 'ec-256', 'ec-384', 'ec-521', 'rsa-2048', 'rsa-3072', 'rsa-4096'),
  leaf: usually('good', ...Object.keys(leaves)),
  chain: usually<keyof typeof chains>('three', ...(Object.keys(chains) as (keyof typeof chains)[])),
  authority: fc.integer({ min: 0, max: 3 }).map((drawn) => drawn === 0),
  expiry: usually<number | undefined>(undefined, now + day, now - 60_000),
  attribute: usually('none', 'critical', 'not critical', 'plugin'),
  tampered: usually('not', 'digest', 'size', 'media type', 'signature', 'payload'),
  stamp: usually('none', 'good', 'late', 'of others', 'broken'),
  level: fc.constantFrom('strict', 'permissive', 'audit'),
  override: usually<Record<string, string> | undefined>(
    undefined,
    { expiry: 'enforce' },
    { expiry: 'log' },
    { authenticity: 'log' },
    { authenticity: 'enforce' },
    { authenticTimestamp: 'log' },
    { authenticTimestamp: 'enforce', revocation: 'skip' },
  ),
  verifyTimestamp: usually<string | undefined>(undefined, 'always', 'afterCertExpiry'),
  stampStore: fc.boolean(),
  store: usually('root', 'intermediate', 'stranger', 'both'),
  storeType: usually('its own', 'the other', 'each'),
  identities: usually<readonly string[]>(
    ['*'],
    ['x509.subject:C=US, ST=WA, O=Acme'],
    ['x509.subject:C=US, ST=WA, O=Acme, CN=signer'],
    ['x509.subject:C=US, ST=WA, O=Others'],
    ['x509.subject:C=US, ST=WA, O=Others', 'x509.subject:C=US, ST=WA, O=Acme'],
    ['x509.subject:C=US, ST=WA, O=Acme, OU=a'],
  ),
  scopes: usually<readonly string[]>(
    ['*'],
    [repository],
    ['registry.test/team/other'],
    ['registry.test/team/other', repository],
  ),
});
type Drawing = typeof drawing extends fc.Arbitrary<infer Value> ? Value : never;

/** So many of them; the same for the same seed. */
export function drawn(seed: number, count: number): readonly Draft[] {
  return fc.sample(drawing, { seed, numRuns: count }).map(
    (drew, index): Draft =>
      (world) =>
        caseOf(`drawn ${seed}/${index}: ${JSON.stringify(drew)}`, drew.format, image, changesOf(drew, world)),
  );
}

function changesOf(drew: Drawing, world: World): Changes {
  const { attribute } = drew;
  return {
    sign: signOf(drew),
    target: targets[drew.tampered] ?? {},
    change: (made) => stamped(tampered(made, drew), drew, world),
    policy: policyOf(statementOf(drew)),
    stores: (made) => storesOf(made, drew, world),
    ...(attribute === 'critical' ? { reason: 'An unknown critical attribute is not understood' } : {}),
  };
}

const targets: Readonly<Record<string, Partial<typeof image>>> = {
  digest: { digest: `sha256:${'0'.repeat(64)}` },
  size: { size: image.size - 1 },
  'media type': { mediaType: 'application/vnd.docker.distribution.manifest.v2+json' },
};

function signOf({ key, leaf, chain, authority, expiry, attribute }: Drawing): Partial<SignRequest> {
  const extended = {
    none: [],
    critical: [{ key: 'com.acme.must', value: 'x', critical: true }],
    'not critical': [{ key: 'com.acme.note', value: 'x', critical: false }],
    plugin: [{ key: 'io.cncf.notary.verificationPlugin', value: 'com.acme.plugin', critical: true }],
  }[attribute];
  return {
    certificates: chains[chain](leafOf({ key, ...leaves[leaf] })),
    scheme: authority ? 'notary.x509.signingAuthority' : 'notary.x509',
    signingTime: now - 20 * day,
    ...(expiry === undefined ? {} : { expiry }),
    ...(extended === undefined ? {} : { extended }),
  };
}

function statementOf(drew: Drawing): Readonly<Record<string, unknown>> {
  const { level, override, verifyTimestamp, identities, scopes, stampStore } = drew;
  return {
    registryScopes: scopes,
    signatureVerification: {
      level,
      ...(override === undefined ? {} : { override }),
      ...(verifyTimestamp === undefined ? {} : { verifyTimestamp }),
    },
    trustStores: [...storeTypes(drew).map((type) => `${type}:acme`), ...(stampStore ? ['tsa:stamps'] : [])],
    trustedIdentities: identities,
  };
}

function storeTypes({ authority, storeType }: Drawing): readonly string[] {
  const [own, other] = authority ? ['signingAuthority', 'ca'] : ['ca', 'signingAuthority'];
  if (storeType === 'each') return [own, other].flatMap((type) => type ?? []);
  return [(storeType === 'its own' ? own : other) ?? ''];
}

function storesOf({ chain }: Made, drew: Drawing, { stamps }: World): Readonly<Record<string, string>> {
  const [root = '', between = ''] = [chain.at(-1), chain.length > 2 ? chain[1] : chain.at(-1)];
  // What is neither a CA's nor its own issuer's is no store, which a corner is about: somebody's root is there in its place.
  const other = stamps.root.pem;
  const isStore = chain.length > 1 && drew.chain !== 'with a CA that is none' && drew.chain !== 'without its end';
  const end = chain.length > 1 || isSelfIssued(drew) ? root : other;
  const pems = { root: end, intermediate: isStore ? between : end, stranger: other, both: other + end };
  const pem = pems[drew.store as keyof typeof pems];
  return { ...Object.fromEntries(storeTypes(drew).map((type) => [`${type}:acme`, pem])), 'tsa:stamps': other };
}

function isSelfIssued({ leaf }: Drawing): boolean {
  return leaves[leaf]?.signedBy === undefined;
}

const flipped = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, index) => (index === 7 ? byte ^ 1 : byte));

function tampered(made: Made, { tampered: how }: Drawing): Buffer {
  if (how !== 'signature' && how !== 'payload') return made.envelope;
  if (made.format === 'cose') return changedCose(made, (cose) => ({ ...cose, [how]: flipped(cose[how]) }));
  const changed = (text: string) => Buffer.from(flipped(Buffer.from(text, 'base64url'))).toString('base64url');
  return changedJws(made, (jws) => ({ ...jws, [how]: changed(jws[how]) }));
}

function stamped(envelope: Buffer, { stamp, format, chain: _ }: Drawing, { stamps }: World): Buffer {
  if (stamp === 'none') return envelope;
  const made: Made = { format, envelope, chain: [], key: '', hashes: [], responders: {} };
  if (stamp === 'broken') return withToken(made, Buffer.from('x'));
  const at = new Date(stamp === 'late' ? now - day : now - 15 * day);
  const changes = stamp === 'of others' ? { imprint: Buffer.alloc(32) } : {};
  return withToken(made, tokenOf(stamps.stamp(signatureOf(made), at, changes)));
}
