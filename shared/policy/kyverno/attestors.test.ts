import type { AttestorEntry } from '../policy.ts';
import { PolicyLoadError } from '../problems.ts';
import { certA, certB } from '../testing/certificates.ts';
import {
  clusterPolicy,
  entry,
  keyA,
  keyB,
  keyless,
  keys,
  load,
  problemsOf,
  rule,
  warningsOf,
} from '../testing/policies.ts';
import { loadPolicies } from './load.ts';

type Json = Record<string, unknown>;
const withEntry = (changes: Json) => clusterPolicy({ rules: [rule({ verifyImages: [entry(changes)] })] });
const withSet = (set: Json) => withEntry({ attestors: [set] });
const withAttestors = (...entries: Json[]) => withSet({ entries });
const certificates = (changes: Json, more: Json = {}) => ({ certificates: changes, ...more });
const inAttestor = 'spec.rules[0].verifyImages[0].attestors[0].entries[0]';
const rekor = { url: 'https://rekor.example.com' };
const nothing = { ignoreTlog: false };
const ctlog = { ignoreSCT: false };
const alias = 'awskms:///alias/cosign';

function attestor(written: Json): AttestorEntry | undefined {
  return load(withAttestors(written)).rules[0]?.entries[0]?.attestors[0]?.entries[0];
}

test('keyless, every field', () => {
  const written = keyless(
    {
      issuerRegExp: '^https://token\\.actions\\.githubusercontent\\.com$',
      subject: undefined,
      subjectRegExp: '^https://github\\.com/acme/.+@refs/heads/main$',
      additionalExtensions: { githubWorkflowRepository: 'acme/*', '1.3.6.1.4.1.57264.1.20': 'push' },
      roots: `# ours\n${certA}\n${certB}`,
      rekor: { ...rekor, pubkey: `# the log\n${keyA}`, ignoreTlog: true },
      ctlog: { ignoreSCT: true, pubkey: keyB, tsaCertChain: certA + certB },
    },
    { repository: 'ghcr.io/acme/signatures', annotations: { team: 'a' }, signatureAlgorithm: 'sha256' },
  );
  expect(attestor(JSON.parse(JSON.stringify(written)))).toEqual({
    kind: 'keyless',
    issuer: 'https://token.actions.githubusercontent.com',
    issuerRegExp: '^https://token\\.actions\\.githubusercontent\\.com$',
    subjectRegExp: '^https://github\\.com/acme/.+@refs/heads/main$',
    additionalExtensions: { githubWorkflowRepository: 'acme/*', '1.3.6.1.4.1.57264.1.20': 'push' },
    roots: `${certA}${certB.trim()}`,
    rekor: { url: 'https://rekor.example.com', pubkey: keyA.trim(), ignoreTlog: true },
    ctlog: { ignoreSCT: true, pubkey: keyB.trim(), tsaCertChain: `${certA}${certB.trim()}` },
    repository: { registry: 'ghcr.io', path: 'acme/signatures' },
    annotations: { team: 'a' },
  });
});

test("keyless, Kyverno's defaults", () => {
  expect(attestor({ keyless: { issuer: 'https://a', subject: 'b', roots: certA } })).toEqual({
    kind: 'keyless',
    issuer: 'https://a',
    subject: 'b',
    additionalExtensions: {},
    roots: certA.trim(),
    rekor: nothing,
    ctlog,
  });
});

test.each<[string, Json, Json]>([
  ['a certificate', { cert: certA }, { cert: certA.trim() }],
  ['a chain', { certChain: certA + certB }, { certChain: `${certA}${certB.trim()}` }],
  ['both', { cert: certA, certChain: certB }, { cert: certA.trim(), certChain: certB.trim() }],
  [
    'their logs',
    { cert: certA, rekor: { ...rekor, pubkey: keyA }, ctlog: { pubkey: keyB, tsaCertChain: certB } },
    {
      cert: certA.trim(),
      rekor: { ...nothing, ...rekor, pubkey: keyA.trim() },
      ctlog: { ...ctlog, pubkey: keyB.trim(), tsaCertChain: certB.trim() },
    },
  ],
])('certificates: %s', (_, written, read) => {
  expect(attestor(certificates(written))).toEqual({ kind: 'certificates', rekor: nothing, ctlog, ...read });
});

