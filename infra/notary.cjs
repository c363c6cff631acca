const { rolePolicy } = require('./role-policy.cjs');
const { rulesFor } = require('./rules.cjs');

/** What signatures of the Notary Project may need beside registries, by the words of the parameter `notary`. */
const needs = {
  /** AWS Signer's word on profiles, jobs and certificates: its API knows no resource. */
  'aws-signer': { Sid: 'SignerRevocations', Effect: 'Allow', Action: 'signer:GetRevocationStatus', Resource: '*' },
  /** Whether Amazon ECR is about to sign an image of the account. */
  'ecr-signing': {
    Sid: 'SigningStatus',
    Effect: 'Allow',
    Action: 'ecr:DescribeImageSigningStatus',
    Resource: { 'Fn::Sub': `arn:\${AWS::Partition}:ecr:*:\${AWS::AccountId}:repository/*` },
  },
  /** OCSP responders and CRLs: over plain HTTP, for which the private variant's network has no way by itself. */
  responders: undefined,
};

/** Throws Error for what is none of them. */
function notaryOf(words) {
  for (const word of words) {
    if (!Object.hasOwn(needs, word)) {
      throw new Error(`the parameter notary: '${word}' is none of ${Object.keys(needs).join(', ')}`);
    }
  }
  return [...new Set(words)];
}

/**
 * What the template has for them; `undefined` where there is nothing. `everywhere`: the ranges of all addresses, of the families that the
 * function has in a VPC; none without one.
 */
function notaryResources(words, { everywhere }) {
  const statements = words.map((word) => needs[word]).filter((statement) => statement !== undefined);
  const ways = rulesFor(80, words.includes('responders') ? everywhere : [], 'OCSP responders and CRLs').map((rule) => [
    'CidrIpv6' in rule ? 'RespondersEgressIpv6' : 'RespondersEgress',
    {
      Type: 'AWS::EC2::SecurityGroupEgress',
      Properties: { GroupId: { 'Fn::GetAtt': ['FunctionSecurityGroup', 'GroupId'] }, ...rule },
    },
  ]);
  const resources = {
    ...(statements.length > 0 && { NotaryPolicy: rolePolicy('notary', statements) }),
    ...Object.fromEntries(ways),
  };
  return Object.keys(resources).length === 0 ? undefined : { Resources: resources };
}

module.exports = { notaryOf, notaryResources };
