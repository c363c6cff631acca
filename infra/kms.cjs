const { parseAwsKms } = require('../shared/policy/kms.ts');
const { rolePolicy } = require('./role-policy.cjs');

/** The ARNs of keys and aliases in AWS KMS that the function may read, taken apart. Throws Error for what is none. */
function kmsKeysOf(arns) {
  return arns.map((arn) => {
    const parsed = parseAwsKms(`awskms:///${arn}`);
    if ('problem' in parsed || !arn.startsWith('arn:')) {
      throw new Error(`the parameter kmsKeys: '${arn}' is not the ARN of a key or an alias in AWS KMS`);
    }
    const [, partition, , region, account, name] = arn.split(':');
    return { arn, partition, region, account, name };
  });
}

/** IAM knows an alias by a condition alone: what is called is the key behind it, whichever that is. */
function statementOf({ arn, partition, region, account, name }, index) {
  const statement = { Sid: `KmsKey${index}`, Effect: 'Allow', Action: 'kms:GetPublicKey' };
  if (!name.startsWith('alias/')) return { ...statement, Resource: arn };
  return {
    ...statement,
    Resource: `arn:${partition}:kms:${region}:${account}:key/*`,
    Condition: { StringEquals: { 'kms:RequestAlias': name } },
  };
}

/** What the template has where policies name keys in AWS KMS; `undefined` where there are none. */
function kmsResources(keys) {
  if (keys.length === 0) return undefined;
  return { Resources: { KmsKeysPolicy: rolePolicy('kms-keys', keys.map(statementOf)) } };
}

/**
 * The addresses in policies of keys that the function may not read, by all that is known when it is packed: behind an alias may be any
 * key of its region. `region`: of the deployment.
 */
function notReadable(addresses, keys, region) {
  return addresses.filter((address) => {
    const parsed = parseAwsKms(address);
    if ('problem' in parsed) return false;
    const { keyId, region: of = region } = parsed;
    const near = keys.filter((key) => key.region === of);
    if (/(?:^|:)alias\//.test(keyId)) return near.length === 0;
    return !near.some(({ arn, name }) => keyId === arn || name === `key/${keyId}`);
  });
}

module.exports = { kmsKeysOf, kmsResources, notReadable };
