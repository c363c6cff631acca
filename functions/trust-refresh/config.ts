import { type AwsConfig, awsConfig } from '../wiring/config/aws.ts';
import { type Environment, readConfig } from '../wiring/config/settings.ts';
import { type TrustRefreshConfig, trustRefreshConfig } from '../wiring/config/trust.ts';

export interface Config extends AwsConfig, TrustRefreshConfig {}

/** Throws ConfigError with every problem. */
export function refreshConfig(environment: Environment): Config {
  return readConfig(environment, (settings) => ({ ...awsConfig(settings), ...trustRefreshConfig(settings) }));
}
