const logGroup = 'ApiLogGroup';

/**
 * What API Gateway writes of each call, with its own variables ("Set up access logging", of either kind of API). Never the path, nor an error
 * in words, which quotes it: the last segment is the token. `route` is the path as the template has it.
 */
const common = {
  functionRequestId: '$context.integration.requestId',
  at: '$context.requestTimeEpoch',
  source: '$context.identity.sourceIp',
  status: '$context.status',
  error: '$context.error.responseType',
  latency: '$context.responseLatency',
  integrationStatus: '$context.integrationStatus',
  integrationLatency: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
};
const fields = {
  http: { requestId: '$context.requestId', ...common, route: '$context.routeKey' },
  private: {
    // Its `requestId` clients may set, as the same page says.
    requestId: '$context.extendedRequestId',
    ...common,
    route: '$context.httpMethod $context.resourcePath',
    endpoint: '$context.identity.vpceId',
  },
};

/** The log group of an API's access logs, and what its stage says of it. `name`: of the deployment. */
function accessLogs(endpoint, name, retentionInDays) {
  return {
    resources: {
      [logGroup]: {
        Type: 'AWS::Logs::LogGroup',
        // Under this prefix AWS may deliver logs of any number of groups by one statement of the account's policy.
        Properties: { LogGroupName: `/aws/vendedlogs/${name}-api`, RetentionInDays: retentionInDays },
      },
    },
    settings: {
      DestinationArn: {
        'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${${logGroup}}`,
      },
      Format: JSON.stringify(fields[endpoint]),
    },
  };
}

module.exports = { accessLogs };
