import { isIP } from 'node:net';
import { isClusterName } from '../shared/admission/path.ts';
import { canonicalHost } from '../shared/image/host.ts';
import {
  type LedgerSettings,
  LedgerSettingsError,
  ledgerSettingNames,
  parseLedgerSettings,
} from '../shared/ledger/settings.ts';
import { defaultReviewImages, parseReviewImages } from '../shared/registry/allowance.ts';

/** What a deployed function is told by its environment, parsed once. */
export interface Config {
  /** The configured clusters: each has a path of its own, and policies. */
  readonly clusters: readonly string[];
  /** The folder with the policies of this deployment, below the function's code. */
  readonly policies: string;
  /** Registry hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
  /** Distinct images that one review may ask about. */
  readonly maxImages: number;
  /** The ledger's table. */
  readonly table: string;
  /** Secret with the webhook tokens: a JSON object, cluster to a list of one or two tokens. */
  readonly tokensSecret: string;
  /** Secret with the ledger's MAC keys: a JSON list of one or two, base64. */
  readonly macKeysSecret: string;
  readonly account: string;
  readonly region: string;
  /** CIDR ranges of the VPC, in which ECR and `privateHosts` may answer. */
  readonly vpcRanges: readonly string[];
  readonly privateHosts: readonly string[];
  /** PEM file below the function's code: certificates that registries may be certified by, beside the default roots. */
  readonly registryCa: string | undefined;
  readonly ledger: LedgerSettings;
}

/** Everything that is wrong with the environment, told together. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the function's environment is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const hostName = /^[a-z0-9.-]+(?::\d{1,5})?$/;
const accountId = /^\d{12}$/;

/** Reads the environment. Throws ConfigError with every problem. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = environment[name] ?? '';
    if (value === '') problems.push(`${name} is not set`);
    return value;
  };
  const list = (name: string, read: (text: string) => string | undefined, what: string): string[] => {
    const texts = (environment[name] ?? '').split(',').map((text) => text.trim());
    return texts.flatMap((text) => {
      const value = text === '' ? '' : read(text);
      if (value === undefined) problems.push(`${name}: '${text}' is not a ${what}`);
      return value || [];
    });
  };
  const matching = (grammar: RegExp) => (text: string) => (grammar.test(text) ? text : undefined);

  const clusters = list('CLUSTERS', (text) => (isClusterName(text) ? text : undefined), 'name of a cluster');
  if (clusters.length === 0) problems.push('CLUSTERS names no cluster');
  const account = required('ACCOUNT_ID');
  if (account !== '' && !accountId.test(account))
    problems.push(`ACCOUNT_ID: '${account}' is not an account: it has 12 digits`);
  const config: Config = {
    clusters,
    policies: environment['POLICIES'] ?? 'policies',
    registries: list('REGISTRIES', canonicalHost, 'registry host'),
    maxImages: maxImagesFrom(environment['MAX_IMAGES'], problems),
    table: required('LEDGER_TABLE'),
    tokensSecret: required('TOKENS_SECRET'),
    macKeysSecret: required('MAC_KEYS_SECRET'),
    account,
    region: required('AWS_REGION'),
    vpcRanges: list('VPC_RANGES', range, 'CIDR range'),
    privateHosts: list('PRIVATE_HOSTS', matching(hostName), 'host'),
    registryCa: environment['REGISTRY_CA'] || undefined,
    ledger: ledgerFrom(environment, problems),
  };
  if (config.privateHosts.length > 0 && config.vpcRanges.length === 0) {
    problems.push('PRIVATE_HOSTS needs VPC_RANGES: those hosts answer inside these ranges');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** A whole number; the bound of slots in one object is 1000. */
function maxImagesFrom(text: string | undefined, problems: string[]): number {
  if (text === undefined || text === '') return defaultReviewImages;
  const images = parseReviewImages(text);
  if (images === undefined) problems.push(`MAX_IMAGES: '${text}' is not a whole number from 1 to 1000`);
  return images ?? defaultReviewImages;
}

/** `10.0.0.0/16`, `fd00::/8`. */
function range(text: string): string | undefined {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  const fits = /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
  return version !== 0 && fits && more.length === 0 ? text : undefined;
}

/** Kyverno's names, which no environment variable needs to spell in capitals. */
function ledgerFrom(environment: Readonly<Record<string, string | undefined>>, problems: string[]): LedgerSettings {
  const given = Object.fromEntries(ledgerSettingNames.map((name) => [name, environment[name] || undefined]));
  try {
    return parseLedgerSettings(given);
  } catch (thrown) {
    if (!(thrown instanceof LedgerSettingsError)) throw thrown;
    problems.push(...thrown.problems);
    return parseLedgerSettings({});
  }
}
