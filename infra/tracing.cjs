/**
 * What the template has where AWS X-Ray follows each call; `undefined`: it does not. Sampled traces are paid for each, and say of a review no
 * more than its line in the log.
 */
function tracingResources(on) {
  if (!on) return undefined;
  const policy = {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: 'traces',
      Roles: [{ Ref: 'AdmissionRole' }, { Ref: 'TrustRefreshRole' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'Traces',
            Effect: 'Allow',
            Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
            Resource: '*',
          },
        ],
      },
    },
  };
  return { Resources: { TracesPolicy: policy } };
}

module.exports = { tracingResources };
