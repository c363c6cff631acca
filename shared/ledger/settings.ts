import { quoted } from '../printable.ts';
import { parseDuration } from './duration.ts';

/** The ledger's settings. Names and defaults of the first three are Kyverno's. */
export interface LedgerSettings {
  /** imageVerifyCacheEnabled: `false` reads and writes nothing, pointers included. */
  readonly enabled: boolean;
  /** imageVerifyCacheMaxSize: verifications in memory. */
  readonly maxSize: number;
  /** imageVerifyCacheTTLDuration, in milliseconds: how long a verification lives. */
  readonly ttlMs: number;
  /** `off`: every tag is resolved at its registry, every time. */
  readonly tagPointers: 'on' | 'off';
}

/** Longer, and a verification could outlive the generation that a forgetting left behind. */
export const maxTtlMs = 24 * 3_600_000;
const maxMaxSize = 100_000;

export const defaultLedgerSettings: LedgerSettings = {
  enabled: true,
  maxSize: 1000,
  ttlMs: 3_600_000,
  tagPointers: 'on',
};

export const ledgerSettingNames = [
  'imageVerifyCacheEnabled',
  'imageVerifyCacheMaxSize',
  'imageVerifyCacheTTLDuration',
  'tagPointers',
] as const;

/** Settings that do not parse: every problem that was found, so that it can be told together with those of other settings. */
export class LedgerSettingsError extends Error {
  override readonly name = 'LedgerSettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Settings from text, by their names: environment variables or flags. Absent means the default, and so does 0 for the size and
 * the duration.
 *
 * @throws LedgerSettingsError with all problems.
 */
export function parseLedgerSettings(values: Readonly<Record<string, string | undefined>>): LedgerSettings {
  const problems: string[] = [];

  function read<T>(
    name: (typeof ledgerSettingNames)[number],
    wants: string,
    parse: (text: string) => T | undefined,
  ): T | undefined {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = parse(text.trim());
    if (value === undefined) problems.push(`${name}: ${quoted(text, 50)} is not ${wants}`);
    return value;
  }

  const defaults = defaultLedgerSettings;
  const settings: LedgerSettings = {
    enabled: read('imageVerifyCacheEnabled', 'true or false', parseBoolean) ?? defaults.enabled,
    maxSize: read('imageVerifyCacheMaxSize', `a whole number from 0 to ${maxMaxSize}`, parseSize) || defaults.maxSize,
    ttlMs:
      read('imageVerifyCacheTTLDuration', 'a duration from 0 to 24h, such as 60m or 1h30m', parseTtl) || defaults.ttlMs,
    tagPointers: read('tagPointers', 'on or off', parseSwitch) ?? defaults.tagPointers,
  };
  if (problems.length > 0) throw new LedgerSettingsError(problems);
  return settings;
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function parseSize(text: string): number | undefined {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  return size !== undefined && size <= maxMaxSize ? size : undefined;
}

function parseTtl(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 0 && ms <= maxTtlMs ? ms : undefined;
}

function parseSwitch(text: string): 'on' | 'off' | undefined {
  return text === 'on' || text === 'off' ? text : undefined;
}
