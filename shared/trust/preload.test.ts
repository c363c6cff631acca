import { generateKeyPairSync } from 'node:crypto';
import { makeAuthority } from '../../test/fixtures/authority/authority.ts';
import { basicConstraints, extension, keyUsage } from '../../test/fixtures/authority/certificate.ts';
import { explicit, implicit, sequence } from '../../test/fixtures/authority/der.ts';
import { loadPolicies } from '../policy/kyverno/load.ts';
import { carriedRoot } from '../trust-roots/carried.ts';
import { trustWarnings } from './preload.ts';
import { noRoots } from './root/trust-root.ts';

const pem = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

const policy = (key: string) => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: signed}
spec:
  validationFailureAction: Enforce
  rules:
    - name: check
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["ghcr.io/acme/*"]
          attestors:
            - entries:
                - keys: {rekor: {ignoreTlog: true}, publicKeys: ${JSON.stringify(key)}}
`;

test('a key that loads and cannot be used is told once, with its place', async () => {
  const warnings = await trustWarnings(loadPolicies([{ name: 'p.yaml', text: policy(pem(1024)) }]), noRoots);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ file: 'p.yaml', line: 7 });
  expect(warnings[0]?.message).toContain('rule check: verifyImages[0].attestors[0].entries[0].keys');
});

test('a key that can be used is not told of, and no trust root is asked for', async () => {
  const roots = () => Promise.reject(new Error('asked for'));
  expect(await trustWarnings(loadPolicies([{ name: 'p.yaml', text: policy(pem(2048)) }]), roots)).toEqual([]);
});

test('a key in KMS is not asked for; what else its rule asks for is told of', async () => {
  const inKms = policy('awskms:///alias/cosign');
  expect(await trustWarnings(loadPolicies([{ name: 'p.yaml', text: inKms }]), noRoots)).toEqual([]);
  const logged = loadPolicies([{ name: 'p.yaml', text: inKms.replace('rekor: {ignoreTlog: true}, ', '') }]);
  expect(await trustWarnings(logged, noRoots)).toEqual([
    expect.objectContaining({ message: expect.stringContaining('there is no trust root') }),
  ]);
});

test('a log that is asked for and that nobody knows is told of; with a root that has it, it is not', async () => {
  const text = policy(pem(2048)).replace('rekor: {ignoreTlog: true}, ', '');
  const set = loadPolicies([{ name: 'p.yaml', text }]);
  expect(await trustWarnings(set, noRoots)).toEqual([
    expect.objectContaining({ message: expect.stringContaining('there is no trust root') }),
  ]);
  expect(await trustWarnings(set, async () => (await carriedRoot()).root)).toEqual([]);
});

test('a CA of the policy that issued nothing which counts is told of', async () => {
  const name = implicit(2, Buffer.from('acme.test'));
  const constraints = extension('2.5.29.30', sequence(explicit(0, sequence(name))), true);
  const usual = [keyUsage('keyCertSign'), basicConstraints(true, 0)];
  const told = async (intermediateExtensions: Buffer[]) => {
    const { ca } = makeAuthority({ ca: { intermediateExtensions } });
    const chain = JSON.stringify(ca.chain.map((one) => one.pem).join(''));
    const certificates = `certificates: {rekor: {ignoreTlog: true}, ctlog: {ignoreSCT: true}, certChain: ${chain}}`;
    const text = policy('x').replace(/keys: .*/, certificates);
    const warnings = await trustWarnings(loadPolicies([{ name: 'p.yaml', text }]), noRoots);
    return warnings.map(({ message }) => message);
  };
  const ca =
    'attestors[0].entries[0]: the CA O=sigstore.test, CN=sigstore.test intermediate issued nothing that counts';
  expect(await told(usual)).toEqual([]);
  expect(await told([...usual, constraints])).toEqual([expect.stringContaining(`${ca}, since its name constraints`)]);
  expect(await told([keyUsage('keyCertSign')])).toEqual([
    expect.stringContaining(`${ca}, since it may not issue certificates`),
  ]);
});
