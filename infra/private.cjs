const { apiEndpoints, serviceEndpoints, serviceParameters } = require('./endpoints.cjs');
const { waysOut } = require('./egress.cjs');

/**
 * What parameters of the private variant come to: the API that only endpoints reach, the function's place in the VPC, and the endpoints
 * that are made. `list`, `text` and `flag` read a parameter; `region`: of the deployment. Throws Error for what is missing, or no value.
 */
async function privateNetwork({ list, text, flag, region, withKms, fips }) {
  const needed = async (name) => {
    const values = await list(name);
    if (values.length === 0) throw new Error(`the private endpoint needs the parameter ${name}`);
    return values;
  };
  const [vpcId] = await needed('vpcId');
  const subnetIds = await needed('subnetIds');
  const ranges = await needed('vpcRanges');
  const dualStack = (await flag('dualStack')) ?? false;
  const everywhere = dualStack ? ['0.0.0.0/0', '::/0'] : ['0.0.0.0/0'];
  const place = { region, vpcId, subnetIds, ranges };
  const values = Object.fromEntries(
    await Promise.all(serviceParameters.map(async (name) => [name, (await text(name)).trim()])),
  );
  // Which services have endpoints for their FIPS names, and what they are called, differs from region to region.
  const apis = ['ecrApiEndpoint', 'secretsManagerEndpoint', ...(withKms ? ['kmsEndpoint'] : [])];
  const needing = apis.filter((name) => values[name] === '');
  if (fips && needing.length > 0) {
    throw new Error(`fips: name the endpoint of ${needing.join(', ')}, or 'none': none is made under a FIPS name`);
  }
  const services = serviceEndpoints({ ...place, values, withKms, routeTableIds: await list('routeTableIds') });
  const callers = apiEndpoints({
    ...place,
    own: (await text('apiEndpoint')).trim(),
    others: await list('callerEndpoints'),
  });
  return {
    vpcEndpointIds: callers.ids,
    resourcePolicy: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: ['execute-api:/*'],
        // API servers sign nothing, so there is no account to ask for: an endpoint stands for the VPC and the account that it is in.
        Condition: { StringEquals: { 'aws:SourceVpce': callers.ids } },
      },
    ],
    vpc: {
      subnetIds,
      securityGroupIds: [{ Ref: 'FunctionSecurityGroup' }],
      ...(dualStack && { ipv6AllowedForDualStack: true }),
    },
    everywhere,
    waysOut: waysOut({
      ranges,
      everywhere,
      registries: await list('registries'),
      privateHosts: await list('privateHosts'),
    }),
    network: {
      Resources: { ...services, ...callers.resources },
      ...('ApiEndpoint' in callers.resources && { Outputs: { ApiEndpointId: { Value: { Ref: 'ApiEndpoint' } } } }),
    },
  };
}

/**
 * The outputs with the URL for `manifests --url` by each endpoint that callers come by: `{api}-{endpoint}` is a name that the whole world
 * resolves, to addresses inside the VPC.
 */
function serviceUrls(endpoints, { api, stage }) {
  return Object.fromEntries(
    endpoints.map((endpoint, index) => {
      const id = typeof endpoint === 'string' ? endpoint : `\${${endpoint.Ref}}`;
      const host = `\${${api}}-${id}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`;
      return [`ServiceEndpoint${index === 0 ? '' : index + 1}`, { 'Fn::Sub': `https://${host}/${stage}` }];
    }),
  );
}

module.exports = { privateNetwork, serviceUrls };
