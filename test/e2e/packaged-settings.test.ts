import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

// What packaging has against settings, before anything is deployed: infra/, in a process of its own, as osls loads it.

const clone = join(import.meta.dirname, '../..');

async function inClone(program: string): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program], {
    cwd: clone,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** What is told of each environment, by the function's own reader. */
async function told(environments: readonly Readonly<Record<string, unknown>>[]): Promise<unknown> {
  return inClone(`
    const { renderedEnvironment, settingsProblems } = require('./infra/settings.cjs');
    const given = ${JSON.stringify(environment)};
    import('./functions/admission/config.ts').then(({ admissionConfig }) => {
      const answers = ${JSON.stringify(environments)}.map((changes) =>
        settingsProblems(renderedEnvironment({ ...given, ...changes }, 'eu-west-1'), admissionConfig));
      console.log(JSON.stringify(answers));
    });`);
}

/** As serverless.yml has it: every variable is there, and what CloudFormation fills in is a reference. */
const environment = {
  ACCOUNT_ID: { Ref: 'AWS::AccountId' },
  CLUSTERS: 'prod,staging',
  REGISTRIES: '',
  MAX_IMAGES: 64,
  VPC_RANGES: '',
  PRIVATE_HOSTS: '',
  TRUST_BUCKET: { Ref: 'Bucket' },
  LEDGER_TABLE: { Ref: 'LedgerTable' },
  TOKENS_SECRET: { Ref: 'TokensSecret' },
  MAC_KEYS_SECRET: { Ref: 'MacKeysSecret' },
  TRUST_ROOT_MAX_AGE: '90',
  imageVerifyCacheTTLDuration: '',
  tagPointers: '',
};

test('settings that the function would refuse when it starts are refused by their parameters’ names', async () => {
  const cases: [Readonly<Record<string, unknown>>, readonly string[], Readonly<Record<string, unknown>>][] = [
    [
      { REGISTRIES: 'ghcr.io,https://quay.io' },
      ["the parameter registries: 'https://quay.io' is not a registry host"],
      { REGISTRIES: 'ghcr.io,quay.io' },
    ],
    [
      { imageVerifyCacheTTLDuration: '48h' },
      [expect.stringMatching(/^the parameter imageVerifyCacheTTLDuration: .*48h.* is not a duration from 0 to 24h/)],
      { imageVerifyCacheTTLDuration: '24h' },
    ],
    [
      { tagPointers: 'false' },
      [expect.stringMatching(/^the parameter tagPointers: .*false.* is not on or off$/)],
      { tagPointers: 'off' },
    ],
    [
      { VPC_RANGES: '10.0.0.0' },
      ["the parameter vpcRanges: '10.0.0.0' is not a CIDR range"],
      { VPC_RANGES: '10.0.0.0/16' },
    ],
    [
      { PRIVATE_HOSTS: 'registry.internal' },
      ['the parameter privateHosts needs vpcRanges: those hosts answer inside these ranges'],
      { PRIVATE_HOSTS: 'registry.internal', VPC_RANGES: '10.0.0.0/16' },
    ],
    [{ MAX_IMAGES: 0 }, ["the parameter maxImages: '0' is not a whole number from 1 to 1000"], { MAX_IMAGES: 1000 }],
    [
      { TRUST_ROOT_MAX_AGE: '90d' },
      ["the parameter trustRootMaxAge: '90d' is no number of days"],
      { TRUST_ROOT_MAX_AGE: 30 },
    ],
    // A value is told as it was written, whatever it is called like.
    [
      { REGISTRIES: 'VPC_RANGES, MAX_IMAGES' },
      [
        "the parameter registries: 'VPC_RANGES' is not a registry host",
        "the parameter registries: 'MAX_IMAGES' is not a registry host",
      ],
      { REGISTRIES: null },
    ],
    [
      { CLUSTERS: Array.from({ length: 90 }, (_, at) => `${at}-${'c'.repeat(50)}`).join() },
      [expect.stringMatching(/^the parameters together are too long: .* has \d+ bytes, and Lambda takes 4096$/)],
      { CLUSTERS: Array.from({ length: 75 }, (_, at) => `${at}-of-many`).join() },
    ],
  ];
  expect(await told(cases.map(([changes]) => changes))).toEqual(cases.map(([, problems]) => problems));
  expect(await told(cases.map(([, , quiet]) => quiet))).toEqual(cases.map(() => []));
});

test('all that is wrong is told together', async () => {
  const [problems] = (await told([
    { CLUSTERS: '', MAX_IMAGES: 'many', VPC_RANGES: 'x', tagPointers: 'no' },
  ])) as string[][];
  const names = problems?.map((problem) => /^the parameter (\w+)/.exec(problem)?.[1]).sort();
  expect(names).toEqual(['clusters', 'maxImages', 'tagPointers', 'vpcRanges']);
});

test('numbers are compared with each other', async () => {
  const usual = { reservedConcurrency: 100, provisionedConcurrency: 0, throttle: { rate: 100, burst: 100 } };
  const cases: [Readonly<Record<string, unknown>>, readonly unknown[]][] = [
    [{}, []],
    [{ provisionedConcurrency: 100 }, []],
    [
      { provisionedConcurrency: 101 },
      [expect.stringMatching(/^the parameter provisionedConcurrency, 101, is over reservedConcurrency, 100: /)],
    ],
    [{ reservedConcurrency: undefined, provisionedConcurrency: 101, throttle: { rate: 1, burst: 5000 } }, []],
    [{ throttle: { rate: 0, burst: 1 } }, ['the parameter throttleRate is 0: no call would be let in']],
    [{ throttle: { rate: 1, burst: 0 } }, ['the parameter throttleBurst is 0: no call would be let in']],
    [{ throttle: { rate: 5000, burst: 101 } }, [expect.stringMatching(/^the parameter throttleBurst, 101, is over /)]],
    [{ throttle: { rate: 5000, burst: 100 } }, []],
  ];
  const sets = cases.map(([changes]) => ({ ...usual, ...changes, unbound: 'reservedConcurrency' in changes }));
  const answers = await inClone(`
    const { numberProblems } = require('./infra/numbers.cjs');
    console.log(JSON.stringify(${JSON.stringify(sets)}.map(({ unbound, ...numbers }) =>
      numberProblems(unbound ? { ...numbers, reservedConcurrency: undefined } : numbers))));`);
  expect(answers).toEqual(cases.map(([, problems]) => problems));
});

test('FIPS is for regions where AWS has it', async () => {
  const regions = ['us-east-1', 'ca-west-1', 'us-gov-west-1', 'eu-west-1', 'cn-north-1', 'eusc-de-east-1', 'sa-east-1'];
  const answers = await inClone(`
    const { hasFips } = require('./infra/partition.cjs');
    console.log(JSON.stringify(${JSON.stringify(regions)}.filter(hasFips)));`);
  expect(answers).toEqual(['us-east-1', 'ca-west-1', 'us-gov-west-1']);
});

test('clusters that CloudFormation would take for one are told, by osls’s own names of resources', async () => {
  const sets = [
    ['Prod', 'prod', 'staging'],
    ['prod_1', 'staging', 'prod1', 'PROD1'],
    ['prod-1', 'prod1', 'prod-2'],
  ];
  const answers = await inClone(`
    const { sameIds } = require('./infra/clusters.cjs');
    const { routeOf } = require('./infra/parameters.cjs');
    const naming = require('serverless/lib/plugins/aws/lib/naming');
    const idOf = (cluster) => naming.getResourceLogicalId.call(naming, routeOf(cluster));
    const routeIdOf = (cluster) => naming.getHttpApiRouteLogicalId.call(naming, 'POST ' + routeOf(cluster));
    console.log(JSON.stringify(${JSON.stringify(sets)}.map((set) => [sameIds(set, idOf), sameIds(set, routeIdOf)])));`);
  const expected = [[['Prod', 'prod']], [['prod_1', 'prod1', 'PROD1']], []];
  // In both variants the same, so that one is asked for both.
  expect(answers).toEqual(expected.map((same) => [same, same]));
});

test('what an API and a stack have room for is told, and a route for each cluster is insisted on', async () => {
  const answers = await inClone(`
    const { roomWarning, templateProblem } = require('./infra/clusters.cjs');
    const of = (type, count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [type + at, { Type: type }]));
    const clusters = ['a', 'b'];
    const [http, rest] = ['AWS::ApiGatewayV2::Route', 'AWS::ApiGateway::Method'];
    console.log(JSON.stringify([
      [roomWarning('private', 75) ?? '', roomWarning('private', 76), roomWarning('http', 300) ?? '', roomWarning('http', 301)],
      ['http', 'private'].map((endpoint) => [1, 2, 3].map((count) =>
        templateProblem(of(endpoint === 'http' ? http : rest, count), { endpoint, clusters }) ?? '')),
      [498, 499].map((count) => templateProblem({ ...of(http, 2), ...of('Other', count) }, { endpoint: 'http', clusters }) ?? ''),
    ]));`);
  const counts = ['the template has 1 routes for 2 clusters', '', 'the template has 3 routes for 2 clusters'];
  expect(answers).toEqual([
    ['', expect.stringMatching(/^76 clusters: .* have 75 /), '', expect.stringMatching(/^301 clusters: .* have 300 /)],
    [counts, counts],
    ['', expect.stringMatching(/^the template has 501 resources for 2 clusters, and CloudFormation takes 500/)],
  ]);
});

test('what a function names and CloudFormation may replace makes a further version of that function alone', async () => {
  const table = (key: string) => ({ Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [key] } });
  const sets = [
    [
      { LEDGER_TABLE: { Ref: 'Table' }, ACCOUNT_ID: { Ref: 'AWS::AccountId' } },
      { Table: table('pk'), Bucket: {} },
    ],
    [
      { LEDGER_TABLE: { Ref: 'Table' }, MAX_IMAGES: 64 },
      { Table: table('pk'), Bucket: { changed: true } },
    ],
    [{ LEDGER_TABLE: { Ref: 'Table' } }, { Table: table('another'), Bucket: {} }],
    [{ MAX_IMAGES: 64, PRIVATE_HOSTS: null }, { Table: table('pk') }],
  ];
  const [one, same, changed, none] = (await inClone(`
    const { namedHash } = require('./infra/names.cjs');
    console.log(JSON.stringify(${JSON.stringify(sets)}.map((set) => namedHash(...set) ?? '')));`)) as string[];
  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(same).toBe(one);
  expect(changed).toMatch(/^[0-9a-f]{16}$/);
  expect(changed).not.toBe(one);
  expect(none).toBe('');
});
