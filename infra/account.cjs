const { rolePolicy } = require('./role-policy.cjs');

/*
 * What an account asks of everything that is made in it, whatever made it: it is put on the finished template.
 */

/** Types that have tags as a list of Key and Value, */
const tagLists = new Set([
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::DynamoDB::Table',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::VPCEndpoint',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
  'AWS::SQS::Queue',
]);
/** and as an object. */
const tagObjects = new Set(['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage']);

const arns = {
  permissionsBoundary: /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/,
  codeSigningConfig: /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[0-9a-z]{17}$/,
  encryptionKey: /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[0-9A-Za-z-]{1,64}$/,
};
const meant = {
  permissionsBoundary: 'the ARN of a policy',
  codeSigningConfig: 'the ARN of a code signing configuration',
  encryptionKey: 'the ARN of a key in AWS KMS, and no alias',
};

/** The parameters about the account. `text` and `list` read one. Throws Error for a value that is none. */
async function accountOf({ list, text, flag, region }) {
  const account = {
    tags: tagsOf(await list('tags')),
    terminationProtection: await flag('terminationProtection'),
    retainLogs: (await flag('retainLogs')) ?? false,
  };
  for (const [name, grammar] of Object.entries(arns)) {
    const value = (await text(name)).trim();
    if (value === '') continue;
    const found = grammar.exec(value);
    if (found === null) throw new Error(`the parameter ${name} is ${meant[name]}, not '${value}'`);
    const [, keyRegion = region] = found;
    if (keyRegion !== region) {
      throw new Error(`the parameter ${name} is a key of ${keyRegion}, and what it is for will be in ${region}`);
    }
    account[name] = value;
  }
  return account;
}

/** `name=value`, within what AWS takes of a tag. */
function tagsOf(texts) {
  const tags = new Map();
  for (const text of texts) {
    const [, name, value] = /^([\p{L}\p{Z}\p{N}_.:/+@-]{1,128})=([\p{L}\p{Z}\p{N}_.:/=+@-]{0,256})$/u.exec(text) ?? [];
    if (name === undefined || /^aws:/i.test(name)) {
      throw new Error(`the parameter tags: '${text}' is no tag: write name=value, and no name that begins with 'aws:'`);
    }
    if (tags.has(name)) throw new Error(`the parameter tags names '${name}' twice`);
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

/** Leave to use the key through the services that keep something under it, and in no other way; `undefined` without a key. */
function encryptionResources({ encryptionKey }) {
  if (encryptionKey === undefined) return undefined;
  const statement = (sid, actions, service) => ({
    Sid: sid,
    Effect: 'Allow',
    Action: actions,
    Resource: encryptionKey,
    Condition: { StringLike: { 'kms:ViaService': `${service}.*.amazonaws.*` } },
  });
  const policy = rolePolicy('encryption-key', [
    statement('SecretsUnderKey', 'kms:Decrypt', 'secretsmanager'),
    statement(
      'TableUnderKey',
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      'dynamodb',
    ),
  ]);
  return { Resources: { EncryptionKeyPolicy: policy } };
}

/** Puts onto each resource of a template what the account asks of its type. */
function applyAccount(template, account) {
  for (const resource of Object.values(template.Resources)) {
    tag(resource, account.tags);
    resource.Properties = { ...resource.Properties, ...asked(resource, account) };
    if (account.retainLogs && resource.Type === 'AWS::Logs::LogGroup') {
      Object.assign(resource, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
    // Of the zip before it was signed: Lambda would refuse to publish another one.
    if (account.codeSigningConfig !== undefined && resource.Type === 'AWS::Lambda::Version') {
      delete resource.Properties.CodeSha256;
    }
  }
}

/** Properties that a resource has for an account's sake. */
function asked({ Type }, { permissionsBoundary, codeSigningConfig, encryptionKey: key }) {
  if (Type === 'AWS::IAM::Role' && permissionsBoundary !== undefined)
    return { PermissionsBoundary: permissionsBoundary };
  if (Type === 'AWS::Lambda::Function' && codeSigningConfig !== undefined) {
    return { CodeSigningConfigArn: codeSigningConfig };
  }
  if (key === undefined) return {};
  if (Type === 'AWS::SecretsManager::Secret' || Type === 'AWS::Logs::LogGroup') return { KmsKeyId: key };
  if (Type === 'AWS::DynamoDB::Table') {
    return { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key } };
  }
  return {};
}

function tag(resource, tags) {
  if (Object.keys(tags).length === 0) return;
  const { Type, Properties = {} } = resource;
  if (tagObjects.has(Type)) resource.Properties = { ...Properties, Tags: { ...Properties.Tags, ...tags } };
  if (!tagLists.has(Type)) return;
  const others = (Properties.Tags ?? []).filter(({ Key }) => !Object.hasOwn(tags, Key));
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  resource.Properties = { ...Properties, Tags: [...others, ...list] };
}

module.exports = { accountOf, applyAccount, encryptionResources };