test('certificates: what stands beside them', () => {
  const beside = { repository: 'ghcr.io/acme/signatures', annotations: { team: 'a' }, signatureAlgorithm: 'sha512' };
  expect(attestor(certificates({ cert: certA }, beside))).toMatchObject({
    ...beside,
    repository: { registry: 'ghcr.io', path: 'acme/signatures' },
  });
});

test.each<[string, Json]>([
  ['kms', { kms: alias }],
  ['publicKeys', { publicKeys: `\n ${alias}\n` }],
])('a key in AWS KMS, in %s', (_, written) => {
  expect(attestor({ keys: written })).toEqual({
    kind: 'keys',
    publicKeys: [],
    kms: alias,
    signatureAlgorithm: 'sha256',
    rekor: nothing,
    ctlog,
  });
});

test('keys: the logs of certificates and of time', () => {
  const written = { publicKeys: keyA, ctlog: { pubkey: keyB, tsaCertChain: certA } };
  expect(attestor({ keys: written })).toMatchObject({
    ctlog: { ignoreSCT: false, pubkey: keyB.trim(), tsaCertChain: certA.trim() },
  });
});

test('the flat form of v1 is one more attestor set, with the annotations of the entry', () => {
  const flat = {
    image: 'ghcr.io/acme/*',
    issuer: 'https://a',
    subject: 'b',
    roots: certA,
    additionalExtensions: { githubWorkflowRef: 'refs/heads/main' },
    annotations: { c: 'd' },
  };
  const { rules, warnings } = load(clusterPolicy({ rules: [rule({ verifyImages: [flat] })] }));
  expect(rules[0]?.entries[0]?.attestors).toEqual([
    {
      entries: [
        {
          kind: 'keyless',
          issuer: 'https://a',
          subject: 'b',
          roots: certA.trim(),
          additionalExtensions: { githubWorkflowRef: 'refs/heads/main' },
          rekor: nothing,
          ctlog,
          annotations: { c: 'd' },
        },
      ],
    },
  ]);
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('image: is deprecated'),
    expect.stringContaining('issuer: is deprecated: write attestors, with keyless'),
  ]);
  expect(load(withEntry({ attestors: [], key: alias })).rules[0]?.entries[0]?.attestors).toMatchObject([
    { entries: [{ kind: 'keys', kms: alias, publicKeys: [] }] },
  ]);
});

