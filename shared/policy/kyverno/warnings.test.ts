import { clusterPolicy, entry, keyA, keyB, keys, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;
const withEntry = (changes: Json) => clusterPolicy({ rules: [rule({ verifyImages: [entry(changes)] })] });
const withAttestors = (...entries: Json[]) => withEntry({ attestors: [{ entries }] });
const ignoreTlog = { ignoreTlog: true };

test.each<[string, Json, string, Json]>([
  [
    'a pattern that names some tags, with the pattern that asks all of them',
    withEntry({ imageReferences: ['ghcr.io/acme/app:v*'] }),
    '"ghcr.io/acme/app" asks all of them',
    withEntry({ imageReferences: ['ghcr.io/acme/app:*', 'ghcr.io/acme/app*', 'localhost:5000/*'] }),
  ],
  [
    'a rule that enforces under failurePolicy Ignore',
    clusterPolicy({ webhookConfiguration: { failurePolicy: 'Ignore' } }),
    'enforces under failurePolicy Ignore',
    clusterPolicy({
      webhookConfiguration: { failurePolicy: 'Ignore' },
      validationFailureAction: 'Audit',
      rules: [rule({ verifyImages: [entry({ mutateDigest: false })] })],
    }),
  ],
  [
    'a rule that enforces in some namespaces under failurePolicy Ignore',
    clusterPolicy({
      failurePolicy: 'Ignore',
      validationFailureAction: 'Audit',
      validationFailureActionOverrides: [{ action: 'Enforce', namespaces: ['prod'] }],
      rules: [rule({ verifyImages: [entry({ mutateDigest: false })] })],
    }),
    'enforces under failurePolicy Ignore',
    clusterPolicy({ failurePolicy: 'Fail' }),
  ],
  [
    'an entry that is required and has no attestors',
    withEntry({ attestors: [] }),
    'is required and has no attestors',
    withEntry({ attestors: [], required: false }),
  ],
  [
    'a flat image',
    withEntry({ image: 'ghcr.io/acme/a' }),
    'image: is deprecated: write imageReferences',
    withEntry({ imageReferences: ['ghcr.io/acme/a'] }),
  ],
  ['a flat key', withEntry({ key: keyA }), 'key: is deprecated', withEntry({})],
  [
    'an action in lower case',
    clusterPolicy({ validationFailureAction: 'enforce' }),
    'Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead',
    clusterPolicy({ validationFailureAction: 'Enforce' }),
  ],
  [
    'an older field beside the one that wins',
    clusterPolicy({ failurePolicy: 'Ignore', webhookConfiguration: { failurePolicy: 'Fail' } }),
    'has no effect: spec.webhookConfiguration.failurePolicy is used',
    clusterPolicy({ failurePolicy: 'Fail' }),
  ],
  [
    'a signature algorithm that loses',
    withAttestors({
      keys: { publicKeys: keyA, rekor: ignoreTlog, signatureAlgorithm: 'sha256' },
      signatureAlgorithm: 'sha512',
    }),
    'has no effect: keys.signatureAlgorithm (sha256) is used',
    withAttestors({ keys: { publicKeys: keyA, rekor: ignoreTlog }, signatureAlgorithm: 'sha512' }),
  ],
  [
    'one key twice where two are counted',
    withEntry({ attestors: [{ count: 2, entries: [keys(keyA), keys(`${keyB}\n${keyA}`)] }] }),
    'names the same key twice',
    withAttestors(keys(keyA), keys(`${keyB}\n${keyA}`)),
  ],
])('warns of %s', (_, warned, message, quiet) => {
  expect(warningsOf(warned)).toEqual([expect.stringContaining(message)]);
  expect(warningsOf(quiet)).toEqual([]);
});

test('a rule that enforces under failurePolicy Ignore where matchConditions hold: nobody is asked where they fail', () => {
  const matchConditions = [{ name: 'tier', expression: "object.metadata.labels['tier'] != 'dev'" }];
  const warned = (webhookConfiguration: Json) => warningsOf(clusterPolicy({ webhookConfiguration })).join('\n');
  const failing = 'nobody is asked about an object for which one of its matchConditions fails to evaluate';
  expect(warned({ failurePolicy: 'Ignore', matchConditions })).toContain(failing);
  expect(warned({ failurePolicy: 'Fail', matchConditions })).not.toContain(failing);
  expect(warned({ failurePolicy: 'Ignore' })).not.toContain(failing);
});
