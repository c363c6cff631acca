import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKey } from '../../local/signer/keys.ts';
import { engineHash } from '../../scripts/engine-hash.ts';
import { carriedBytes } from '../../shared/trust-roots/carried.ts';
import { policy } from '../e2e/documents.ts';
import { cfnLint, clean, linted } from './cfn-lint.ts';
import { copyOfClone, hasNoNetwork, type Packed, packageIn, tryPackage, unzip } from './packed.ts';

// `npm run package` in both variants: what is in the zip, and the templates before the eyes of cfn-lint.

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of any shape, and what is read of it is compared with what it should be
  readonly Properties: Record<string, any>;
  readonly DependsOn?: string | readonly string[];
}

const clusters = ['prod', 'staging'];
const publishedRoots = { 'Fn::Sub': `\${Bucket.Arn}/trust/*` };
const common = { clusters: clusters.join(), throttleRate: '20', throttleBurst: '40' };
const kmsKey = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const inVpc = {
  endpoint: 'private',
  vpcId: 'vpc-0123456789abcdef0',
  vpcRanges: '10.0.0.0/16,10.1.0.0/16',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  routeTableIds: 'rtb-0123456789abcdef0',
  kmsKeys: `${kmsKey},arn:aws:kms:eu-west-1:111122223333:alias/cosign`,
};

let dir: string;
let lint: string;
let http: Packed;
let inside: Packed;
let resources: Record<'http' | 'private', Readonly<Record<string, Resource>>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  lint = await cfnLint();
  const policies = {
    'all.yaml': policy({ images: 'registry.example/team/*', keys: [newKey()] }),
    'staging/more.yaml': policy({ name: 'more', images: 'registry.example/*', keys: [newKey()] }),
  };
  await copyOfClone(join(dir, 'one'), policies);
  await copyOfClone(join(dir, 'two'), policies);
  http = await packageIn(join(dir, 'one'), common);
  inside = await packageIn(join(dir, 'two'), {
    ...common,
    ...inVpc,
    provisionedConcurrency: '2',
    reservedConcurrency: '0',
  });
  resources = { http: await resourcesOf(http), private: await resourcesOf(inside) };
  if (!hasNoNetwork) console.warn('packaged with the network on: unshare makes no network namespace here');
}, 600_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

async function resourcesOf({ template }: Packed): Promise<Record<string, Resource>> {
  return JSON.parse(await readFile(template, 'utf8')).Resources;
}

function ofType(variant: 'http' | 'private', type: string): Resource[] {
  return Object.values(resources[variant]).filter(({ Type }) => Type === type);
}

test('two runs, in different folders, give the same bytes', () => {
  expect(inside.zip.equals(http.zip)).toBe(true);
  expect(inside.trustRefresh.equals(http.trustRefresh)).toBe(true);
});

