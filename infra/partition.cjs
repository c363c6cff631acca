/** Services whose endpoints have a name of the partition's own, where it has one; those of all others begin with `com.amazonaws`. */
const named = ['ecr.api', 'ecr.dkr', 'execute-api'];

/** By how the names of a partition's regions begin. */
const prefixes = { 'cn-': 'cn.com.amazonaws', 'eusc-': 'eu.amazonaws' };

/** What the name of a service's VPC endpoint begins with in a region, as `aws ec2 describe-vpc-endpoint-services` tells it there. */
function servicePrefix(region, service) {
  const [, prefix] = Object.entries(prefixes).find(([start]) => region.startsWith(start)) ?? [];
  return named.includes(service) && prefix !== undefined ? prefix : 'com.amazonaws';
}

/** Regions that there are and osls's schema does not know; what it renders for them is as for any other. */
const later = ['eusc-de-east-1'];

/** Has them accepted as `--region`. */
function acceptRegions({ configSchemaHandler }) {
  const known = configSchemaHandler.schema.properties.provider.properties.region.enum;
  known.push(...later.filter((region) => !known.includes(region)));
}

/**
 * Whether the services that every call needs have FIPS endpoints in a region: Secrets Manager and DynamoDB, in those of the United States and of
 * Canada alone (aws.amazon.com/compliance/fips). The SDK makes up names for the others, which do not resolve.
 */
function hasFips(region) {
  return /^(?:us|ca)-/.test(region);
}

module.exports = { acceptRegions, hasFips, servicePrefix };
