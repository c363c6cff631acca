import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cfnLint, clean, linted } from './cfn-lint.ts';
import { clonesTemplates, inVpc, type Parameters, type Rendered, render, tryRender } from './rendered.ts';

// Both variants in a region of each partition: what differs there, and what the role may do with Amazon ECR.

const regions = {
  aws: 'eu-west-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
} as const;
const partitions = Object.keys(regions) as (keyof typeof regions)[];
const others = ['210987654321', '310987654321'];
const more: Parameters = {
  ecrAccounts: others.join(),
  ecrPullThrough: 'docker-hub,team/quay',
  registries: 'registry.example,registry.example:8443',
  privateHosts: 'registry.internal:5000,harbor.internal',
};

let dir: string;
let lint: string;
let inVpcs: Record<keyof typeof regions, Rendered>;
let http: Rendered;
let open: Rendered;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  lint = await cfnLint();
  const clone = join(dir, 'clone');
  await clonesTemplates(clone);
  const parameters = { ...inVpc, ...more, dualStack: 'true' };
  inVpcs = {
    aws: await render(clone, parameters, regions.aws),
    'aws-cn': await render(clone, parameters, regions['aws-cn']),
    'aws-us-gov': await render(clone, parameters, regions['aws-us-gov']),
    'aws-eusc': await render(clone, parameters, regions['aws-eusc']),
  };
  http = await render(clone, { fips: 'true' }, regions['aws-us-gov']);
  open = await render(clone, { ...inVpc, vpcRanges: '10.0.0.0/16' });
}, 600_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

/** Every statement that a role of the admission function has, those of policies beside it included. */
function statementsOf({ resources, ofType }: Rendered) {
  const role = resources['AdmissionRole']?.Properties['Policies'];
  const beside = ofType('AWS::IAM::Policy').map(({ Properties }) => Properties);
  return [...role, ...beside].flatMap(({ PolicyDocument }) => PolicyDocument.Statement) as {
    readonly Sid: string;
    readonly Action: string | readonly string[];
    readonly Resource: unknown;
  }[];
}

function ofSid(rendered: Rendered, sid: string) {
  return statementsOf(rendered).find(({ Sid }) => Sid === sid);
}

test('endpoints have the names that their services have in the partition', () => {
  const prefixesOf = (rendered: Rendered) =>
    Object.fromEntries(
      rendered
        .ofType('AWS::EC2::VPCEndpoint')
        .map(({ Properties }) => String(Properties['ServiceName']['Fn::Sub']).split(`.\${AWS::Region}.`))
        .map(([prefix, service]) => [service, prefix]),
    );
  const common = { secretsmanager: 'com.amazonaws', s3: 'com.amazonaws', dynamodb: 'com.amazonaws' };
  const named = (prefix: string) => ({ ...common, 'ecr.api': prefix, 'ecr.dkr': prefix, 'execute-api': prefix });
  expect(partitions.map((partition) => prefixesOf(inVpcs[partition]))).toEqual([
    named('com.amazonaws'),
    named('cn.com.amazonaws'),
    named('com.amazonaws'),
    named('eu.amazonaws'),
  ]);
});

test.each(partitions)('%s: no ARN and no host is of another partition', (partition) => {
  const rendered = inVpcs[partition];
  const texts = JSON.stringify([rendered.resources, rendered.outputs]);
  expect(texts.match(/arn:aws[a-z-]*:/g)).toBeNull();
  // Of services, which have no other name where they are trusted, and of nothing that is called.
  const hosts = new Set(texts.match(/[\w.$}{:-]*amazonaws\.com[\w.]*/g));
  expect([...hosts].filter((host) => !/^(?:lambda|events|apigateway)\.amazonaws\.com$/.test(host))).toEqual([]);
});

test.each(partitions)('%s: cfn-lint has nothing to say', async (partition) => {
  expect(await linted(lint, inVpcs[partition].file)).toEqual(clean);
});