/** What is refused, where below the attestor, by what words, and the nearest policy that is not. */
const cases: readonly [string, Json, string, string, Json][] = [
  [
    'keyless without a log and without roots',
    { keyless: { issuer: 'https://a', subject: 'b' } },
    '.keyless',
    'Either Rekor URL or roots are required',
    { keyless: { issuer: 'https://a', subject: 'b', roots: certA } },
  ],
  [
    'keyless with a log that has no URL',
    keyless({ rekor: { ignoreTlog: true }, roots: certA }),
    '.keyless.rekor',
    'An URL is required',
    keyless({ rekor: { ...rekor, ignoreTlog: true } }),
  ],
  [
    'keyless with a log that says nothing',
    keyless({ rekor: {} }),
    '.keyless.rekor',
    'An URL is required',
    keyless({ rekor: null, roots: certA }),
  ],
  [
    'a log whose URL is none',
    certificates({ cert: certA, rekor: { url: 'rekor' } }),
    '.certificates.rekor.url',
    'is not an http:// or https:// URL',
    certificates({ cert: certA, rekor: {} }),
  ],
  [
    'an extension that has no such name',
    keyless({ additionalExtensions: { githubWorkflowRepo: 'acme/app' } }),
    '.keyless.additionalExtensions.githubWorkflowRepo',
    '"githubWorkflowRepo" is no extension that can be asked for: write an OID below 1.3.6.1.4.1.57264.1, or one of ' +
      'githubWorkflowTrigger, githubWorkflowSha, githubWorkflowName, githubWorkflowRepository, githubWorkflowRef',
    keyless({ additionalExtensions: { githubWorkflowRepository: 'acme/app' } }),
  ],
  [
    'an extension of somebody else',
    keyless({ additionalExtensions: { '2.5.29.17': 'a' } }),
    '.keyless.additionalExtensions["2.5.29.17"]',
    '"2.5.29.17" is no extension',
    keyless({ additionalExtensions: { '1.3.6.1.4.1.57264.1.5': 'a' } }),
  ],
  [
    'an OID that is none',
    keyless({ additionalExtensions: { '1.3.6.1.4.1.57264.1': 'a' } }),
    '.keyless.additionalExtensions["1.3.6.1.4.1.57264.1"]',
    'is no extension that can be asked for',
    keyless({ additionalExtensions: { '1.3.6.1.4.1.57264.1.1': 'a' } }),
  ],
  [
    'an extension that is the issuer',
    keyless({ additionalExtensions: { oidcIssuer: 'https://a' } }),
    '.keyless.additionalExtensions.oidcIssuer',
    'is what issuer asks for: write issuer',
    keyless({ additionalExtensions: {} }),
  ],
  [
    'an extension of nothing',
    keyless({ additionalExtensions: { githubWorkflowRef: '' } }),
    '.keyless.additionalExtensions.githubWorkflowRef',
    'is empty',
    keyless({ additionalExtensions: { githubWorkflowRef: '*' } }),
  ],
  [
    'roots that are a key',
    keyless({ roots: keyA }),
    '.keyless.roots',
    'block 1 is a PUBLIC KEY: write a CERTIFICATE',
    keyless({ roots: certA }),
  ],
  [
    'roots of which one does not parse',
    keyless({ roots: `${certA}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` }),
    '.keyless.roots',
    'block 2 does not parse as a certificate',
    keyless({ roots: certA + certB }),
  ],
  [
    'roots with text between them',
    keyless({ roots: `${certA}and\n${certB}` }),
    '.keyless.roots',
    'it holds text beside the PEM blocks: "and"',
    keyless({ roots: `${certA}# and\n${certB}` }),
  ],
  [
    'more roots than 32',
    keyless({ roots: certA.repeat(33) }),
    '.keyless.roots',
    'it holds 33 PEM blocks: at most 32 are read',
    keyless({ roots: certA.repeat(32) }),
  ],
  [
    'an issuerRegExp that does not compile',
    keyless({ issuerRegExp: '^(a$' }),
    '.keyless.issuerRegExp',
    'is no regular expression of RE2, as Kyverno reads it: missing closing ): `^(a$`',
    keyless({ issuerRegExp: '^(a)$' }),
  ],
  [
    'a subjectRegExp that is not of RE2',
    keyless({ subject: null, subjectRegExp: '^(?!a)b$' }),
    '.keyless.subjectRegExp',
    'invalid or unsupported Perl syntax: `(?!`',
    keyless({ subject: null, subjectRegExp: '^(?i:a)b$' }),
  ],
  [
    'a subjectRegExp that is too long',
    keyless({ subject: null, subjectRegExp: `^${'a'.repeat(1023)}$` }),
    '.keyless.subjectRegExp',
    'it is longer than 1024 characters',
    keyless({ subject: null, subjectRegExp: `^${'a'.repeat(1022)}$` }),
  ],
  [
    'a signature algorithm beside keyless',
    keyless({}, { signatureAlgorithm: 'sha512' }),
    '.signatureAlgorithm',
    'has no effect beside keyless',
    keyless({}, { signatureAlgorithm: 'sha256' }),
  ],
  [
    'certificates without one',
    certificates({ rekor }),
    '.certificates',
    'cert or certChain required',
    certificates({ certChain: certA, rekor }),
  ],
  [
    'two certificates in cert',
    certificates({ cert: certA + certB }),
    '.certificates.cert',
    'it holds 2 PEM blocks: write one certificate',
    certificates({ cert: certA, certChain: certB }),
  ],
  [
    'a chain longer than 11',
    certificates({ certChain: certA.repeat(12) }),
    '.certificates.certChain',
    'it holds 12 PEM blocks: at most 11 are read',
    certificates({ certChain: certA.repeat(11) }),
  ],
  [
    'a certificate in base64 without its lines',
    certificates({ cert: Buffer.from(certA).toString('base64') }),
    '.certificates.cert',
    'it holds no PEM block: write -----BEGIN CERTIFICATE-----',
    certificates({ cert: certA.replaceAll('\n', '\r\n') }),
  ],
  [
    'a signature algorithm beside a chain',
    certificates({ certChain: certA }, { signatureAlgorithm: 'sha512' }),
    '.signatureAlgorithm',
    'has no effect beside certChain',
    certificates({ cert: certA }, { signatureAlgorithm: 'sha512' }),
  ],
  [
    'another signature algorithm beside certificates',
    certificates({ cert: certA }, { signatureAlgorithm: 'md5' }),
    '.signatureAlgorithm',
    'Invalid signature algorithm provided: write one of sha224, sha256, sha384, sha512',
    certificates({ cert: certA }, { signatureAlgorithm: '' }),
  ],
  [
    'certificates and keyless at once',
    keyless({}, { certificates: { cert: certA } }),
    '',
    'keys, certificates, keyless, or a nested attestor is required, one of them: here are certificates and keyless',
    certificates({ cert: certA }),
  ],
  [
    'a log with two keys',
    { keys: { publicKeys: keyA, rekor: { pubkey: keyA + keyB } } },
    '.keys.rekor.pubkey',
    'holds several keys: give one, the key of the log',
    { keys: { publicKeys: keyA, rekor: { pubkey: keyB } } },
  ],
  [
    'a certificate log whose key is a certificate',
    { keys: { publicKeys: keyA, ctlog: { pubkey: certA } } },
    '.keys.ctlog.pubkey',
    'block 1 is a CERTIFICATE: write a PUBLIC KEY',
    { keys: { publicKeys: keyA, ctlog: { pubkey: keyB } } },
  ],
  [
    'a time-stamp authority of 13 certificates',
    { keys: { publicKeys: keyA, ctlog: { tsaCertChain: certA.repeat(13) } } },
    '.keys.ctlog.tsaCertChain',
    'it holds 13 PEM blocks: at most 12 are read',
    { keys: { publicKeys: keyA, ctlog: { tsaCertChain: certA.repeat(12) } } },
  ],
  [
    'a kms that is no address',
    { keys: { kms: 'alias/cosign' } },
    '.keys.kms',
    'is no address of a key in a KMS: write awskms:///KEY, or a key in PEM in publicKeys',
    { keys: { kms: alias } },
  ],
  [
    'an address of AWS KMS that names no key',
    { keys: { publicKeys: 'awskms://alias/cosign' } },
    '.keys.publicKeys',
    'is no key in AWS KMS: write awskms:///KEY with a key ID, mrk-…, alias/NAME or the ARN of a key or alias',
    { keys: { publicKeys: alias } },
  ],
  [
    'two addresses in one',
    { keys: { publicKeys: `${alias}\n${alias}` } },
    '.keys.publicKeys',
    'is no key in AWS KMS',
    { keys: { publicKeys: alias } },
  ],
];

