import { X509Certificate } from 'node:crypto';
import { makeNotaryChain } from '../../../test/fixtures/notary.ts';
import { PolicyLoadError } from '../problems.ts';
import { certA, certB } from '../testing/certificates.ts';
import { keyA } from '../testing/policies.ts';
import type { NotaryFolder } from './folder.ts';
import { readNotaryFolder } from './read.ts';

type Json = Record<string, unknown>;
type Files = Readonly<Record<string, string | Uint8Array>>;

const profile = 'arn:aws:signer:us-west-2:111122223333:/signing-profiles/release';
const der = new X509Certificate(certB).raw;
const statement = (changes: Json = {}): Json => ({
  name: 'acme',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:acme'],
  trustedIdentities: ['*'],
  ...changes,
});
const skipping = (changes: Json = {}): Json => ({
  name: 'off',
  registryScopes: ['ghcr.io/acme/dev'],
  signatureVerification: { level: 'skip' },
  ...changes,
});
const document = (...statements: Json[]) => JSON.stringify({ version: '1.0', trustPolicies: statements }, null, 1);
const store: Files = { 'truststore/x509/ca/acme/a.pem': certA };

function read(files: Files): NotaryFolder {
  const all = Object.entries(files).map(([path, content]) => ({
    name: `notary/${path}`,
    path,
    bytes: typeof content === 'string' ? Buffer.from(content) : content,
  }));
  return readNotaryFolder('notary', all);
}

function problemsOf(text: string, files: Files = store): string[] {
  try {
    read({ 'trustpolicy.json': text, ...files });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof PolicyLoadError)) throw thrown;
    return thrown.message.split('\n');
  }
}

const problemsIn = (...statements: Json[]) => problemsOf(document(...statements));
const statementsOf = (files: Files) => read(files).trust.statements;
const only = (changes: Json, files: Files = store) =>
  statementsOf({ 'trustpolicy.json': document(statement(changes)), ...files })[0];

test('a document of notation with its stores', () => {
  const text = document(
    statement({
      registryScopes: ['registry.acme.com:5000/shop/web', 'ghcr.io/acme/web'],
      signatureVerification: {
        level: 'permissive',
        override: { expiry: 'enforce', revocation: 'skip' },
        verifyTimestamp: 'afterCertExpiry',
      },
      trustStores: ['ca:acme', 'tsa:stamps', 'signingAuthority:aws'],
      trustedIdentities: ['x509.subject:C=US,S=WA,O=Acme', `${profile}/abcdEFGH12`],
    }),
    skipping(),
    statement({ name: 'others', signatureVerification: { level: 'audit' } }),
  );
  const files = {
    'truststore/x509/ca/acme/b.crt': der,
    'truststore/x509/tsa/stamps/root.cer': certA,
    'truststore/x509/signingAuthority/aws/root.cert': certA,
    'truststore/x509/ca/unused/broken.pem': 'nobody asks for it',
  };
  const { trust, warnings } = read({ 'trustpolicy.json': text, ...store, ...files });
  expect(warnings).toEqual([]);
  expect(trust.statements).toMatchObject([
    {
      name: 'acme',
      scopes: new Set(['registry.acme.com:5000/shop/web', 'ghcr.io/acme/web']),
      levels: { authenticity: 'enforce', authenticTimestamp: 'log', expiry: 'enforce', revocation: 'skip' },
      verifyTimestamp: 'afterCertExpiry',
      stores: [
        { type: 'ca', name: 'acme', files: [{ name: 'notary/truststore/x509/ca/acme/a.pem' }, { bytes: der }] },
        { type: 'tsa', name: 'stamps' },
        { type: 'signingAuthority', name: 'aws' },
      ],
      identities: [
        { kind: 'subject', attributes: new Map([['C', 'US'], ['ST', 'WA'], ['O', 'Acme']]) }, // biome-ignore format: a line
        { kind: 'aws-signer-profile', arn: `${profile}/abcdEFGH12` },
      ],
    },
    { name: 'off', levels: 'skip', stores: [], identities: 'any' },
    { name: 'others', scopes: 'every', levels: { authenticity: 'log', expiry: 'log' }, verifyTimestamp: 'always' },
  ]);
});

