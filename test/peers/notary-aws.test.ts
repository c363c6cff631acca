import { awsSigner } from '../../shared/aws/signer.ts';
import { signerClients } from '../../shared/aws/signer-clients.ts';
import { failed, fakeCredentials } from '../../shared/aws/testing/service.ts';
import { startSigner, type TestSignerService } from '../../shared/aws/testing/signer.ts';
import { monotonic } from '../../shared/net/deadline.ts';
import { createRevocations } from '../../shared/revocation/create.ts';
import type { Revocations } from '../../shared/revocation/revocation.ts';
import { policyOf, repository } from './notary/case.ts';
import { type CertificateSpec, caOf, day, leafOf, now } from './notary/certificates.ts';
import { image } from './notary/corners.ts';
import { ours } from './notary/ours.ts';
import { type Made, mediaTypes, signAll, verifyAll } from './notary/peer.ts';
import { doorTo } from './notary/responders.ts';

// Envelopes as AWS Signer makes them, signed by notation-core-go: they are verified without a plugin, and a stub of the service's endpoint
// records what the SDK's own client asks it.

const account = 'arn:aws:signer:us-west-2:111122223333:';
const profile = `${account}/signing-profiles/release`;
const version = `${profile}/AbCdEfGhIj`;
const job = `${account}/signing-jobs/0f2a7c1e-1111-2222-3333-444455556666`;
const names = {
  plugin: 'io.cncf.notary.verificationPlugin',
  version: 'com.amazonaws.signer.signingProfileVersion',
  job: 'com.amazonaws.signer.signingJob',
} as const;

const ofAws = (name: string) => [
  ['C', 'US'],
  ['ST', 'WA'],
  ['L', 'Seattle'],
  ['O', 'AWS'],
  ['OU', 'AWS Cryptography'],
  ['CN', name],
];
const authority = (name: string, changes: Partial<CertificateSpec> = {}) =>
  caOf(name, { subject: ofAws(name), key: `ec-384/${name}`, ...changes });
const signedAt = now - 20 * day;
/** Four certificates, of which the signer's lived for three days around the signing. */
const certificates = [
  leafOf({ subject: ofAws('AWS Signer'), key: 'ec-384', notBefore: signedAt - day, notAfter: signedAt + 2 * day }),
  authority('Code Signing CA'),
  authority('Code Signing Int CA'),
  authority('Code Signing Root CA'),
];
const attributes = [
  { key: names.plugin, value: 'com.amazonaws.signer.notation.plugin', critical: true },
  { key: names.version, value: version, critical: true },
  { key: names.job, value: job, critical: true },
];

let service: TestSignerService;
let revocations: Revocations;
let made: Made;
let another: Made;

beforeAll(async () => {
  service = await startSigner();
  const signing = {
    format: 'jws',
    certificates,
    target: image,
    scheme: 'notary.x509.signingAuthority',
    signingTime: signedAt,
    expiry: now + 4000 * day,
  } as const;
  const unknown = { key: 'com.amazonaws.signer.other', value: 'x', critical: true };
  const signed = await signAll([
    { ...signing, extended: attributes },
    { ...signing, extended: [...attributes, unknown] },
  ]);
  const [first, second] = signed;
  if (first === undefined || second === undefined) throw new Error('nothing was signed');
  [made, another] = [first, second];
});

afterAll(() => service?.close());

beforeEach(() => {
  service.answerWith([]);
  service.asked.length = 0;
  const clients = signerClients({ endpoint: service.endpoint, credentials: fakeCredentials, requestMs: 2000 });
  const signer = awsSigner({ clientFor: clients, clock: Date.now });
  revocations = createRevocations({ door: doorTo({}), clock: Date.now, elapsed: monotonic, signer });
});

const trusting = (identity: string, level = 'strict') =>
  policyOf({ trustStores: ['signingAuthority:aws'], trustedIdentities: [identity], signatureVerification: { level } });

async function verdict(policy: object, { envelope, chain, format }: Made = made) {
  const stores = { 'signingAuthority:aws': chain.at(-1) ?? '' };
  const mediaType = mediaTypes[format];
  const outcome = await ours({ envelope, mediaType, repository, policy, stores, at: Date.now(), revocations });
  if (outcome === 'policy') return outcome;
  return outcome.pass ? { pass: true, notes: outcome.notes?.length ?? 0 } : outcome.reason;
}

test.each([profile, version, profile.replace('release', 'RELEASE')])(
  'the profile %s: verified, after the service was asked about what was signed',
  async (identity) => {
    expect(await verdict(trusting(identity))).toEqual({ pass: true, notes: 0 });
    const [leaf = '', ca = '', between = '', root = ''] = made.hashes;
    expect(service.asked).toEqual([
      {
        signatureTimestamp: [new Date(signedAt).toISOString().replace('.000Z', 'Z')],
        platformId: ['Notation-OCI-SHA384-ECDSA'],
        profileVersionArn: [version],
        jobArn: [job],
        certificateHashes: [leaf + ca, ca + between, between + root, root + root],
      },
    ]);
  },
);

test.each([
  `${profile}/ZzZzZzZzZz`,
  `${account}/signing-profiles/other`,
  profile.replace('us-west-2', 'eu-west-1'),
  profile.replace('111122223333', '999999999999'),
])('the profile %s: not by it', async (identity) => {
  expect(await verdict(trusting(identity))).toBe('identity-untrusted');
  expect(service.asked).toEqual([]);
});

test('anybody is nobody, as for the plugin', async () => {
  expect(await verdict(trusting('*'))).toBe('identity-untrusted');
});

test('what the service has revoked is denied, and warned of where it is only logged', async () => {
  service.answerWith([version]);
  expect(await verdict(trusting(profile))).toBe('certificate-revoked');
  service.answerWith([job]);
  expect(await verdict(trusting(profile, 'permissive'))).toEqual({ pass: true, notes: 1 });
});

test('a service that does not answer: nobody can say', async () => {
  service.answerWith(failed('AccessDeniedException', 403));
  expect(await verdict(trusting(profile))).toBe('revocation-unavailable');
});

test('another attribute that must be understood', async () => {
  expect(await verdict(trusting(profile), another)).toBe('attribute-unknown');
});

test('notation-go has no plugin: it verifies nothing of it, whatever the level', async () => {
  const { envelope, chain, format } = made;
  const stores = { 'signingAuthority:aws': chain.at(-1) ?? '' };
  const reference = `${repository}@${image.digest}`;
  const policy = trusting(profile, 'audit');
  const [verified] = await verifyAll([
    { envelope, mediaType: mediaTypes[format], target: image, reference, policy, stores },
  ]);
  expect(verified?.error).toContain('plugin');
});
