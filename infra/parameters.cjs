const { isClusterName } = require('../shared/admission/path.ts');
const { accountOf, encryptionResources } = require('./account.cjs');
const { ecrAccountsOf, pullThroughOf, pullThroughResources, repositories } = require('./ecr.cjs');
const { kmsKeysOf, kmsResources } = require('./kms.cjs');
const { notaryOf, notaryResources } = require('./notary.cjs');
const { numberProblems } = require('./numbers.cjs');
const { hasFips } = require('./partition.cjs');
const { privateNetwork } = require('./private.cjs');
const { tracingResources } = require('./tracing.cjs');

/**
 * What serverless.yml's parameters come to. osls has neither conditions nor loops, so the two variants of `endpoint` and what there is
 * of each cluster are made here: `http` is an HTTP API, `private` a REST API that only VPC endpoints reach.
 */
module.exports = async ({ resolveVariable }) => {
  const text = async (name) => String((await resolveVariable(`param:${name}`)) ?? '');
  const list = async (name) => partsOf(await text(name));
  const number = async (name) => numberOf(name, await text(name));
  const flag = async (name) => flagOf(name, await text(name));
  const region = String((await resolveVariable('self:provider.region')) ?? '');

  const endpoint = await text('endpoint');
  const clusters = clustersOf(await list('clusters'));
  const kmsKeys = kmsKeysOf(await list('kmsKeys'));
  const notary = notaryOf(await list('notary'));
  const ecrAccounts = ecrAccountsOf(await list('ecrAccounts'));
  const pullThrough = pullThroughOf(await list('ecrPullThrough'));
  const fips = (await flag('fips')) ?? false;
  if (fips && !hasFips(region)) {
    throw new Error(`the parameter fips: AWS has no FIPS endpoints of Secrets Manager and DynamoDB in ${region}`);
  }
  const account = await accountOf({ list, text, flag, region });
  const common = {
    endpoint,
    clusters,
    clustersWithoutRules: withoutRules(await list('clustersWithoutRules'), clusters),
    registries: await list('registries'),
    registryCa: await text('registryCa'),
    kmsKeys,
    kms: kmsResources(kmsKeys),
    account,
    terminationProtection: account.terminationProtection,
    encryption: encryptionResources(account),
    fips: String(fips),
    repositories: repositories(ecrAccounts, '*'),
    pullThrough: pullThroughResources(pullThrough, ecrAccounts),
    ...trustOf({
      root: await text('trustRoot'),
      mirror: await text('trustMirror'),
      first: await text('trustMirrorRoot'),
    }),
    maxImages: await number('maxImages'),
    // No bound is not the same as 0, which would start no function at all.
    reservedConcurrency: (await number('reservedConcurrency')) || undefined,
    provisionedConcurrency: await number('provisionedConcurrency'),
    throttle: { rate: await number('throttleRate'), burst: await number('throttleBurst') },
    logRetentionInDays: await number('logRetentionInDays'),
    accessLogs: isOn('accessLogs', (await text('accessLogs')) || 'on'),
    tracing: isOn('tracing', (await text('tracing')) || 'off'),
  };
  const problems = numberProblems(common);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  common.traces = tracingResources(common.tracing);
  if (endpoint === 'http') {
    const events = clusters.map((cluster) => ({ httpApi: `POST ${routeOf(cluster)}` }));
    return {
      ...common,
      endpointType: 'REGIONAL',
      events,
      managedPolicies: [],
      notary: notaryResources(notary, { everywhere: [] }),
    };
  }
  if (endpoint !== 'private') throw new Error(`the parameter endpoint is 'http' or 'private', not '${endpoint}'`);

  const network = await privateNetwork({ list, text, flag, region, withKms: kmsKeys.length > 0, fips });
  return {
    ...common,
    ...network,
    endpointType: 'PRIVATE',
    events: clusters.map((cluster) => ({ http: { method: 'post', path: routeOf(cluster) } })),
    managedPolicies: [{ Ref: 'FunctionNetworkPolicy' }],
    notary: notaryResources(notary, { everywhere: network.everywhere }),
  };
};

function routeOf(cluster) {
  return `/${cluster}/{verb}/{scope}/{token}`;
}

function partsOf(text) {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function clustersOf(names) {
  if (names.length === 0) throw new Error('the parameter clusters names no cluster');
  for (const name of names) {
    if (!isClusterName(name)) throw new Error(`the parameter clusters: '${name}' is no cluster's name`);
  }
  if (new Set(names).size < names.length) throw new Error('the parameter clusters names one twice');
  return names;
}

function withoutRules(names, clusters) {
  for (const name of names) {
    if (!clusters.includes(name)) {
      throw new Error(`the parameter clustersWithoutRules: '${name}' is none of the clusters ${clusters.join(', ')}`);
    }
  }
  return names;
}

/**
 * What the parameters about trust come to. Where roots of an instance of one's own are trusted, that of the public one must not take their
 * place while they cannot be read, so a mirror needs a file to begin with.
 */
function trustOf({ root, mirror, first }) {
  const inTrust = (name, file) => {
    if (!/^trust\/[\w.-]+$/.test(file)) throw new Error(`the parameter ${name} names a file in trust/, not '${file}'`);
  };
  if (root !== '' && root !== 'none') inTrust('trustRoot', root);
  const ofOwn = mirror !== '' && mirror !== 'none';
  if (ofOwn) {
    if (!mirror.startsWith('https://'))
      throw new Error(`the parameter trustMirror is 'none' or an https URL, not '${mirror}'`);
    if (root === '' || root === 'none') {
      throw new Error(
        'trustMirror needs trustRoot: the trusted_root.json that is in force until one of the mirror has been read',
      );
    }
    inTrust('trustMirrorRoot', first);
  } else if (first !== '') throw new Error('trustMirrorRoot needs trustMirror: it is the root.json of that repository');
  const trustRefresh = ofOwn || (root === '' && mirror === '');
  return {
    trustRoot: root,
    trustMirrorRoot: first,
    trustRefresh,
    trustMirror: ofOwn ? mirror : '',
    trustBucket: trustRefresh ? { Ref: 'Bucket' } : '',
  };
}

/** `undefined` where nothing is said. */
function flagOf(name, text) {
  if (text === '') return undefined;
  if (text !== 'true' && text !== 'false') throw new Error(`the parameter ${name} is 'true' or 'false', not '${text}'`);
  return text === 'true';
}

function numberOf(name, text) {
  if (!/^\d{1,7}$/.test(text)) throw new Error(`the parameter ${name} is a number, not '${text}'`);
  return Number(text);
}

function isOn(name, text) {
  if (text !== 'on' && text !== 'off') throw new Error(`the parameter ${name} is 'on' or 'off', not '${text}'`);
  return text === 'on';
}

module.exports.routeOf = routeOf;
