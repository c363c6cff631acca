import { accountId } from './registry.ts';
import type { Settings } from './settings.ts';

/** Of a function that reads images in Amazon ECR. */
export interface EcrConfig {
  /** Accounts beside the function's own whose registries are asked with its credentials. */
  readonly ecrAccounts: readonly string[];
}

export function ecrConfig(settings: Settings): EcrConfig {
  const accounts = settings.list(
    'ECR_ACCOUNTS',
    (text) => (accountId.test(text) ? text : undefined),
    'number of an account, which has 12 digits',
  );
  return { ecrAccounts: accounts };
}
