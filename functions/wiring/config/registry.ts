import { isIP } from 'node:net';
import type { Settings } from './settings.ts';

/** Of a function that calls registries. */
export interface RegistryConfig {
  /** The account whose registries are asked with the function's own credentials. */
  readonly account: string;
  /** CIDR ranges of the VPC, in which ECR and `privateHosts` may answer. */
  readonly vpcRanges: readonly string[];
  readonly privateHosts: readonly string[];
  /** PEM file below the function's code: certificates that registries may be certified by, beside the default roots. */
  readonly registryCa: string | undefined;
}

const hostName = /^[a-z0-9.-]+(?::([1-9]\d{0,4}))?$/;
/** The number of an account of AWS. */
export const accountId = /^\d{12}$/;

export function registryConfig(settings: Settings): RegistryConfig {
  const account = settings.required('ACCOUNT_ID');
  if (account !== '' && !accountId.test(account))
    settings.problems.push(`ACCOUNT_ID: '${account}' is not an account: it has 12 digits`);
  const vpcRanges = settings.list('VPC_RANGES', range, 'CIDR range');
  const privateHosts = settings.list('PRIVATE_HOSTS', privateHost, 'host');
  if (privateHosts.length > 0 && vpcRanges.length === 0) {
    settings.problems.push('PRIVATE_HOSTS needs VPC_RANGES: those hosts answer inside these ranges');
  }
  return { account, vpcRanges, privateHosts, registryCa: settings.optional('REGISTRY_CA') };
}

/** `registry.internal`, `registry.internal:5000`. */
function privateHost(text: string): string | undefined {
  const found = hostName.exec(text);
  if (found === null) return undefined;
  const [, port = '443'] = found;
  return Number(port) <= 65_535 ? text : undefined;
}

/** `10.0.0.0/16`, `fd00::/8`. */
function range(text: string): string | undefined {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  const fits = /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
  return version !== 0 && fits && more.length === 0 ? text : undefined;
}
