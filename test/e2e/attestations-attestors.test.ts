import { createPublicKey } from 'node:crypto';
import { newKey } from '../../local/signer/signer.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { KmsKeys } from '../../shared/trust/kms.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { attestedLayer, type LeafChanges, signedBundle } from '../fixtures/authority/signing.ts';
import { trustIn } from '../fixtures/carriers.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { about, admit, all, equals, pushImage, told } from './attested.ts';
import { byKey, openWorld } from './harness.ts';

// Attestations by signers of every kind that signatures have, and by others beside them.

const authority = makeAuthority();
const type = 'https://slsa.dev/provenance/v1';
const conditions = [all(equals('{{ level }}', 3))];
const rekor = { url: 'https://rekor.sigstore.dev' };

const formats = { att: attestedLayer, bundle: signedBundle } as const;

describe.each(['att', 'bundle'] as const)('as %s', (format) => {
  async function open() {
    const world = await openWorld({ core: { roots: () => trustIn(authority) } });
    const image = await pushImage(world);
    const attest = (predicate: object, certificate: LeafChanges | 'none', signer = makeSigner()) => {
      const options = {
        signer,
        predicate,
        predicateType: type,
        ...(certificate === 'none' ? { certificate } : { certificate }),
      };
      const content = imageIn(world, image.repository, image.digest);
      attachItems(world, image.repository, image.digest, [formats[format](authority, content, options)]);
    };
    return Object.assign(world, { image, attest });
  }

  const byWorkflow = (subject: string) => [{ entries: [{ keyless: { issuer: githubIssuer, subject, rekor } }] }];

  test('keyless: the workflow that the policy names, and no other one', async () => {
    await using it = await open();
    const other = 'https://github.com/evil/app/.github/workflows/release.yml@refs/heads/main';
    it.policies(about(it, { attestations: [{ type, attestors: byWorkflow(githubSubject), conditions }] }));
    it.attest({ level: 3 }, { names: [{ uri: other }] });
    expect(told(await admit(it, it.image.name))).toContain('403 (attestation-untrusted)');
    it.attest({ level: 3 }, {});
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('keyless: what it states has to meet the conditions; a stranger with a certificate of the CA changes nothing', async () => {
    await using it = await open();
    it.policies(about(it, { attestations: [{ type, attestors: byWorkflow(githubSubject), conditions }] }));
    it.attest({ level: 1 }, { names: [{ uri: 'https://github.com/evil/x' }] });
    it.attest({ level: 3 }, {});
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    it.now += 25 * 3_600_000;
    it.attest({ level: 1 }, {});
    expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed)');
  });

  test('keyless: without own attestors those of the entry are asked, and never anyone whom the CA knows', async () => {
    await using it = await open();
    it.policies(about(it, { attestations: [{ type, conditions }] }));
    it.attest({ level: 3 }, {});
    expect(told(await admit(it, it.image.name))).toContain('403 (attestation-untrusted)');
  });

  test('a certificate that the policy names', async () => {
    await using it = await open();
    const signer = makeSigner();
    const made = authority.ca.issue({
      spki: signer.der,
      notBefore: authority.at,
      notAfter: new Date('2030-01-01'),
    });
    const attestors = [{ entries: [{ certificates: { cert: made.pem, rekor: { ignoreTlog: true } } }] }];
    it.policies(about(it, { attestations: [{ type, attestors, conditions }] }));
    it.attest({ level: 3 }, 'none');
    expect(told(await admit(it, it.image.name))).toContain('403 (attestation-untrusted)');
    it.attest({ level: 3 }, 'none', signer);
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

test('a key in a KMS; while KMS does not answer it is unavailable, and where another key is enough it is not needed', async () => {
  const inKms = newKey();
  const spki = createPublicKey(inKms.publicKeyPem).export({ format: 'der', type: 'spki' });
  let isUp = true;
  const kms: KmsKeys = () =>
    isUp
      ? { spki, usage: 'SIGN_VERIFY', algorithms: ['ECDSA_SHA_256'] }
      : Promise.reject(new Refusal('kms-unavailable', 'KMS does not answer'));
  await using it = await openWorld({ core: { kms } });
  const image = await pushImage(it);
  const byKms = { keys: { kms: 'awskms:///alias/cosign', rekor: { ignoreTlog: true } } };
  const write = (attestors: readonly unknown[], failurePolicy: 'Fail' | 'Ignore' = 'Fail') =>
    it.policies(about(it, { failurePolicy, attestations: [{ type, attestors, conditions }] }));
  write([{ entries: [byKms] }]);
  await image.attest({ level: 3 }, { type });
  expect(told(await admit(it, image.name))).toContain('403 (attestation-untrusted)');
  await image.attest({ level: 3 }, { type, key: inKms });
  expect(told(await admit(it, image.name))).toBe('allowed');
  isUp = false;
  write([{ entries: [byKms] }]);
  expect(told(await admit(it, image.name))).toContain('503 (kms-unavailable)');
  write([{ entries: [byKms] }], 'Ignore');
  expect(await admit(it, image.name)).toMatchObject({
    allowed: true,
    warnings: [expect.stringContaining('kms-unavailable')],
  });
  write([{ count: 1, entries: [byKms, byKey(it.team)] }]);
  expect(told(await admit(it, image.name))).toBe('allowed');
  // A denial is about whatever any of them attests.
  const deny = { conditions: [equals('{{ made.level }}', 0)] };
  const either = [{ count: 1, entries: [byKms, byKey(it.team)] }];
  it.policies(about(it, { attestations: [{ name: 'made', type, attestors: either }], validate: { deny } }));
  expect(told(await admit(it, image.name))).toContain('503 (kms-unavailable)');
  isUp = true;
  it.now += 25 * 3_600_000;
  expect(told(await admit(it, image.name))).toBe('allowed');
  await image.attest({ level: 0 }, { type, key: inKms });
  it.now += 25 * 3_600_000;
  expect(told(await admit(it, image.name))).toContain('403 (deny-condition)');
});