describe('which document', () => {
  const named = (name: string) => document(statement({ name }));

  test('trustpolicy.oci.json, else trustpolicy.json; both: the first, and a word about the other', () => {
    expect(statementsOf({ 'trustpolicy.oci.json': named('oci'), ...store })).toMatchObject([{ name: 'oci' }]);
    const both = read({ 'trustpolicy.json': '{', 'trustpolicy.oci.json': named('oci'), ...store });
    expect(both.trust.statements).toMatchObject([{ name: 'oci' }]);
    expect(both.warnings).toEqual([
      {
        file: 'notary/trustpolicy.json',
        line: 1,
        message: expect.stringContaining('is not read: trustpolicy.oci.json'),
      },
    ]);
  });

  test('none is refused', () => {
    expect(() => read(store)).toThrow('notary: holds no trust policy: put trustpolicy.oci.json, or trustpolicy.json');
  });
});

test.each<[string, string]>([
  ['is no JSON', 'version: "1.0"'],
  ['trustpolicy.json:2: is no JSON: "}" cannot stand after ","', '{"version": "1.0",\n}'],
  ['is an object of Kubernetes: write what is in its spec', '{"apiVersion": "v1", "kind": "TrustPolicy", "spec": {}}'],
  ['is not UTF-8', '\u00ff'],
  ['is expected', '[]'],
  ['version: is required', '{"trustPolicies": []}'],
  ['trustPolicies: is required', '{"version": "1.0"}'],
  ['version: "2.0" is not supported', '{"version": "2.0", "trustPolicies": []}'],
  ['version: a string is expected', '{"version": 1.0, "trustPolicies": []}'],
])('a document: %s', (problem, text) => {
  const bytes = Buffer.from(text, 'latin1');
  expect(() => read({ 'trustpolicy.json': bytes, ...store })).toThrow(problem);
});

test('what stands twice or is unknown is told with its line', () => {
  const twice = document(statement()).replace('"name"', '"name": "x",\n"name"');
  expect(problemsOf(twice).join('\n')).toMatch(/^notary\/trustpolicy\.json:\d+: .*name/);
  expect(problemsIn(statement({ trustedIdentites: ['*'] }))).toEqual([
    expect.stringMatching(
      /^notary\/trustpolicy\.json:\d+: trustPolicies\[0\]\.trustedIdentites: unknown field 'trustedIdentites'; did you mean 'trustedIdentities'/,
    ),
  ]);
  expect(problemsIn(statement({ globalPolicy: true }))[0]).toContain("unknown field 'globalPolicy'");
  expect(problemsOf('{"version":"1.0","trustPolicies":[],"__proto__":{}}')[0]).toContain("unknown field '__proto__'");
});

const scopes = (...registryScopes: string[]) => statement({ registryScopes });
const verification = (changes: Json) => statement({ signatureVerification: { level: 'strict', ...changes } });
const stores = (...trustStores: string[]) => statement({ trustStores });
const identities = (...trustedIdentities: string[]) => statement({ trustedIdentities });
const subject = (rest: string) => `x509.subject:C=US,ST=WA,O=Acme${rest}`;

