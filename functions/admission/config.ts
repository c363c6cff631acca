import { type AwsConfig, awsConfig } from '../wiring/config/aws.ts';
import { type ClustersConfig, clustersConfig } from '../wiring/config/clusters.ts';
import { type EcrConfig, ecrConfig } from '../wiring/config/ecr.ts';
import { type LedgerConfig, ledgerConfig } from '../wiring/config/ledger.ts';
import { type PoliciesConfig, policiesConfig } from '../wiring/config/policies.ts';
import { type RegistryConfig, registryConfig } from '../wiring/config/registry.ts';
import { type Environment, readConfig } from '../wiring/config/settings.ts';
import { type TrustConfig, trustConfig } from '../wiring/config/trust.ts';
import { type WebhooksConfig, webhooksConfig } from '../wiring/config/webhooks.ts';

/** What the admission function is told by its environment. */
export interface Config
  extends AwsConfig,
    ClustersConfig,
    WebhooksConfig,
    PoliciesConfig,
    LedgerConfig,
    RegistryConfig,
    EcrConfig,
    TrustConfig {}

/** Throws ConfigError with every problem. */
export function admissionConfig(environment: Environment): Config {
  return readConfig(environment, (settings) => ({
    ...awsConfig(settings),
    ...clustersConfig(settings),
    ...webhooksConfig(settings),
    ...policiesConfig(settings),
    ...ledgerConfig(settings),
    ...registryConfig(settings),
    ...ecrConfig(settings),
    ...trustConfig(settings),
  }));
}
