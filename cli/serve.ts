import { isIP } from 'node:net';
import { FileError } from '../local/files.ts';
import { readPolicyFolder } from '../local/policies.ts';
import { stopSignal } from '../local/stop-signal.ts';
import { startWebhooks } from '../local/webhooks.ts';
import {
  type LedgerSettings,
  LedgerSettingsError,
  ledgerSettingNames,
  parseLedgerSettings,
} from '../shared/ledger/settings.ts';
import { isLoopbackHost } from '../shared/net/hosts.ts';
import { PolicyLoadError } from '../shared/policy/problems.ts';
import { messageOf } from '../shared/reasons.ts';
import { defaultReviewImages, parseReviewImages } from '../shared/registry/allowance.ts';
import { type Arguments, atLeastOne, readArguments, single } from './arguments.ts';
import { coreFrom, coreOptions, registriesFrom } from './core.ts';
import { recordLog } from './log.ts';
import { tlsFrom } from './tls.ts';
import { tokenFrom } from './token.ts';
import { trustPolicyBesidePolicies, trustPolicyOption } from './trust-policy.ts';
import { trustedRootOption, trustRootFrom } from './trust-root.ts';
import { UsageError } from './usage.ts';

/** `countersign serve --policies DIR`: the webhooks on this machine, until it is told to stop. */
export async function serve(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: [
      'policies',
      'addr',
      'tls-cert',
      'tls-key',
      'token',
      'log',
      'credentials',
      'ca',
      trustedRootOption,
      'max-images',
      ...ledgerSettingNames,
    ],
    several: [...coreOptions.several, 'registries'],
    bare: { instead: 'write countersign serve --policies DIR' },
    elsewhere: {
      policy: 'write --policies DIR, a folder with the policies',
      [trustPolicyOption]: trustPolicyBesidePolicies,
    },
  });
  const [folder = ''] = atLeastOne(found, 'policies', '--policies DIR');
  const address = addressFrom(single(found, 'addr', '127.0.0.1:9443'));
  const token = tokenFrom(found);
  const log = recordLog(single(found, 'log', undefined), process.stdout);
  const settings = settingsFrom(found);
  const registries = registriesFrom(found);
  const reviewImages = imagesFrom(found);
  const roots = await trustRootFrom(found);
  const policies = await readPolicyFolder(folder, { registries, roots }).catch((thrown: unknown) => {
    if (thrown instanceof PolicyLoadError || thrown instanceof FileError) throw thrown;
    throw new UsageError(messageOf(thrown));
  });
  for (const warning of policies.warnings) process.stderr.write(`${warning}\n`);

  const tls = await tlsFrom(found, address.host);
  const core = await coreFrom(found, {
    ledger: settings,
    registries,
    reviewImages,
    roots,
    ...doorFor(address.host),
  });
  const server = await startWebhooks({
    core,
    policies,
    address,
    tls,
    ...(token === undefined ? {} : { token }),
    log: log.write,
  }).catch((thrown: unknown) => {
    throw listenError(thrown, address);
  });
  const clusters = [...policies.clusters].map(([name, { hash }]) => `${name} (policies ${hash.slice(0, 12)})`);
  const stopped = stopSignal();
  process.stderr.write(`serving ${server.url}/mutate and /validate for ${clusters.join(', ')}; Ctrl-C stops\n`);

  await stopped;
  await server.close();
  await core.close();
  log.flush();
  return 0;
}

function addressFrom(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new UsageError(`--addr takes HOST:PORT, for instance 127.0.0.1:9443, not '${text}'`);
  }
  return { host: host === '' ? '0.0.0.0' : host, port: Number(port) };
}

function imagesFrom(found: Arguments): number {
  const text = single(found, 'max-images', String(defaultReviewImages));
  const images = parseReviewImages(text);
  if (images === undefined) throw new UsageError(`--max-images takes a whole number from 1 to 1000, not '${text}'`);
  return images;
}

function settingsFrom(found: Arguments): LedgerSettings {
  try {
    return parseLedgerSettings(Object.fromEntries(ledgerSettingNames.map((name) => [name, found.get(name)?.[0]])));
  } catch (thrown) {
    if (thrown instanceof LedgerSettingsError) throw new UsageError(...thrown.problems);
    throw thrown;
  }
}

/** Beyond loopback, whoever reaches the server could make it call this machine: loopback and link-local are refused then. */
function doorFor(host: string) {
  if (isLoopbackHost(host)) return {};
  const ranges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
  return { door: { addresses: [{ ranges, hosts: 'any' as const }] } };
}

function listenError(thrown: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'EADDRINUSE')
    return new UsageError(`port ${port} on ${host} is in use; choose another with --addr ${host}:PORT`);
  if (code === 'EACCES')
    return new UsageError(`port ${port} needs more rights; choose one above 1023 with --addr ${host}:PORT`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || isIP(host) === 0) {
    return new UsageError(`cannot listen on ${host}:${port}: ${messageOf(thrown)}`);
  }
  return thrown;
}
