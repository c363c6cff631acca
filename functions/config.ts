import {
  type LedgerSettings,
  LedgerSettingsError,
  ledgerSettingNames,
  parseLedgerSettings,
} from '../shared/ledger/settings.ts';

/** What a deployed function is told by its environment, parsed once. */
export interface Config {
  /** The configured clusters: each has a path of its own, and policies. */
  readonly clusters: readonly string[];
  /** The folder with the policies of this deployment, below the function's code. */
  readonly policies: string;
  /** Registry hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
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

const clusterName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const hostName = /^[a-z0-9.-]+(?::\d{1,5})?$/;
const range = /^[0-9a-f.:]+\/\d{1,3}$/;
const accountId = /^\d{12}$/;

/** Reads the environment. Throws ConfigError with every problem. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = environment[name] ?? '';
    if (value === '') problems.push(`${name} is not set`);
    return value;
  };
  const list = (name: string, grammar: RegExp, what: string): string[] => {
    const values = (environment[name] ?? '')
      .split(',')
      .map((value) => value.trim())
      .filter((value) => value !== '');
    for (const value of values) if (!grammar.test(value)) problems.push(`${name}: '${value}' is no ${what}`);
    return values;
  };

  const clusters = list('CLUSTERS', clusterName, 'name of a cluster');
  if (clusters.length === 0) problems.push('CLUSTERS names no cluster');
  const account = required('ACCOUNT_ID');
  if (account !== '' && !accountId.test(account)) problems.push(`ACCOUNT_ID: '${account}' is no account`);
  const config: Config = {
    clusters,
    policies: environment['POLICIES'] ?? 'policies',
    registries: list('REGISTRIES', hostName, 'registry host'),
    table: required('LEDGER_TABLE'),
    tokensSecret: required('TOKENS_SECRET'),
    macKeysSecret: required('MAC_KEYS_SECRET'),
    account,
    region: required('AWS_REGION'),
    vpcRanges: list('VPC_RANGES', range, 'CIDR range'),
    privateHosts: list('PRIVATE_HOSTS', hostName, 'host'),
    ledger: ledgerFrom(environment, problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Kyverno's names, which no environment variable needs to spell in capitals. */
function ledgerFrom(environment: Readonly<Record<string, string | undefined>>, problems: string[]): LedgerSettings {
  const given = Object.fromEntries(ledgerSettingNames.map((name) => [name, environment[name] || undefined]));
  try {
    return parseLedgerSettings(given);
  } catch (thrown) {
    if (!(thrown instanceof LedgerSettingsError)) throw thrown;
    problems.push(thrown.message);
    return parseLedgerSettings({});
  }
}
