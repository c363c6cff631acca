const { existsSync } = require('node:fs');
const { accessLogs } = require('./access-logs.cjs');
const { roomWarning, sameIds, templateProblem } = require('./clusters.cjs');
const { notReadable } = require('./kms.cjs');
const { namedHash } = require('./names.cjs');
const { routeOf } = require('./parameters.cjs');
const { acceptRegions } = require('./partition.cjs');
const { serviceUrls } = require('./private.cjs');
const { renderedEnvironment, settingsProblems } = require('./settings.cjs');

/** Every function's current version; what an API calls. */
const aliasName = 'live';

/**
 * What osls's own settings do not say: functions are called through an alias of their published versions, each cluster's route has a
 * throttle and metrics of its own, APIs write down what they answer, and settings, policies and certificates that the functions would refuse are not packed.
 */
module.exports = class CountersignPlugin {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    acceptRegions(serverless);
    this.log = log;
    this.hooks = {
      'before:package:createDeploymentArtifacts': async () => {
        this.checkClusters();
        this.hashNamed();
        await this.checkSettings();
        await this.checkPolicies();
        await this.checkRegistryCa();
        await this.checkTrustRoot();
      },
      'after:package:compileFunctions': () => this.addAliases(),
      'after:package:compileEvents': () => this.throttleRoutes(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.checkTemplate(),
    };
  }

  get parameters() {
    return this.serverless.service.custom.parameters;
  }

  get template() {
    return this.serverless.service.provider.compiledCloudFormationTemplate;
  }

  /** Two names may differ for a path and not for CloudFormation, in either variant: a deployment may go from one to the other. */
  checkClusters() {
    const { endpoint, clusters } = this.parameters;
    const { naming } = this.serverless.getProvider('aws');
    for (const names of sameIds(clusters, (cluster) => naming.getResourceLogicalId(routeOf(cluster)))) {
      throw new this.serverless.classes.Error(
        `the parameter clusters: ${names.join(' and ')} differ by case and punctuation alone, and CloudFormation would have one route for them`,
      );
    }
    const warning = roomWarning(endpoint, clusters.length);
    if (warning !== undefined) this.log.warning(warning);
  }

  /** By the very code that each function reads its environment with. */
  async checkSettings() {
    const { admissionConfig } = await import('../functions/admission/config.ts');
    const { refreshConfig } = await import('../functions/trust-refresh/config.ts');
    const { service } = this.serverless;
    const { region } = service.provider;
    const problems = [
      ['admission', admissionConfig],
      ['trustRefresh', refreshConfig],
    ].flatMap(([name, read]) =>
      settingsProblems(renderedEnvironment(service.getFunction(name).environment, region), read),
    );
    if (problems.length > 0) throw new this.serverless.classes.Error([...new Set(problems)].join('\n'));
  }

  /** When all of it stands. */
  checkTemplate() {
    const problem = templateProblem(this.template.Resources, this.parameters);
    if (problem !== undefined) throw new this.serverless.classes.Error(problem);
  }

  /** By the very code that the function loads them with. A cluster without any rule is packed where it is named as one. */
  async checkPolicies() {
    const { loadDeployed } = await import('../functions/wiring/policies.ts');
    const { EmptyPolicySet, warningsOf } = await import('../shared/policy-set/clusters.ts');
    const { clusters, clustersWithoutRules, registries } = this.parameters;
    // A function leaves keys and trust root alone: it starts while a Pod waits.
    const loaded = await loadDeployed('policies', {
      clusters,
      registries,
      trust: () => this.trustRoot(),
    });
    for (const [cluster, policies] of loaded) {
      if (policies.kind !== 'invalid') continue;
      if (!(policies.cause instanceof EmptyPolicySet))
        throw new this.serverless.classes.Error(`policies/: ${policies.cause.message}`);
      const refused = `${policies.message}; every review of '${cluster}' will be refused (policies-invalid)`;
      if (!clustersWithoutRules.includes(cluster)) {
        throw new this.serverless.classes.Error(
          `${refused}: if it is to be so, name it in the parameter clustersWithoutRules`,
        );
      }
      this.log.warning(refused);
    }
    for (const warning of warningsOf(loaded)) this.log.warning(`policies/${warning}`);
    await this.checkKmsKeys(loaded);
  }

  /** A key that the function may not read makes every image of its entry kms-unavailable. */
  async checkKmsKeys(loaded) {
    const { kmsAddresses } = await import('../shared/trust/kms.ts');
    const { kmsKeys } = this.parameters;
    const { region } = this.serverless.service.provider;
    const rules = [...loaded.values()].flatMap((policies) => policies.scopes?.all ?? []);
    const entries = rules.flatMap((rule) => rule.entries);
    const sets = entries.flatMap(({ attestors, attestations }) => [
      attestors,
      ...attestations.map((one) => one.attestors),
    ]);
    const addresses = new Set(sets.flatMap((attestors) => kmsAddresses(attestors)));
    for (const address of notReadable([...addresses], kmsKeys, region)) {
      this.log.warning(`policies/ name ${address}, which the parameter kmsKeys does not let the function read`);
    }
  }

  /** By the very code that the function reads it with. */
  async checkRegistryCa() {
    const { registryCa } = this.parameters;
    if (registryCa === '') return;
    if (!/^certificates\/[\w.-]+$/.test(registryCa)) {
      throw new this.serverless.classes.Error(
        `the parameter registryCa names a file in certificates/, not '${registryCa}'`,
      );
    }
    const { readRegistryCa } = await import('../functions/wiring/registry/certificates.ts');
    for (const warning of readRegistryCa('.', registryCa, Date.now()).warnings)
      this.log.warning(`${registryCa}: ${warning}`);
  }

  /** By the very code that the function reads it with; `undefined` where there is to be none. */
  async trustRoot() {
    const { trustRoot } = this.parameters;
    if (trustRoot === 'none') return undefined;
    const { ownRoot } = await import('../functions/wiring/trust/own.ts');
    return (await ownRoot(trustRoot === '' ? 'carried' : { file: trustRoot }, '.')).root;
  }

  async checkTrustRoot() {
    await this.trustRoot();
    const { trustMirrorRoot } = this.parameters;
    if (trustMirrorRoot === '') return;
    if (!existsSync(trustMirrorRoot)) {
      throw new this.serverless.classes.Error(`the parameter trustMirrorRoot: there is no file ${trustMirrorRoot}`);
    }
    const { readFirstRoot } = await import('../shared/trust-roots/first-root.ts');
    await readFirstRoot(trustMirrorRoot);
  }

  /** A table or a secret that is replaced has another name, which only a further version of a function knows. */
  hashNamed() {
    const { service } = this.serverless;
    for (const name of service.getAllFunctions()) {
      const fn = service.getFunction(name);
      const hash = namedHash(fn.environment, service.resources.Resources);
      if (hash !== undefined) fn.environment = { ...fn.environment, NAMED: hash };
    }
  }

  addAliases() {
    const { service } = this.serverless;
    const { naming } = this.serverless.getProvider('aws');
    const { provisionedConcurrency } = this.parameters;
    for (const name of service.getAllFunctions()) {
      const fn = service.getFunction(name);
      const logicalId = `${naming.getNormalizedFunctionName(name)}LiveAlias`;
      this.template.Resources[logicalId] = {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          FunctionName: { Ref: naming.getLambdaLogicalId(name) },
          FunctionVersion: { 'Fn::GetAtt': [fn.versionLogicalId, 'Version'] },
          Name: aliasName,
          // Nobody waits for the others.
          ...(provisionedConcurrency > 0 &&
            name === 'admission' && {
              ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: provisionedConcurrency },
            }),
        },
      };
      // What osls calls its own alias for provisioned concurrency; whatever calls the function then goes through it.
      fn.targetAlias = { name: aliasName, logicalId };
    }
  }

  throttleRoutes() {
    const { endpoint } = this.parameters;
    if (endpoint === 'private') this.addRestStage();
    else this.addRouteSettings();
    this.addAccessLogs();
  }

  /** What an API refuses never reaches the function, and its log. */
  addAccessLogs() {
    const { endpoint, accessLogs: wanted, logRetentionInDays } = this.parameters;
    if (!wanted) return;
    const { service, provider } = this.serverless.service;
    const { resources, settings } = accessLogs(endpoint, `${service}-${provider.stage}`, logRetentionInDays);
    const { Resources } = this.template;
    Object.assign(Resources, resources);
    if (endpoint === 'private') Resources.ApiGatewayStage.Properties.AccessLogSetting = settings;
    else Resources.HttpApiStage.Properties.AccessLogSettings = settings;
  }

  addRouteSettings() {
    const { clusters, throttle } = this.parameters;
    const { HttpApiStage: stage } = this.template.Resources;
    stage.Properties.RouteSettings = Object.fromEntries(
      clusters.map((cluster) => [
        `POST ${routeOf(cluster)}`,
        { ThrottlingRateLimit: throttle.rate, ThrottlingBurstLimit: throttle.burst, DetailedMetricsEnabled: true },
      ]),
    );
    // A stage with settings for a route that is not there yet is refused.
    stage.DependsOn = this.logicalIdsOf('AWS::ApiGatewayV2::Route');
  }

  /** osls lets the deployment make the stage, which then has no settings. */
  addRestStage() {
    const { clusters, throttle, vpcEndpointIds } = this.parameters;
    const [deploymentId] = this.logicalIdsOf('AWS::ApiGateway::Deployment');
    const deployment = this.template.Resources[deploymentId];
    const { StageName, RestApiId } = deployment.Properties;
    delete deployment.Properties.StageName;
    // osls names the API's own host, which leads into no VPC without private DNS.
    const urls = serviceUrls(vpcEndpointIds, { api: RestApiId.Ref, stage: StageName });
    for (const [name, Value] of Object.entries(urls)) {
      this.template.Outputs[name] = { ...this.template.Outputs.ServiceEndpoint, Value };
    }
    this.template.Resources.ApiGatewayStage = {
      Type: 'AWS::ApiGateway::Stage',
      Properties: {
        RestApiId,
        StageName,
        DeploymentId: { Ref: deploymentId },
        MethodSettings: clusters.map((cluster) => ({
          HttpMethod: 'POST',
          // The slashes of the path as `~1`, after a first one (JSON Pointer's way, by API Gateway's documentation).
          ResourcePath: `/${routeOf(cluster).replaceAll('/', '~1')}`,
          ThrottlingRateLimit: throttle.rate,
          ThrottlingBurstLimit: throttle.burst,
          MetricsEnabled: true,
        })),
      },
    };
  }

  logicalIdsOf(type) {
    return Object.entries(this.template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId]) => logicalId);
  }
};