test.each(cases)('refuses %s', (_, refused, field, message, accepted) => {
  const problems = problemsOf(withAttestors(refused));
  expect(problems).toEqual([expect.stringContaining(`${inAttestor}${field}: `)]);
  expect(problems[0]).toContain(message);
  expect(problemsOf(withAttestors(accepted))).toEqual([]);
});

test.each([
  ['gcpkms://projects/a/locations/global/keyRings/b/cryptoKeys/c', 'Google Cloud KMS, gcpkms://'],
  ['azurekms://vault.vault.azure.net/key', 'Azure Key Vault, azurekms://'],
  ['hashivault://key', 'HashiCorp Vault, hashivault://'],
])('a key at %s is refused, with the command that prints it', (address, where) => {
  for (const field of ['kms', 'publicKeys']) {
    expect(problemsOf(withAttestors({ keys: { [field]: address } }))).toEqual([
      `${inAttestor}.keys.${field}: not supported yet: ${inAttestor}.keys.${field} (keys in ${where}): write the public ` +
        `key in PEM in publicKeys; \`cosign public-key --key ${address}\` prints it`,
    ]);
  }
});

test.each<[string, Json, string, string, Json]>([
  [
    'a subject without an issuer',
    { subject: 'b' },
    '.subject',
    'has no effect without issuer',
    { subject: 'b', issuer: 'https://a', roots: certA },
  ],
  [
    'roots without an issuer',
    { roots: certA },
    '.roots',
    'has no effect without issuer',
    { roots: certA, issuer: 'https://a' },
  ],
  [
    'extensions without an issuer',
    { additionalExtensions: { githubWorkflowRef: 'a' } },
    '.additionalExtensions',
    'has no effect without issuer',
    { additionalExtensions: {}, subject: '', roots: '' },
  ],
  ['an issuer beside a key', { key: keyA, issuer: 'https://a' }, '.issuer', 'has no effect beside key', { key: keyA }],
  [
    'an issuer without roots',
    { issuer: 'https://a', subject: 'b' },
    '',
    'Either Rekor URL or roots are required',
    { issuer: 'https://a', subject: 'b', roots: certA },
  ],
])('the flat form: refuses %s', (_, refused, field, message, accepted) => {
  expect(problemsOf(withEntry(refused))).toEqual([`spec.rules[0].verifyImages[0]${field}: ${message}`]);
  expect(problemsOf(withEntry(accepted))).toEqual([]);
});

