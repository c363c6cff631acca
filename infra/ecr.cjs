const { rolePolicy } = require('./role-policy.cjs');

/** Accounts beside the function's own, by their numbers. Throws Error for what is none. */
function ecrAccountsOf(texts) {
  for (const text of texts) {
    if (!/^\d{12}$/.test(text)) {
      throw new Error(`the parameter ecrAccounts: '${text}' is not the number of an account, which has 12 digits`);
    }
  }
  return [...new Set(texts)];
}

/** A rule's prefix of repositories (docs.aws.amazon.com/AmazonECR, CreatePullThroughCacheRule), or `ROOT`: all of them. */
const prefixGrammar = /^(?:ROOT|(?=.{2,30}$)[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*)$/;

/** The prefixes of pull-through cache rules. Throws Error for what is none. */
function pullThroughOf(texts) {
  for (const text of texts) {
    if (!prefixGrammar.test(text)) {
      throw new Error(`the parameter ecrPullThrough: '${text}' is not the prefix of a pull-through cache rule`);
    }
  }
  return [...new Set(texts)];
}

/** The ARNs of repositories of the own account and of others, in every region; `name` may end in a wildcard. */
function repositories(accounts, name) {
  return [`\${AWS::AccountId}`, ...accounts].map((account) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:ecr:*:${account}:repository/${name}`,
  }));
}

/** What Amazon ECR asks of whoever is the first to read an image through a cache: it makes the repository, and imports the image. */
function pullThroughResources(prefixes, accounts) {
  if (prefixes.length === 0) return undefined;
  const policy = rolePolicy('pull-through-caches', [
    {
      Sid: 'PullThrough',
      Effect: 'Allow',
      Action: ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
      Resource: prefixes.flatMap((prefix) => repositories(accounts, prefix === 'ROOT' ? '*' : `${prefix}/*`)),
    },
  ]);
  return { Resources: { PullThroughPolicy: policy } };
}

module.exports = { ecrAccountsOf, pullThroughOf, pullThroughResources, repositories };
