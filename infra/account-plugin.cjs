const { applyAccount } = require('./account.cjs');

/** Puts onto everything that is made what the account asks for: tags, a permissions boundary, a key, code signing. */
module.exports = class AccountPlugin {
  constructor(serverless) {
    const { service } = serverless;
    const account = () => service.custom.parameters.account;
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        applyAccount(service.provider.compiledCloudFormationTemplate, account()),
      // Not as a setting of the provider: where it has tags, osls takes a REST API's stage in hand itself after the deployment, and turns
      // off what the template says of its logs. Here they are the stack's, of which what CloudFormation makes has them as well.
      'before:deploy:deploy': () => {
        const { tags } = account();
        if (Object.keys(tags).length > 0) service.provider.stackTags = { ...tags };
      },
    };
  }
};