async function filesOf(zip: Buffer, folder: string): Promise<string[]> {
  await unzip(zip, folder);
  return (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

test('the zip holds the function, the policies and the carried trust root, and no sample; under 1 MB', async () => {
  expect(http.zip.length).toBeLessThan(1_000_000);
  const folder = join(dir, 'unpacked');
  const files = await filesOf(http.zip, folder);
  expect(files.filter((file) => !/^dist\/admission\/[\w-]+\.mjs$/.test(file))).toEqual([
    'dist/admission/trusted_root.json',
    'policies/all.yaml',
    'policies/staging/more.yaml',
  ]);
  expect(files).toContain('dist/admission/index.mjs');
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  // What verifications are stored under: another build's are not believed.
  const hash = await engineHash(join(dir, 'one'));
  expect(texts.filter((text) => text.includes(hash))).toHaveLength(1);
  // No review waits for TUF.
  expect(texts.filter((text) => /tuf-js|TUF_/.test(text))).toEqual([]);
});

test('what publishes the trust root is a zip of its own, without policies', async () => {
  expect(http.trustRefresh.length).toBeLessThan(1_000_000);
  const files = await filesOf(http.trustRefresh, join(dir, 'refresh'));
  expect(files.filter((file) => !/^dist\/trust-refresh\/[\w-]+\.mjs$/.test(file))).toEqual([
    'dist/trust-refresh/trusted_root.json',
  ]);
});

test.each(['http', 'private'] as const)('cfn-lint has nothing to say of the variant %s', async (variant) => {
  expect(await linted(lint, (variant === 'http' ? http : inside).template)).toEqual(clean);
});

test('osls has nothing to say either', () => {
  expect(`${http.output}${inside.output}`).not.toMatch(/warning/i);
});

test('the HTTP API: a route and a throttle of its own for each cluster, and no other route', () => {
  const routes = ofType('http', 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']);
  expect(routes).toEqual(clusters.map((cluster) => `POST /${cluster}/{verb}/{scope}/{token}`));
  const [stage] = ofType('http', 'AWS::ApiGatewayV2::Stage');
  const throttle = { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40, DetailedMetricsEnabled: true };
  expect(stage?.Properties['RouteSettings']).toEqual(Object.fromEntries(routes.map((route) => [route, throttle])));
  expect(stage?.DependsOn).toHaveLength(clusters.length);
});

test.each(['http', 'private'] as const)(
  '%s: what the API refuses is written down, by its route and never by its path, which has the token',
  (variant) => {
    const stages = ['AWS::ApiGatewayV2::Stage', 'AWS::ApiGateway::Stage'].flatMap((type) => ofType(variant, type));
    expect(stages).toHaveLength(1);
    const settings = stages[0]?.Properties['AccessLogSettings'] ?? stages[0]?.Properties['AccessLogSetting'];
    expect(settings.DestinationArn['Fn::Sub']).toMatch(/:log-group:\$\{ApiLogGroup\}$/);
    expect(resources[variant]['ApiLogGroup']).toMatchObject({
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: '/aws/vendedlogs/countersign-dev-api', RetentionInDays: 30 },
    });
    const format: Record<string, string> = JSON.parse(settings.Format);
    expect(Object.keys(format)).toEqual(
      expect.arrayContaining(['route', 'status', 'latency', 'integrationError', 'source', 'requestId', 'error']),
    );
    // A path, a query, a header and an error in words may each have the token in it.
    const variables = settings.Format.match(/\$context\.[\w.]+/g);
    expect(variables.join(' ')).not.toMatch(
      /context\.(path|protocol|error\.message|customDomain|authorizer)|query|header|uri/i,
    );
    // The other id of a REST API's call is the client's to choose.
    expect(format['requestId']).toBe(variant === 'http' ? '$context.requestId' : '$context.extendedRequestId');
    expect(format['route']).toBe(
      variant === 'http' ? '$context.routeKey' : '$context.httpMethod $context.resourcePath',
    );
  },
);

test('X-Ray follows no call, and the functions may not tell it of any', () => {
  for (const variant of ['http', 'private'] as const) {
    for (const { Properties } of ofType(variant, 'AWS::Lambda::Function'))
      expect(Properties).not.toHaveProperty('TracingConfig');
    expect(JSON.stringify(resources[variant])).not.toContain('xray');
  }
});

test('access logs and X-Ray are turned by parameters', async () => {
  const { template } = await packageIn(join(dir, 'one'), { ...common, accessLogs: 'off', tracing: 'on' });
  const turned: Record<string, Resource> = JSON.parse(await readFile(template, 'utf8')).Resources;
  expect(turned['HttpApiStage']?.Properties).not.toHaveProperty('AccessLogSettings');
  expect(turned).not.toHaveProperty('ApiLogGroup');
  const functions = Object.values(turned).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  expect(functions.map(({ Properties }) => Properties['TracingConfig'])).toEqual([
    { Mode: 'Active' },
    { Mode: 'Active' },
  ]);
  expect(turned['TracesPolicy']?.Properties['Roles']).toEqual([{ Ref: 'AdmissionRole' }, { Ref: 'TrustRefreshRole' }]);
  expect(await linted(lint, template)).toEqual(clean);
}, 120_000);

test('the private API: a throttle for each cluster', () => {
  const [stage] = ofType('private', 'AWS::ApiGateway::Stage');
  expect(stage?.Properties['MethodSettings']).toEqual(
    clusters.map((cluster) => ({
      HttpMethod: 'POST',
      ResourcePath: `/~1${cluster}~1{verb}~1{scope}~1{token}`,
      ThrottlingRateLimit: 20,
      ThrottlingBurstLimit: 40,
      MetricsEnabled: true,
    })),
  );
  expect(ofType('private', 'AWS::ApiGateway::Method')).toHaveLength(clusters.length);
});

test('the function of the private API is in the VPC, and the other one in none', () => {
  expect(ofType('http', 'AWS::EC2::VPCEndpoint')).toEqual([]);
  expect(ofType('http', 'AWS::Lambda::Function')[0]?.Properties).not.toHaveProperty('VpcConfig');
  const [lambda] = ofType('private', 'AWS::Lambda::Function');
  expect(lambda?.Properties['VpcConfig'].SubnetIds).toEqual(inVpc.subnetIds.split(','));
  expect(lambda?.Properties['Environment'].Variables.VPC_RANGES).toBe(inVpc.vpcRanges);
});

test.each(['http', 'private'] as const)('%s: calls go to the alias of a published version', (variant) => {
  const [alias] = ofType(variant, 'AWS::Lambda::Alias');
  expect(alias?.Properties['Name']).toBe('live');
  const [version, attribute] = alias?.Properties['FunctionVersion']['Fn::GetAtt'] ?? [];
  expect([resources[variant][version]?.Type, attribute]).toEqual(['AWS::Lambda::Version', 'Version']);
  for (const { Properties } of ofType(variant, 'AWS::Lambda::Permission')) {
    expect(JSON.stringify(Properties['FunctionName'])).toContain('"live"');
  }
  const called = variant === 'http' ? 'AWS::ApiGatewayV2::Integration' : 'AWS::ApiGateway::Method';
  for (const { Properties } of ofType(variant, called)) {
    expect(JSON.stringify(Properties['IntegrationUri'] ?? Properties['Integration'].Uri)).toContain('"live"');
  }
});

test('a table that is replaced makes a further version of the function that names it, and of no other', async () => {
  const versionOf = (of: Readonly<Record<string, Resource>>, name: string) =>
    Object.keys(of).filter((logicalId) => logicalId.startsWith(`${name}LambdaVersion`));
  const table = join(dir, 'one', 'infra', 'table.yml');
  const written = await readFile(table, 'utf8');
  await writeFile(table, written.replaceAll('AttributeName: sk', 'AttributeName: sort'));
  const replaced = await resourcesOf(await packageIn(join(dir, 'one'), common));
  await writeFile(table, written);
  expect(versionOf(resources.http, 'Admission')).toHaveLength(1);
  expect(versionOf(replaced, 'Admission')).toHaveLength(1);
  expect(versionOf(replaced, 'Admission')).not.toEqual(versionOf(resources.http, 'Admission'));
  expect(versionOf(replaced, 'TrustRefresh')).toEqual(versionOf(resources.http, 'TrustRefresh'));
}, 120_000);

test('no deployment deletes or replaces the API that clusters call, and all else is changed as ever', async () => {
  const state = join(dir, 'one', '.serverless', 'serverless-state.json');
  const { stackPolicy } = JSON.parse(await readFile(state, 'utf8')).service.provider;
  expect(stackPolicy).toEqual([
    { Effect: 'Allow', Principal: '*', Action: ['Update:*'], Resource: '*' },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: ['Update:Replace', 'Update:Delete'],
      Resource: ['LogicalResourceId/HttpApi', 'LogicalResourceId/ApiGatewayRestApi'],
    },
  ]);
  expect(resources.http['HttpApi']?.Type).toBe('AWS::ApiGatewayV2::Api');
  expect(resources.private['ApiGatewayRestApi']?.Type).toBe('AWS::ApiGateway::RestApi');
});

test('concurrency is set by parameter', () => {
  const [bounded] = ofType('http', 'AWS::Lambda::Function');
  expect(bounded?.Properties['ReservedConcurrentExecutions']).toBe(100);
  expect(ofType('http', 'AWS::Lambda::Alias')[0]?.Properties).not.toHaveProperty('ProvisionedConcurrencyConfig');
  // 0 is no bound: as a number it would start no function.
  const [open] = ofType('private', 'AWS::Lambda::Function');
  expect(open?.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  const [ready, scheduled] = ofType('private', 'AWS::Lambda::Alias');
  expect(ready?.Properties['ProvisionedConcurrencyConfig']).toEqual({ ProvisionedConcurrentExecutions: 2 });
  expect(scheduled?.Properties).not.toHaveProperty('ProvisionedConcurrencyConfig');
});

test('the table forgets by deleteAt; logs are kept for a while; secrets have no value in the template', () => {
  const [table] = ofType('http', 'AWS::DynamoDB::Table');
  expect(table?.Properties['TimeToLiveSpecification']).toEqual({ AttributeName: 'deleteAt', Enabled: true });
  expect(ofType('http', 'AWS::Logs::LogGroup').map(({ Properties }) => Properties['RetentionInDays'])).toEqual([
    30, 30, 30,
  ]);
  for (const { Properties } of ofType('http', 'AWS::SecretsManager::Secret')) {
    expect(Object.keys(Properties)).toEqual(['Description']);
  }
});

test('the trust root is published once a day, to a bucket that is private, versioned and kept', () => {
  const [bucket] = ofType('http', 'AWS::S3::Bucket').filter(({ Properties }) => Properties['LifecycleConfiguration']);
  expect(bucket?.Properties).toMatchObject({
    VersioningConfiguration: { Status: 'Enabled' },
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
  });
  const [rule] = ofType('http', 'AWS::Events::Rule');
  expect(rule?.Properties).toMatchObject({ ScheduleExpression: 'rate(1 day)', State: 'ENABLED' });
  expect(JSON.stringify(rule?.Properties['Targets'])).toContain('"live"');
  const [admission, refresh] = ofType('http', 'AWS::Lambda::Function').map(
    ({ Properties }) => Properties['Environment'].Variables,
  );
  expect(admission).toMatchObject({ TRUST_ROOT: '', TRUST_BUCKET: { Ref: 'Bucket' } });
  expect(refresh).toEqual({
    TRUST_BUCKET: { Ref: 'Bucket' },
    TRUST_MIRROR: '',
    TRUST_MIRROR_ROOT: '',
    AWS_USE_FIPS_ENDPOINT: 'false',
    NAMED: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  // It fetches from the internet, so it is in no VPC.
  expect(ofType('private', 'AWS::Lambda::Function')[1]?.Properties).not.toHaveProperty('VpcConfig');
});

test('the role of what publishes may write the trust root, and nothing else', () => {
  const [, role] = ofType('http', 'AWS::IAM::Role');
  const statements: Record<string, unknown>[] = role?.Properties['Policies'][0].PolicyDocument.Statement;
  expect(statements.map(({ Action, Resource: on }) => [Action, on]).slice(0, 1)).toEqual([
    ['s3:PutObject', publishedRoots],
  ]);
  expect(statements.map(({ Sid }) => Sid)).toEqual(['PublishTrustRoot', 'Logs']);
});

test('the function’s role: its table, where it forgets nothing, its secrets, the account’s images, and no other', () => {
  const roles = ofType('http', 'AWS::IAM::Role');
  expect(roles).toHaveLength(2);
  const statements: Record<string, unknown>[] = roles[0]?.Properties['Policies'][0].PolicyDocument.Statement;
  const bySid = Object.fromEntries(statements.map((statement) => [statement['Sid'], statement]));
  expect(statements.flatMap(({ Action }) => Action).sort()).toEqual(
    [
      ...['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'secretsmanager:GetSecretValue'],
      ...['ecr:GetAuthorizationToken', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      's3:GetObject',
      ...['logs:CreateLogStream', 'logs:PutLogEvents'],
    ].sort(),
  );
  const anything = statements.filter(({ Resource: resource }) => resource === '*').map(({ Sid }) => Sid);
  expect(anything).toEqual(['RegistryToken']);
  expect(bySid['PublishedTrustRoot']).toMatchObject({ Resource: publishedRoots });
  expect(bySid['LedgerWrites']).toMatchObject({
    Action: 'dynamodb:PutItem',
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['tag#*', 'img#*', 'pred#*'] } },
  });
});

test('keys in AWS KMS: the public keys of those that are named, and none without the parameter', () => {
  const [policy] = ofType('private', 'AWS::IAM::Policy');
  expect(policy?.Properties['Roles']).toEqual([{ Ref: 'AdmissionRole' }]);
  expect(policy?.Properties['PolicyDocument'].Statement).toMatchObject([
    { Action: 'kms:GetPublicKey', Resource: kmsKey },
    { Action: 'kms:GetPublicKey', Condition: { StringEquals: { 'kms:RequestAlias': 'alias/cosign' } } },
  ]);
  expect(ofType('http', 'AWS::IAM::Policy')).toEqual([]);
});

test('in the VPC, Lambda may attach the function to its subnets, and the function’s code may not', () => {
  expect(ofType('http', 'AWS::IAM::ManagedPolicy')).toEqual([]);
  expect(ofType('http', 'AWS::IAM::Role')[0]?.Properties['ManagedPolicyArns']).toEqual([]);
  expect(ofType('private', 'AWS::IAM::Role')[0]?.Properties['ManagedPolicyArns']).toEqual([
    { Ref: 'FunctionNetworkPolicy' },
  ]);
  const [policy] = ofType('private', 'AWS::IAM::ManagedPolicy');
  const statements: Record<string, unknown>[] = policy?.Properties['PolicyDocument'].Statement;
  expect(statements.map(({ Effect, Sid }) => [Effect, Sid])).toEqual([
    ['Allow', 'Interfaces'],
    ['Deny', 'NotByCode'],
  ]);
  expect(statements[0]?.['Action']).not.toContainEqual(expect.stringMatching(/^(?!ec2:)|\*/));
});

describe('is refused', () => {
  const attempt = (parameters: Readonly<Record<string, string>>) => tryPackage(join(dir, 'one'), parameters);

  beforeAll(async () => {
    await mkdir(join(dir, 'one', 'trust'), { recursive: true });
    await writeFile(join(dir, 'one', 'trust', 'trusted_root.json'), carriedBytes());
  });

  test.each([
    ['another endpoint', { endpoint: 'public' }, "the parameter endpoint is 'http' or 'private'"],
    ['a private endpoint without its VPC', { endpoint: 'private' }, 'the private endpoint needs the parameter vpcId'],
    ['a cluster that no path can name', { clusters: 'a/b' }, "'a/b' is no cluster's name"],
    ['a key that is no ARN', { kmsKeys: 'alias/cosign' }, "the parameter kmsKeys: 'alias/cosign' is not the ARN"],
    [
      'a trust root that is not there',
      { clusters: 'prod,staging', trustRoot: 'trust/gone.json' },
      'trust/gone.json is no trust root',
    ],
    ['a mirror without a root to begin with', { trustMirror: 'https://tuf.example' }, 'trustMirror needs trustRoot'],
    [
      'a mirror’s root that is none',
      {
        clusters: 'prod,staging',
        trustRoot: 'trust/trusted_root.json',
        trustMirror: 'https://tuf.example',
        trustMirrorRoot: 'trust/trusted_root.json',
      },
      'trust/trusted_root.json is no root.json of a TUF repository',
    ],
    ['a cluster without its folder', { clusters: 'prod' }, "'staging' is not a configured cluster"],
    [
      'a registry that is no host',
      { clusters: 'prod,staging', registries: 'https://ghcr.io' },
      "the parameter registries: 'https://ghcr.io' is not a registry host",
    ],
    [
      'a range without its bits',
      { ...inVpc, clusters: 'prod,staging', vpcRanges: '10.0.0.0' },
      "the parameter vpcRanges: '10.0.0.0' is not a CIDR range",
    ],
    ['clusters of one route', { clusters: 'prod,staging,Prod' }, 'prod and Prod differ by case and punctuation alone'],
    [
      'more instances that are kept ready than there may be',
      { clusters: 'prod,staging', provisionedConcurrency: '101' },
      'provisionedConcurrency, 101, is over reservedConcurrency, 100',
    ],
  ])('%s', async (_, parameters, message) => {
    const { code, stdout, stderr } = await attempt(parameters);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(message);
  });
});

test('a cluster without rules is refused, and packed with a warning where it is named as one: a fresh clone has none', async () => {
  const folder = join(dir, 'fresh');
  await copyOfClone(folder);
  const refused = await tryPackage(folder, {});
  expect(refused.code).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain('name it in the parameter clustersWithoutRules');
  const { output } = await packageIn(folder, { clustersWithoutRules: 'default' });
  expect(output).toContain("every review of 'default' will be refused (policies-invalid)");
});