// Each problem with the statement that has it; beside it the nearest one that has none.
test.each<[string, Json, Json]>([
  ['name is required', statement({ name: '' }), statement()],
  ['registryScopes: is required', scopes(), scopes('*')],
  ["'*' stands alone", scopes('*', 'ghcr.io/acme/web'), scopes('ghcr.io/acme/api', 'ghcr.io/acme/web')],
  ['has a wildcard', scopes('ghcr.io/acme/*'), scopes('ghcr.io/acme/web')],
  ['is no repository', scopes('ghcr.io'), scopes('ghcr.io/acme')],
  ['is no repository', scopes('ghcr.io/acme/'), scopes('ghcr.io/acme')],
  ['is no repository', scopes('https://ghcr.io/acme'), scopes('ghcr.io/acme')],
  ['is no repository', scopes('ghcr.io/acme:v1'), scopes('ghcr.io:443/acme')],
  ['is no repository', scopes('ghcr.io/Acme'), scopes('local/my_oci__layout.x-y')],
  ['is there twice', scopes('ghcr.io/acme/web', 'ghcr.io/acme/web'), scopes('ghcr.io/acme/web')],
  ['signatureVerification.level: is required', verification({ level: '' }), verification({})],
  [
    '"Strict" is no level: write one of strict, permissive, audit, skip',
    verification({ level: 'Strict' }),
    verification({}),
  ],
  [
    'integrity: cannot be overridden',
    verification({ override: { integrity: 'log' } }),
    verification({ override: { expiry: 'log' } }),
  ],
  ['is no validation', verification({ override: { Expiry: 'log' } }), verification({ override: { expiry: 'log' } })],
  [
    'write one of enforce, log',
    verification({ override: { expiry: 'skip' } }),
    verification({ override: { revocation: 'skip' } }),
  ],
  [
    'write one of enforce, log, skip',
    verification({ override: { revocation: '' } }),
    verification({ override: { revocation: 'log' } }),
  ],
  ['"never" is not accepted', verification({ verifyTimestamp: 'never' }), verification({ verifyTimestamp: 'always' })],
  [
    'override: has no effect at level skip',
    skipping({ signatureVerification: { level: 'skip', override: { expiry: 'log' } } }),
    skipping(),
  ],
  ['trustStores: has no effect at level skip', skipping({ trustStores: ['ca:acme'] }), skipping({ trustStores: [] })],
  ['trustedIdentities: has no effect at level skip', skipping({ trustedIdentities: ['*'] }), skipping()],
  ["'*' cannot be at level skip", skipping({ registryScopes: ['*'] }), skipping()],
  ['trustStores: is required', stores(), stores('ca:acme')],
  ['trustedIdentities: is required', identities(), identities('*')],
  ['is no trust store: write TYPE:NAME', stores('acme'), stores('ca:acme')],
  ['none of ca, signingAuthority, tsa', stores('CA:acme'), stores('ca:acme')],
  ['another sign than', stores('ca:../ca/acme'), stores('ca:acme')],
  ['has no certificate: put one into truststore/x509/ca/acme2', stores('ca:acme2'), stores('ca:acme')],
  ["'*' stands alone", identities('*', subject('')), identities(subject(''))],
  ['is empty', identities(''), identities('*')],
  ['has no prefix', identities('C=US,ST=WA,O=Acme'), identities(subject(''))],
  ['is for a plugin', identities('x509.issuer:C=US'), identities(subject(''))],
  ['has no O', identities('x509.subject:C=US,ST=WA'), identities(subject(''))],
  ['has no C and no ST and no O', identities('x509.subject:'), identities(subject(''))],
  ['overlaps with', identities(subject(''), subject(',CN=a')), identities(subject(',CN=a'), subject(',CN=b'))],
  ['overlaps with', identities(subject(',CN=a'), subject('')), identities(subject(',CN=a'), subject(',L=b'))],
  ['overlaps with', identities(subject(''), subject('')), identities(subject(''))],
  ['its ARN has :/signing-profiles/NAME', identities(profile.replace('profiles', 'profile')), identities(profile)],
  ['its ARN has :/signing-profiles/NAME', identities(profile.replace(':/s', ':s')), identities(profile)],
  [
    'an alias, which is not supported yet',
    identities(profile.replace('signing-profiles', 'aliases')),
    identities(profile),
  ],
  ['is no signing profile of AWS Signer', identities('arn:aws:iam::111122223333:role/a'), identities(`${profile}/v1`)],
  ['is no signing profile of AWS Signer', identities(`${profile}/v1/x`), identities(`${profile}/v1`)],
])('a statement: %s', (problem, bad, good) => {
  const problems = problemsIn(bad);
  expect(problems).toEqual([expect.stringContaining(problem)]);
  expect(problems[0]).toMatch(/^notary\/trustpolicy\.json:\d+: trustPolicies\[0\]/);
  expect(problemsIn(good)).toEqual([]);
});

test('two statements have neither one name nor one scope', () => {
  expect(problemsIn(statement(), statement({ registryScopes: ['ghcr.io/acme/web'] }))).toEqual([
    expect.stringContaining('"acme" is another statement\'s name'),
  ]);
  expect(problemsIn(statement(), statement({ name: 'b' }))).toEqual([
    expect.stringContaining('trustPolicies[1].registryScopes[0]: "*" is there in trustPolicies[0] too'),
  ]);
  expect(problemsIn(statement(), statement({ name: 'b', registryScopes: ['ghcr.io/acme/web'] }))).toEqual([]);
});

