import type { Settings } from './settings.ts';

/** Where the function runs: what its clients of AWS need. */
export interface AwsConfig {
  readonly region: string;
}

export function awsConfig(settings: Settings): AwsConfig {
  return { region: settings.required('AWS_REGION') };
}
