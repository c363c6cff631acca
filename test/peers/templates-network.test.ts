import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cfnLint, clean, linted } from './cfn-lint.ts';
import { clonesTemplates, inVpc, type Rendered, render, tryRender } from './rendered.ts';

// The private variant's network, and what the VPC that it joins had before: neighbours that resolve the same names, endpoints, routes.

const there = {
  ecrApiEndpoint: 'vpce-0aaaaaaaaaaaaaaa1',
  ecrRegistryEndpoint: 'vpce-0aaaaaaaaaaaaaaa2',
  secretsManagerEndpoint: 'vpce-0aaaaaaaaaaaaaaa3',
  kmsEndpoint: 'none',
  s3Endpoint: 'vpce-0aaaaaaaaaaaaaaa4',
  dynamoDbEndpoint: 'vpce-0aaaaaaaaaaaaaaa5',
};
const kmsKeys = 'arn:aws:kms:eu-west-1:111122223333:alias/cosign';
const ofOthers = ['vpce-0bbbbbbbbbbbbbbb1', 'vpce-0bbbbbbbbbbbbbbb2'];

let dir: string;
let lint: string;
/** Nothing is in the VPC; everything is; some is, and callers come from other VPCs alone. */
let variants: { readonly bare: Rendered; readonly furnished: Rendered; readonly mixed: Rendered };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  lint = await cfnLint();
  const clone = join(dir, 'clone');
  await clonesTemplates(clone);
  variants = {
    bare: await render(clone, { ...inVpc, kmsKeys }),
    furnished: await render(clone, {
      ...{ ...inVpc, ...there, kmsKeys, routeTableIds: '' },
      ...{ apiEndpoint: 'vpce-0aaaaaaaaaaaaaaa6', callerEndpoints: ofOthers.join() },
    }),
    mixed: await render(clone, {
      ...{ ...inVpc, ecrRegistryEndpoint: there.ecrRegistryEndpoint, s3Endpoint: 'none' },
      ...{ apiEndpoint: 'none', callerEndpoints: ofOthers.join() },
    }),
  };
}, 600_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

/** The endpoints of a template: the service's short name, and properties. */
function endpointsOf(rendered: Rendered) {
  return rendered.ofType('AWS::EC2::VPCEndpoint').map(({ Properties }) => ({
    service: String(Properties['ServiceName']['Fn::Sub']).replace(/^.*\$\{AWS::Region\}\./, ''),
    ...Properties,
  })) as { readonly service: string; readonly [property: string]: unknown }[];
}

/** Who may reach port 443 of what is in an endpoint's security groups. */
function admittedTo(rendered: Rendered, endpoint: Readonly<Record<string, unknown>>): unknown[] {
  const groups = (endpoint['SecurityGroupIds'] as { readonly Ref: string }[]).map(({ Ref }) => rendered.resources[Ref]);
  return groups
    .flatMap((group) => group?.Properties['SecurityGroupIngress'])
    .filter(({ FromPort, ToPort, IpProtocol }) => IpProtocol === 'tcp' && FromPort === 443 && ToPort === 443)
    .map(({ CidrIp, CidrIpv6, SourceSecurityGroupId }) => CidrIp ?? CidrIpv6 ?? SourceSecurityGroupId);
}

test('where the VPC has nothing, each service that is called has an endpoint, and no other service', () => {
  const services = endpointsOf(variants.bare).map(({ service, VpcEndpointType }) => [service, VpcEndpointType]);
  expect(Object.fromEntries(services)).toEqual({
    ...{ 'ecr.api': 'Interface', 'ecr.dkr': 'Interface', secretsmanager: 'Interface', kms: 'Interface' },
    ...{ s3: 'Gateway', dynamodb: 'Gateway', 'execute-api': 'Interface' },
  });
  for (const endpoint of endpointsOf(variants.bare).filter(({ VpcEndpointType }) => VpcEndpointType === 'Gateway')) {
    expect(endpoint['RouteTableIds']).toEqual([inVpc['routeTableIds']]);
  }
});