test('every problem has its line', () => {
  const text = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: a}
spec:
  validationFailureAction: Enforce
  rules:
    - name: a
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["ghcr.io/acme/*"]
          attestors:
            - entries:
                - keyless:
                    issuerRegExp: "^(a$"
                    subject: a
                    additionalExtensions:
                      workflow: a
                    roots: |
                      -----BEGIN CERTIFICATE-----
                      AAAA
                      -----END CERTIFICATE-----
                    rekor: {}
                - certificates:
                    certChain: none
                - keys:
                    kms: gcpkms://projects/a
`;
  let problems: PolicyLoadError['problems'] = [];
  try {
    loadPolicies([{ name: 'a.yaml', text }]);
  } catch (thrown) {
    if (thrown instanceof PolicyLoadError) problems = thrown.problems;
  }
  expect(problems.map(({ line, field }) => [line, field.replace(/^.*entries/, '')])).toEqual([
    [14, '[0].keyless.issuerRegExp'],
    [17, '[0].keyless.additionalExtensions.workflow'],
    [18, '[0].keyless.roots'],
    [22, '[0].keyless.rekor'],
    [24, '[1].certificates.certChain'],
    [26, '[2].keys.kms'],
  ]);
});

const open = 'is looked for anywhere in the text, as in Kyverno, so more may stand around it';

test.each<[string, Json, string, Json]>([
  [
    'a signer who can be anyone',
    keyless({ issuer: null, subject: null }),
    'keyless: names nobody, so anyone who has an identity at the CA can sign (at the public one: everyone who can log in',
    keyless(),
  ],
  [
    'wildcards that stand for anyone',
    keyless({ issuer: '*', subject: '**', additionalExtensions: { githubWorkflowRef: '*' } }),
    'names nobody',
    keyless({ issuer: 'https://*', subject: '*@example.com' }),
  ],
  [
    'regular expressions that stand for anyone',
    keyless({ issuer: null, subject: null, issuerRegExp: '.*', subjectRegExp: '^.+$' }),
    'names nobody',
    keyless({ issuer: null, subject: null, issuerRegExp: '^https://a$', subjectRegExp: '^.+@example\\.com$' }),
  ],
  [
    'anyone at roots of its own',
    keyless({ issuer: null, subject: null, roots: certA }),
    'names nobody, so anyone who has an identity at the CA of these roots can sign: write issuer and subject',
    keyless({ issuer: null, roots: certA }),
  ],
  [
    'a signer without a subject',
    keyless({ subject: null }),
    'names no subject, so anyone whom the issuer knows can sign: write subject',
    keyless({ subject: null, additionalExtensions: { githubWorkflowRepository: 'acme/app' } }),
  ],
  [
    'a signer without an issuer',
    keyless({ issuer: null }),
    'names no issuer, so whoever gets this name from any issuer of the CA can sign: write issuer',
    keyless({ issuer: null, issuerRegExp: '^https://a$' }),
  ],
  [
    'a subject in two ways',
    keyless({ subjectRegExp: '^a$' }),
    'subjectRegExp: must hold beside subject, where Kyverno takes either: leave one out',
    keyless({ issuerRegExp: '^a$' }),
  ],
  [
    'a regular expression that is open at both ends',
    keyless({ issuer: null, issuerRegExp: 'https://accounts\\.google\\.com' }),
    `issuerRegExp: ${open}: begin it with ^, end it with $`,
    keyless({ issuer: null, issuerRegExp: '^https://accounts\\.google\\.com$' }),
  ],
  [
    'one that is open at its start',
    keyless({ subject: null, subjectRegExp: 'github\\.com/acme/.*' }),
    `subjectRegExp: ${open}: begin it with ^`,
    keyless({ subject: null, subjectRegExp: '\\Ahttps://github\\.com/acme/.*' }),
  ],
  [
    'one that is open at its end',
    keyless({ subject: null, subjectRegExp: '^https://github\\.com/acme' }),
    `subjectRegExp: ${open}: end it with $`,
    keyless({ subject: null, subjectRegExp: '^https://github\\.com/acme/' }),
  ],
  [
    'an end that only looks closed',
    keyless({ subject: null, subjectRegExp: '^a\\$' }),
    `subjectRegExp: ${open}: end it with $`,
    keyless({ subject: null, subjectRegExp: '^a\\$$' }),
  ],
  [
    'one of whose alternatives one is open',
    keyless({ subject: null, subjectRegExp: '^a$|b' }),
    `subjectRegExp: ${open}: begin it with ^, end it with $`,
    keyless({ subject: null, subjectRegExp: '(?i)^(a|[|]b)$|^(?P<x>c|\\|d)\\z' }),
  ],
  [
    'one of whose alternatives in a group one is open',
    keyless({ subject: null, subjectRegExp: '(?:^https://acme/a|b/)$' }),
    `subjectRegExp: ${open}: begin it with ^`,
    keyless({ subject: null, subjectRegExp: '(?:^https://acme/a|(^b/))$' }),
  ],
  [
    'an end that is text',
    keyless({ subject: null, subjectRegExp: '^https://acme/a\\Q$' }),
    `subjectRegExp: ${open}: end it with $`,
    keyless({ subject: null, subjectRegExp: '^https://acme/\\Qa|b\\E$' }),
  ],
  [
    'an anchor that need not be there',
    keyless({ subject: null, subjectRegExp: '^?https://acme/(a$)?' }),
    `subjectRegExp: ${open}: begin it with ^, end it with $`,
    keyless({ subject: null, subjectRegExp: '(^https://acme/)(a$)' }),
  ],
  [
    'the ends of lines',
    keyless({ subject: null, subjectRegExp: '(?m)^https://acme/a$' }),
    `subjectRegExp: ${open}: begin it with ^, end it with $`,
    keyless({ subject: null, subjectRegExp: '(?m)\\Ahttps://acme/a\\z' }),
  ],
  [
    "a certificate log's key beside a signer's",
    { keys: { publicKeys: keyA, ctlog: { pubkey: keyB } } },
    'keys.ctlog.pubkey: has no effect',
    { keys: { publicKeys: keyA, ctlog: { tsaCertChain: certA } } },
  ],
  [
    "a certificate log's key beside the signer's certificate",
    { certificates: { cert: certA, ctlog: { pubkey: keyB } } },
    'certificates.ctlog.pubkey: has no effect',
    { certificates: { cert: certA, certChain: certA, ctlog: { pubkey: keyB } } },
  ],
  [
    'a kms beside a key',
    { keys: { publicKeys: keyA, kms: alias } },
    'keys.kms: has no effect: keys.publicKeys is used',
    { keys: { publicKeys: keyA } },
  ],
])('warns of %s', (_, warned, message, quiet) => {
  expect(warningsOf(withAttestors(warned))).toEqual([expect.stringContaining(message)]);
  expect(warningsOf(withAttestors(quiet))).toEqual([]);
});

test.each<[string, Json]>([
  ['keys', { keys: { publicKeys: keyA } }],
  ['keys with a log that says nothing', { keys: { publicKeys: keyA, rekor: {} } }],
  ['certificates', certificates({ cert: certA })],
  ['keyless', keyless()],
])('a log without a key of its own is that of the trust root, and nothing to warn of: %s', (_, written) => {
  expect(warningsOf(withAttestors(written))).toEqual([]);
});

test.each<[string, Json, Json]>([
  ['key', { keys: { kms: alias } }, { keys: { kms: 'awskms:///alias/other' } }],
  ['certificate', certificates({ cert: certA }), certificates({ cert: certB })],
  ['identity', keyless(), keyless({ subject: 'https://github.com/other/*' })],
])('warns of the same %s twice where two are counted', (what, one, another) => {
  const same = structuredClone(one);
  expect(warningsOf(withSet({ count: 2, entries: [one, same] }))).toEqual([
    expect.stringContaining(`names the same ${what} twice: it counts once`),
  ]);
  expect(warningsOf(withSet({ count: 2, entries: [one, another, keys()] }))).toEqual([]);
  expect(warningsOf(withSet({ count: 1, entries: [one, same] }))).toEqual([]);
});
