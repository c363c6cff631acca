import { defaultLedgerSettings } from '../../shared/ledger/settings.ts';
import { ConfigError } from '../wiring/config/settings.ts';
import { admissionConfig } from './config.ts';

const environment = {
  CLUSTERS: 'prod, staging',
  ACCOUNT_ID: '123456789012',
  AWS_REGION: 'eu-west-1',
  LEDGER_TABLE: 'ledger',
  TOKENS_SECRET: 'tokens',
  MAC_KEYS_SECRET: 'mac-keys',
};

function problemsOf(changes: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    admissionConfig({ ...environment, ...changes });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems;
  }
}

test('what is required, and the defaults of all else', () => {
  expect(admissionConfig(environment)).toEqual({
    clusters: ['prod', 'staging'],
    policies: 'policies',
    registries: [],
    maxImages: 64,
    table: 'ledger',
    tokensSecret: 'tokens',
    macKeysSecret: 'mac-keys',
    account: '123456789012',
    region: 'eu-west-1',
    vpcRanges: [],
    privateHosts: [],
    registryCa: undefined,
    ecrAccounts: [],
    trustRoot: 'carried',
    trustBucket: undefined,
    trustRootMaxAge: 90,
    ledger: defaultLedgerSettings,
  });
});

test('an empty value is none: templates set every variable', () => {
  const empty = {
    REGISTRIES: '',
    MAX_IMAGES: '',
    REGISTRY_CA: '',
    TRUST_ROOT: '',
    TRUST_BUCKET: '',
    TRUST_ROOT_MAX_AGE: '',
    VPC_RANGES: '',
    PRIVATE_HOSTS: '',
    ECR_ACCOUNTS: '',
    imageVerifyCacheEnabled: '',
    tagPointers: '',
  };
  expect(admissionConfig({ ...environment, ...empty })).toEqual(admissionConfig(environment));
});

test('the bound on images is a whole number up to what one object may name', () => {
  expect(admissionConfig({ ...environment, MAX_IMAGES: '200' }).maxImages).toBe(200);
  for (const text of ['0', '1001', '-1', '1e2', 'many']) {
    expect(problemsOf({ MAX_IMAGES: text })).toEqual([`MAX_IMAGES: '${text}' is not a whole number from 1 to 1000`]);
  }
});

test('registries are known by their canonical names', () => {
  const { registries } = admissionConfig({ ...environment, REGISTRIES: 'GHCR.io,registry-1.docker.io,quay.io:443' });
  expect(registries).toEqual(['ghcr.io', 'docker.io', 'quay.io']);
});

test('the ledger’s settings have Kyverno’s names', () => {
  const { ledger } = admissionConfig({
    ...environment,
    imageVerifyCacheTTLDuration: '30m',
    imageVerifyCacheMaxSize: '0',
  });
  expect(ledger).toEqual({ ...defaultLedgerSettings, ttlMs: 1_800_000 });
});

test('the trust root is the carried one, none, or a file', () => {
  const rootOf = (text: string) => admissionConfig({ ...environment, TRUST_ROOT: text }).trustRoot;
  expect(['carried', 'none', 'trust/ours.json'].map(rootOf)).toEqual(['carried', 'none', { file: 'trust/ours.json' }]);
});

test.each<[string, Readonly<Record<string, string | undefined>>, string, Readonly<Record<string, string>>]>([
  ['no cluster', { CLUSTERS: ' , ' }, 'CLUSTERS names no cluster', { CLUSTERS: 'prod' }],
  ['a cluster that no path can name', { CLUSTERS: 'prod,a/b' }, "CLUSTERS: 'a/b' is not a name", { CLUSTERS: 'a_b' }],
  ['no table', { LEDGER_TABLE: undefined }, 'LEDGER_TABLE is not set', { LEDGER_TABLE: 't' }],
  ['an account', { ACCOUNT_ID: '12' }, "ACCOUNT_ID: '12' is not an account", { ACCOUNT_ID: '000000000000' }],
  [
    'an account of others that is none',
    { ECR_ACCOUNTS: '210987654321,12' },
    "ECR_ACCOUNTS: '12' is not a number of an account",
    { ECR_ACCOUNTS: '210987654321, 310987654321' },
  ],
  [
    'a wildcard among registries',
    { REGISTRIES: '*.example.com' },
    'is not a registry host',
    { REGISTRIES: 'a.example' },
  ],
  ['a URL among registries', { REGISTRIES: 'https://ghcr.io' }, 'is not a registry host', { REGISTRIES: 'ghcr.io' }],
  ['a range without bits', { VPC_RANGES: '10.0.0.0' }, 'is not a CIDR range', { VPC_RANGES: '10.0.0.0/8' }],
  ['a range with too many', { VPC_RANGES: '10.0.0.0/33' }, 'is not a CIDR range', { VPC_RANGES: 'fd00::/33' }],
  [
    'a private host at a port that there is not',
    { PRIVATE_HOSTS: 'registry.internal:65536', VPC_RANGES: '10.0.0.0/8' },
    "PRIVATE_HOSTS: 'registry.internal:65536' is not a host",
    { PRIVATE_HOSTS: 'registry.internal:65535', VPC_RANGES: '10.0.0.0/8' },
  ],
  [
    'private hosts without ranges',
    { PRIVATE_HOSTS: 'registry.internal' },
    'PRIVATE_HOSTS needs VPC_RANGES',
    { PRIVATE_HOSTS: 'registry.internal', VPC_RANGES: '10.0.0.0/8' },
  ],
  [
    'an age that is no number',
    { TRUST_ROOT_MAX_AGE: '90d' },
    "TRUST_ROOT_MAX_AGE: '90d' is no number of days",
    { TRUST_ROOT_MAX_AGE: '30' },
  ],
  [
    'a life that outlasts a forgetting',
    { imageVerifyCacheTTLDuration: '48h' },
    'imageVerifyCacheTTLDuration',
    { imageVerifyCacheTTLDuration: '24h' },
  ],
])('%s is refused', (_, changes, problem, quiet) => {
  expect(problemsOf(changes)).toEqual([expect.stringContaining(problem)]);
  expect(problemsOf(quiet)).toEqual([]);
});

test('all problems are told together', () => {
  const problems = problemsOf({ CLUSTERS: '', TOKENS_SECRET: '', VPC_RANGES: 'x', imageVerifyCacheEnabled: 'maybe' });
  expect(problems).toHaveLength(4);
});
