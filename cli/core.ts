import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createLocalCore, type LocalCore, type LocalCoreOptions } from '../local/core.ts';
import { canonicalHost } from '../shared/image/host.ts';
import type { Clock } from '../shared/net/deadline.ts';
import { printable } from '../shared/printable.ts';
import { messageOf } from '../shared/reasons.ts';
import { type Credentials, noCredentials, parseDockerConfig } from '../shared/registry/credentials.ts';
import { type Arguments, single } from './arguments.ts';
import { rootsFrom } from './certificates.ts';
import { trustedRootOption } from './trust-root.ts';
import { UsageError } from './usage.ts';

/** Options of every command that verifies. */
export const coreOptions = {
  single: ['credentials', 'ca', trustedRootOption, 'at', 'timeout', 'output'],
  several: ['allow-http'],
} as const;

/** The verification core as the options ask for it: credentials, certificates, plain HTTP, the time. */
export async function coreFrom(found: Arguments, more: LocalCoreOptions = {}): Promise<LocalCore> {
  const credentials = await credentialsFrom(found);
  for (const warning of credentials.warnings) process.stderr.write(`countersign: ${printable(warning)}\n`);
  const { door = { addresses: 'any' }, ...rest } = more;
  return createLocalCore({
    door: { ...door, allowHttp: found.get('allow-http') ?? [], roots: await rootsFrom(found), lookups: lookups() },
    credentials,
    ...clockFrom(found),
    ...rest,
  });
}

/**
 * Half of the names that the system resolves at a time, for hosts that nobody named: libuv resolves them on half of its threads, of
 * which there are 4 (its documentation, "Thread pool work scheduling").
 */
function lookups(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  return Number.isNaN(threads) ? 1 : Math.max(1, Math.floor(Math.min(threads, 1024) / 4));
}

/** `--registries HOST,...`: hosts that are named beside those of the rules. */
export function registriesFrom(found: Arguments): readonly string[] {
  return (found.get('registries') ?? []).flatMap((words) =>
    words.split(',').map((text) => {
      const host = canonicalHost(text.trim());
      if (host === undefined)
        throw new UsageError(`--registries takes hosts, for instance ghcr.io,registry.example:5000, not '${text}'`);
      return host;
    }),
  );
}

/** `--credentials FILE`, else what `docker login` wrote, if anything. */
async function credentialsFrom(found: Arguments): Promise<Credentials> {
  const named = single(found, 'credentials', undefined);
  const file = named ?? join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if (named === undefined) return noCredentials;
    throw new UsageError(`--credentials: cannot read ${file}: ${messageOf(thrown)}`);
  }
  try {
    return parseDockerConfig(text);
  } catch (thrown) {
    throw new UsageError(`${file}: ${messageOf(thrown)}`);
  }
}

/** `--at TIME`: the clock stands there. */
function clockFrom(found: Arguments): { clock?: Clock } {
  const at = single(found, 'at', undefined);
  if (at === undefined) return {};
  const time = Date.parse(at);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(at) || Number.isNaN(time)) {
    throw new UsageError(`--at takes a time, for instance 2026-11-24T12:00:00Z, not '${at}'`);
  }
  return { clock: () => time };
}

/** `--timeout`, in milliseconds: a whole number of seconds, `30s` or `30`. */
export function timeoutFrom(found: Arguments): number {
  const text = single(found, 'timeout', '30s');
  const seconds = /^(\d{1,4})s?$/.exec(text)?.[1];
  if (seconds === undefined || Number(seconds) === 0)
    throw new UsageError(`--timeout takes seconds, for instance 30s, not '${text}'`);
  return Number(seconds) * 1000;
}

/** `-o`: `text`, or another one of those that the command has. */
export function outputFrom<Format extends string>(found: Arguments, formats: readonly Format[]): Format | 'text' {
  const output = single(found, 'output', 'text');
  const chosen = (['text', ...formats] as const).find((format) => format === output);
  if (chosen === undefined) throw new UsageError(`-o takes ${['text', ...formats].join(' or ')}, not '${output}'`);
  return chosen;
}