test('every problem is told at once', () => {
  expect(problemsIn(scopes('a'), stores('ca:b'), identities('c'))).toHaveLength(6);
});

test.each<[string, string | Uint8Array]>([
  ['is neither a certificate in DER nor in PEM', 'text'],
  ['is neither a certificate in DER nor in PEM', ''],
  ['is neither a certificate in DER nor in PEM', Buffer.concat([der, der])],
  ['does not parse as a certificate, in block 2', certA + certA.replace(/\n.{8}/, '\nAAAAAAAA')],
  ['holds a PUBLIC KEY, in block 1', keyA],
  ['holds no certificate: a block of PEM has no end', certA.slice(0, 200)],
])('a file of a store: %s', (problem, content) => {
  const path = 'truststore/x509/ca/acme/a.pem';
  expect(problemsOf(document(statement()), { [path]: content })).toEqual([
    expect.stringContaining(`notary/${path}: ${problem}`),
  ]);
});

test('a file of a store may hold text beside certificates in PEM, as openssl writes it', () => {
  expect(
    problemsOf(document(statement()), { 'truststore/x509/ca/acme/a.pem': `subject=CN = a\n${certA}\n${certB}` }),
  ).toEqual([]);
});

describe("a store's certificates", () => {
  const [leaf, middle, root] = makeNotaryChain().certificates.map((each) => each.der);
  const [own] = makeNotaryChain({ length: 1 }).certificates.map((each) => each.der);
  const inStore = (type: string, content: Uint8Array = Buffer.of()) =>
    problemsOf(document(statement({ trustStores: [`${type}:s`] })), { [`truststore/x509/${type}/s/a.crt`]: content });

  test("are CAs' or issued by whom they are of; of who stamps time, roots", () => {
    const trusted = [root, middle, own].map((each) => inStore('ca', each));
    expect([...trusted, inStore('tsa', root), inStore('signingAuthority', middle)]).toEqual([[], [], [], [], []]);
    expect(inStore('ca', leaf)).toEqual([
      expect.stringContaining("a.crt: holds a signer's certificate, which a CA issued"),
    ]);
    expect(inStore('tsa', middle)).toEqual([expect.stringContaining('a.crt: holds a certificate that is no root')]);
  });
});

describe('warnings', () => {
  const warningsOf = (changes: Json, files: Files = store) =>
    read({ 'trustpolicy.json': document(statement(changes)), ...files }).warnings.map(({ message }) => message);

  test.each([
    ['index.docker.io/library/nginx', 'docker.io/library/nginx'],
    ['docker.io/nginx', 'docker.io/library/nginx'],
    ['GHCR.io:443/acme/web', 'ghcr.io/acme/web'],
  ])('%s is read as what images of it are called', (scope, name) => {
    expect(warningsOf({ registryScopes: [scope] })).toEqual([
      expect.stringContaining(`"${scope}" is read as "${name}"`),
    ]);
    expect(only({ registryScopes: [scope] })?.scopes).toEqual(new Set([name]));
    expect(warningsOf({ registryScopes: [name] })).toEqual([]);
    expect(problemsIn(statement({ registryScopes: [scope, name] }))).toEqual([
      expect.stringContaining(`"${name}" is there twice`),
    ]);
  });

  test('a host that images do not have is not made a name of Docker Hub', () => {
    expect(warningsOf({ registryScopes: ['myhost/app'] })).toEqual([
      expect.stringContaining('"myhost/app" is no image\'s repository'),
    ]);
    expect(only({ registryScopes: ['myhost/app'] })?.scopes).toEqual(new Set(['myhost/app']));
    expect(warningsOf({ registryScopes: ['myhost:80/app'] })).toEqual([]);
  });

  test('a profile of AWS Signer without a store of signing authorities', () => {
    const aws = { 'truststore/x509/signingAuthority/aws/root.crt': certA, ...store };
    const trustedIdentities = [profile];
    expect(warningsOf({ trustedIdentities })).toEqual([expect.stringContaining('names no signingAuthority store')]);
    expect(warningsOf({ trustedIdentities, trustStores: ['signingAuthority:aws'] }, aws)).toEqual([]);
  });
});

test('what is written of them is kept as it is', () => {
  expect(only({ trustedIdentities: [subject('')] })?.identities).toMatchObject([{ text: subject('') }]);
});
