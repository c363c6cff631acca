import { canonicalHost } from '../../../shared/image/host.ts';
import type { Settings } from './settings.ts';

/** Of a function that asks the policies. */
export interface PoliciesConfig {
  /** The folder with the policies of this deployment, below the function's code. */
  readonly policies: string;
  /** Registry hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
}

export function policiesConfig(settings: Settings): PoliciesConfig {
  return {
    policies: settings.optional('POLICIES') ?? 'policies',
    registries: settings.list('REGISTRIES', canonicalHost, 'registry host'),
  };
}
