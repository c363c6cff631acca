import { generateKeyPairSync } from 'node:crypto';
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
