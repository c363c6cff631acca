const { servicePrefix } = require('./partition.cjs');
const { rulesFor } = require('./rules.cjs');

/** What a function without another way out calls, and the parameter that says how it is reached: each by itself. */
const services = [
  { parameter: 'ecrApiEndpoint', service: 'ecr.api', logicalId: 'EcrApiEndpoint' },
  { parameter: 'ecrRegistryEndpoint', service: 'ecr.dkr', logicalId: 'EcrRegistryEndpoint' },
  { parameter: 'secretsManagerEndpoint', service: 'secretsmanager', logicalId: 'SecretsManagerEndpoint' },
  { parameter: 'kmsEndpoint', service: 'kms', logicalId: 'KmsEndpoint' },
  // Where ECR keeps layers: signatures and attestations are layers.
  { parameter: 's3Endpoint', service: 's3', logicalId: 'S3Endpoint', gateway: true },
  { parameter: 'dynamoDbEndpoint', service: 'dynamodb', logicalId: 'DynamoDbEndpoint', gateway: true },
];
const [ecrApi, ecrRegistry, secretsManager, kms, s3, dynamoDb] = services;

const endpointId = /^vpce-[0-9a-f]{8,17}$/;

/** Whether an endpoint is to be made. Throws Error for what is neither empty, `none`, nor the ID of one that is there. */
function isMade(parameter, text) {
  if (text !== '' && text !== 'none' && !endpointId.test(text)) {
    throw new Error(`the parameter ${parameter} is the ID of a VPC endpoint (vpce-…), or 'none', not '${text}'`);
  }
  return text === '';
}

/**
 * The endpoints by which the function reaches AWS, of those services that `values` (by parameter) names none for. With private DNS their
 * names are those of the service for the whole VPC, so whatever else is in it, such as a node that pulls images, comes by them too: all
 * of its ranges are admitted. `withKms`: policies name keys in AWS KMS.
 */
function serviceEndpoints({ values, withKms, region, vpcId, subnetIds, ranges, routeTableIds }) {
  const called = [ecrApi, ecrRegistry, secretsManager, ...(withKms ? [kms] : []), s3, dynamoDb];
  const made = called.filter(({ parameter }) => isMade(parameter, values[parameter]));
  if (made.some(({ gateway }) => gateway) && routeTableIds.length === 0) {
    throw new Error('the private endpoint needs the parameter routeTableIds, or s3Endpoint and dynamoDbEndpoint');
  }
  const resources = Object.fromEntries(
    made.map(({ logicalId, service, gateway }) => [
      logicalId,
      endpoint(
        { region, vpcId, service },
        gateway ? { gateway: routeTableIds } : { subnetIds, groups: ['ServicesSecurityGroup'] },
      ),
    ]),
  );
  if (!made.every(({ gateway }) => gateway)) {
    resources.ServicesSecurityGroup = securityGroup(vpcId, 'Endpoints of the services that Countersign calls', [
      {
        Description: 'The functions',
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        SourceSecurityGroupId: { Ref: 'FunctionSecurityGroup' },
      },
      ...rulesFor(443, ranges, 'All else in the VPC, whose names for these services lead here'),
    ]);
  }
  return resources;
}

/**
 * The endpoints by which clusters reach the API. One is made in the function's VPC, unless `own` says which is there (`none`: only
 * `others` count, of other VPCs and accounts). It has no private DNS, with which every public API of the region would be out of the VPC's
 * reach: callers use the host that names API and endpoint.
 */
function apiEndpoints({ own, others, region, vpcId, subnetIds, ranges }) {
  for (const id of others) {
    if (!endpointId.test(id)) {
      throw new Error(`the parameter callerEndpoints: '${id}' is not the ID of a VPC endpoint (vpce-…)`);
    }
  }
  const made = isMade('apiEndpoint', own);
  const ids = [...(made ? [{ Ref: 'ApiEndpoint' }] : own === 'none' ? [] : [own]), ...others];
  if (ids.length === 0) throw new Error("apiEndpoint is 'none', so the parameter callerEndpoints has to name one");
  if (new Set(ids).size < ids.length) throw new Error('apiEndpoint and callerEndpoints name an endpoint twice');
  if (!made) return { ids, resources: {} };
  const resources = {
    CallersSecurityGroup: securityGroup(
      vpcId,
      'Clusters that call Countersign',
      rulesFor(443, ranges, 'API servers of clusters'),
    ),
    ApiEndpoint: endpoint(
      { region, vpcId, service: 'execute-api' },
      { subnetIds, groups: ['CallersSecurityGroup'], privateDns: false },
    ),
  };
  return { ids, resources };
}

function securityGroup(vpcId, description, ingress) {
  return {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { GroupDescription: description, VpcId: vpcId, SecurityGroupIngress: ingress },
  };
}

function endpoint({ region, vpcId, service }, { gateway, subnetIds, groups, privateDns = true }) {
  const common = {
    VpcId: vpcId,
    ServiceName: { 'Fn::Sub': `${servicePrefix(region, service)}.\${AWS::Region}.${service}` },
  };
  const properties =
    gateway === undefined
      ? {
          ...common,
          VpcEndpointType: 'Interface',
          PrivateDnsEnabled: privateDns,
          SubnetIds: subnetIds,
          SecurityGroupIds: groups.map((group) => ({ Ref: group })),
        }
      : { ...common, VpcEndpointType: 'Gateway', RouteTableIds: gateway };
  return { Type: 'AWS::EC2::VPCEndpoint', Properties: properties };
}

module.exports = { apiEndpoints, serviceEndpoints, serviceParameters: services.map(({ parameter }) => parameter) };