test('images of the own account and of those that are named may be read, and nothing be asked about them otherwise', () => {
  const reading = ofSid(inVpcs.aws, 'Registry');
  expect(reading?.Action).toEqual(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']);
  const arn = (account: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:ecr:*:${account}:repository/*` });
  expect(reading?.Resource).toEqual([`\${AWS::AccountId}`, ...others].map(arn));
  expect(ofSid(http, 'Registry')?.Resource).toEqual([arn(`\${AWS::AccountId}`)]);
  const environment = (rendered: Rendered) => rendered.ofType('AWS::Lambda::Function')[0]?.Properties['Environment'];
  expect(environment(inVpcs.aws).Variables.ECR_ACCOUNTS).toBe(others.join());
  expect(environment(http).Variables.ECR_ACCOUNTS).toBe('');
});

test('caches are filled under the prefixes that are named, and otherwise not at all', () => {
  const filling = ofSid(inVpcs.aws, 'PullThrough');
  expect(filling?.Action).toEqual(['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository']);
  const names = JSON.stringify(filling?.Resource).match(/repository\/[^"]*/g);
  expect([...new Set(names)]).toEqual(['repository/docker-hub/*', 'repository/team/quay/*']);
  expect(statementsOf(http).filter(({ Action }) => /Import|Create(?!LogStream)/.test(String(Action)))).toEqual([]);
});

test('nothing in the table can be deleted by the function, nor anything overwritten but what it writes', () => {
  const onTable = statementsOf(inVpcs.aws).filter(({ Action }) => String(Action).startsWith('dynamodb:'));
  expect(onTable.flatMap(({ Action }) => Action).sort()).toEqual(['dynamodb:BatchGetItem', 'dynamodb:PutItem']);
  expect(ofSid(inVpcs.aws, 'LedgerWrites')).toMatchObject({
    Action: 'dynamodb:PutItem',
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['tag#*', 'img#*', 'pred#*'] } },
  });
});

/** What the function's security group lets out: port and range. */
function waysOut({ resources }: Rendered): string[] {
  const rules = resources['FunctionSecurityGroup']?.Properties['SecurityGroupEgress'] as Record<string, unknown>[];
  return rules.map(({ FromPort, ToPort, CidrIp, CidrIpv6 }) => `${FromPort}-${ToPort} ${CidrIp ?? CidrIpv6}`).sort();
}

test('private hosts with a port are reached at it, in the VPC’s ranges of both families; other registries everywhere', () => {
  const [, ...inside] = String(inVpc['vpcRanges']).split(',');
  expect(waysOut(inVpcs.aws)).toEqual(
    [
      ...['443-443 0.0.0.0/0', '443-443 ::/0', '8443-8443 0.0.0.0/0', '8443-8443 ::/0'],
      ...['10.0.0.0/16', ...inside].map((range) => `5000-5000 ${range}`),
    ].sort(),
  );
  expect(inVpcs.aws.ofType('AWS::Lambda::Function')[0]?.Properties['VpcConfig'].Ipv6AllowedForDualStack).toBe(true);
  expect(waysOut(open)).toEqual(['443-443 0.0.0.0/0']);
  expect(open.ofType('AWS::Lambda::Function')[0]?.Properties['VpcConfig']).not.toHaveProperty(
    'Ipv6AllowedForDualStack',
  );
});

test('FIPS: both functions ask AWS at its FIPS endpoints, and no other does', () => {
  const told = ({ ofType }: Rendered) =>
    ofType('AWS::Lambda::Function').map(({ Properties }) => Properties['Environment'].Variables.AWS_USE_FIPS_ENDPOINT);
  expect(told(http)).toEqual(['true', 'true']);
  expect(told(open)).toEqual(['false', 'false']);
});

test.each<[string, Parameters, string, string?]>([
  ['an account that is none', { ecrAccounts: '12' }, "the parameter ecrAccounts: '12' is not the number of an account"],
  [
    'a prefix with a wildcard',
    { ecrPullThrough: 'docker-*' },
    "'docker-*' is not the prefix of a pull-through cache rule",
  ],
  ['another word than true', { fips: 'yes' }, "the parameter fips is 'true' or 'false', not 'yes'"],
  [
    'FIPS in the VPC without endpoints for it',
    { ...inVpc, fips: 'true' },
    'fips: name the endpoint of ecrApiEndpoint, secretsManagerEndpoint',
    'us-gov-west-1',
  ],
  ['FIPS where AWS has none', { fips: 'true' }, 'the parameter fips: AWS has no FIPS endpoints of', 'eu-west-1'],
])('%s is refused', async (_, parameters, message, region = 'eu-west-1') => {
  const { code, stdout, stderr } = await tryRender(join(dir, 'clone'), parameters, region);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain(message);
});
