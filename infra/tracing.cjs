const { rolePolicy } = require('./role-policy.cjs');

const statement = {
  Sid: 'Traces',
  Effect: 'Allow',
  Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  Resource: '*',
};

/**
 * What the template has where AWS X-Ray follows each call; `undefined`: it does not. Sampled traces are paid for each, and say of a review no
 * more than its line in the log.
 */
function tracingResources(on) {
  if (!on) return undefined;
  return { Resources: { TracesPolicy: rolePolicy('traces', [statement], ['AdmissionRole', 'TrustRefreshRole']) } };
}

module.exports = { tracingResources };
