import { generateKeyPairSync } from 'node:crypto';
import { loadPolicies } from '../policy/kyverno/load.ts';
import { trustWarnings } from './preload.ts';

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

test('a key that loads and cannot be used is told once, with its place', () => {
  const warnings = trustWarnings(loadPolicies([{ name: 'p.yaml', text: policy(pem(1024)) }]));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ file: 'p.yaml', line: 7 });
  expect(warnings[0]?.message).toContain('rule check: verifyImages[0].attestors[0].entries[0].keys');
});

test('a key that can be used is not told of', () => {
  expect(trustWarnings(loadPolicies([{ name: 'p.yaml', text: policy(pem(2048)) }]))).toEqual([]);
});