test('a node of the VPC, which resolves these names to our endpoints from now on, is let in by each', () => {
  const named = endpointsOf(variants.bare).filter(({ PrivateDnsEnabled }) => PrivateDnsEnabled);
  expect(named.map(({ service }) => service)).toEqual(['ecr.api', 'ecr.dkr', 'secretsmanager', 'kms']);
  for (const endpoint of named) {
    expect([endpoint.service, admittedTo(variants.bare, endpoint)]).toEqual([
      endpoint.service,
      [{ Ref: 'FunctionSecurityGroup' }, ...String(inVpc['vpcRanges']).split(',')],
    ]);
  }
});

test('the names of other APIs are left as they are: that for the API has no private DNS, and lets API servers in', () => {
  const [api] = endpointsOf(variants.bare).filter(({ service }) => service === 'execute-api');
  expect(api?.['PrivateDnsEnabled']).toBe(false);
  expect(admittedTo(variants.bare, api ?? {})).toEqual(String(inVpc['vpcRanges']).split(','));
});

test('where the VPC has all of them none is made, nor a route, nor a security group for them', () => {
  expect(endpointsOf(variants.furnished)).toEqual([]);
  expect(
    variants.furnished.ofType('AWS::EC2::SecurityGroup').map(({ Properties }) => Properties['GroupDescription']),
  ).toEqual(['The functions of Countersign']);
});

test('each service stands by itself: where some are there the others are made', () => {
  expect(endpointsOf(variants.mixed).map(({ service }) => service)).toEqual(['ecr.api', 'secretsmanager', 'dynamodb']);
});

test('what is there has to admit the function, whose security group is an output', () => {
  for (const { outputs } of Object.values(variants)) {
    expect(outputs['FunctionSecurityGroupId']?.Value).toEqual({ 'Fn::GetAtt': ['FunctionSecurityGroup', 'GroupId'] });
  }
});

test.each([
  ['bare', [{ Ref: 'ApiEndpoint' }], [`\${ApiEndpoint}`]],
  ['furnished', ['vpce-0aaaaaaaaaaaaaaa6', ...ofOthers], ['vpce-0aaaaaaaaaaaaaaa6', ...ofOthers]],
  ['mixed', ofOthers, ofOthers],
] as const)(
  '%s: the API answers its endpoints alone, of whatever account, and has a URL by each',
  (variant, ids, inUrls) => {
    const { ofType, outputs } = variants[variant];
    const [api] = ofType('AWS::ApiGateway::RestApi');
    expect(api?.Properties['EndpointConfiguration']).toEqual({ Types: ['PRIVATE'], VpcEndpointIds: ids });
    expect(api?.Properties['Policy'].Statement).toEqual([
      {
        ...{ Effect: 'Allow', Principal: '*', Action: ['execute-api:Invoke'], Resource: 'execute-api:/*' },
        Condition: { StringEquals: { 'aws:SourceVpce': ids } },
      },
    ]);
    const urls = Object.entries(outputs).filter(([name]) => name.startsWith('ServiceEndpoint'));
    const host = `execute-api.\${AWS::Region}.\${AWS::URLSuffix}`;
    expect(urls.map(([name, { Value }]) => [name, Value])).toEqual(
      inUrls.map((id, index) => [
        `ServiceEndpoint${index === 0 ? '' : index + 1}`,
        { 'Fn::Sub': `https://\${ApiGatewayRestApi}-${id}.${host}/dev` },
      ]),
    );
  },
);

test.each(['bare', 'furnished', 'mixed'] as const)('cfn-lint has nothing to say of %s', async (variant) => {
  expect(await linted(lint, variants[variant].file)).toEqual(clean);
});

test.each([
  [
    'no ID of an endpoint',
    { s3Endpoint: 'vpc-0123456789abcdef0' },
    'the parameter s3Endpoint is the ID of a VPC endpoint',
  ],
  ['a gateway without a route table', { routeTableIds: '' }, 'the private endpoint needs the parameter routeTableIds'],
  ['an API without callers', { apiEndpoint: 'none' }, 'callerEndpoints has to name one'],
  [
    'a caller that is none',
    { callerEndpoints: '123456789012' },
    "the parameter callerEndpoints: '123456789012' is not",
  ],
])('%s is refused', async (_, parameters, message) => {
  const { code, stdout, stderr } = await tryRender(join(dir, 'clone'), { ...inVpc, ...parameters });
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain(message);
});
