import {
  type LedgerSettings,
  LedgerSettingsError,
  ledgerSettingNames,
  parseLedgerSettings,
} from '../../../shared/ledger/settings.ts';
import type { Settings } from './settings.ts';

/** Of a function that writes generations, which needs no key. */
export interface TableConfig {
  /** The ledger's table. */
  readonly table: string;
}

/** Of a function that believes what the ledger remembers, and adds to it. */
export interface LedgerConfig extends TableConfig {
  /** Secret with the ledger's MAC keys: a JSON list of one or two, base64. */
  readonly macKeysSecret: string;
  readonly ledger: LedgerSettings;
}

export function tableConfig(settings: Settings): TableConfig {
  return { table: settings.required('LEDGER_TABLE') };
}

export function ledgerConfig(settings: Settings): LedgerConfig {
  return {
    ...tableConfig(settings),
    macKeysSecret: settings.required('MAC_KEYS_SECRET'),
    ledger: ledgerFrom(settings),
  };
}

/** Kyverno's names, which no environment variable needs to spell in capitals. */
function ledgerFrom(settings: Settings): LedgerSettings {
  const given = Object.fromEntries(ledgerSettingNames.map((name) => [name, settings.optional(name)]));
  try {
    return parseLedgerSettings(given);
  } catch (thrown) {
    if (!(thrown instanceof LedgerSettingsError)) throw thrown;
    settings.problems.push(...thrown.problems);
    return parseLedgerSettings({});
  }
}
