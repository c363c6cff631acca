import { rootOfFile } from '../../local/trust-root.ts';
import { printable } from '../../shared/printable.ts';
import type { CertificateAuthority, TransparencyLog, TrustRoot, Window } from '../../shared/trust/root/trust-root.ts';
import { carriedRoot } from '../../shared/trust-roots/carried.ts';
import {
  ageInDays,
  ageWarning,
  defaultOldDays,
  type FoundRoot,
  unreadWarnings,
} from '../../shared/trust-roots/found.ts';
import { type Arguments, readArguments, single } from '../arguments.ts';
import { outputFrom } from '../core.ts';
import { trustedRootOption } from '../trust-root.ts';
import { UsageError } from '../usage.ts';

/** `countersign trust show [--trusted-root FILE] [-o json]`: whom the other commands believe with the same option. */
export async function show(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: [trustedRootOption, 'max-age', 'output'],
    several: [],
    bare: { instead: 'write countersign trust show [--trusted-root FILE]' },
  });
  const output = outputFrom(found, ['json']);
  const oldDays = daysFrom(found);
  const named = single(found, trustedRootOption, undefined);
  if (named === 'none') {
    process.stdout.write(output === 'json' ? `${JSON.stringify({ source: 'none' }, null, 2)}\n` : 'no trust root\n');
    return 0;
  }
  const shown = shownOf(named === undefined ? await carriedRoot() : await rootOfFile(named), oldDays);
  process.stdout.write(output === 'json' ? `${JSON.stringify(shown, null, 2)}\n` : textOf(shown));
  return 0;
}

/** What `-o json` prints; names are stable, fields may be added. Times are RFC 3339, `null`: no end, or not known. */
interface Shown {
  readonly source: string;
  readonly sha256: string;
  readonly date: string | null;
  readonly ageDays: number | null;
  readonly warnings: readonly string[];
  readonly authorities: readonly ShownAuthority[];
  readonly certificateLogs: readonly ShownLog[];
  readonly transparencyLogs: readonly ShownLog[];
  readonly timestampAuthorities: readonly ShownAuthority[];
}

interface Validity {
  readonly from: string | null;
  readonly until: string | null;
}

interface ShownAuthority extends Validity {
  /** Of the root: its attributes, with commas between. */
  readonly subject: string;
}

interface ShownLog extends Validity {
  readonly url: string;
  /** Base64. */
  readonly keyId: string;
}

function shownOf(found: FoundRoot, oldDays: number): Shown {
  const { root, title, date } = found;
  const now = Date.now();
  const old = ageWarning(found, now, oldDays);
  return {
    source: title,
    sha256: root.hash,
    date: timeOf(date),
    ageDays: ageInDays(found, now) ?? null,
    warnings: [...unreadWarnings(found), ...(old === undefined ? [] : [old])],
    ...authoritiesAndLogs(root),
  };
}

function authoritiesAndLogs(root: TrustRoot) {
  return {
    authorities: root.authorities.map(authority),
    certificateLogs: root.certificateLogs.map(log),
    transparencyLogs: root.transparencyLogs.map(log),
    timestampAuthorities: root.timestampAuthorities.map(authority),
  };
}

function authority({ root, validFor }: CertificateAuthority): ShownAuthority {
  return { subject: root.subject.replaceAll('\n', ', '), ...validity(validFor) };
}

function log({ baseUrl, keyId, validFor }: TransparencyLog): ShownLog {
  return { url: baseUrl, keyId: Buffer.from(keyId).toString('base64'), ...validity(validFor) };
}

function validity({ start, end }: Window): Validity {
  return { from: timeOf(start), until: timeOf(end) };
}

function timeOf(time: number | undefined): string | null {
  return time === undefined || !Number.isFinite(time) ? null : new Date(time).toISOString();
}

function textOf(shown: Shown): string {
  const { source, sha256, date, ageDays, warnings } = shown;
  const lines = [source, `  SHA-256  ${sha256}`];
  if (date !== null) lines.push(`  as of    ${date.slice(0, 10)}, ${ageDays} ${ageDays === 1 ? 'day' : 'days'} ago`);
  const list = (title: string, rows: readonly string[]) => {
    lines.push(`  ${title}`, ...(rows.length === 0 ? ['none'] : rows).map((row) => `    ${row}`));
  };
  list(
    'certificates are issued by',
    shown.authorities.map((one) => `${one.subject}  ${span(one)}`),
  );
  list(
    'and logged by',
    shown.certificateLogs.map((one) => `${one.url}  ${span(one)}`),
  );
  list(
    'signatures are logged by',
    shown.transparencyLogs.map((one) => `${one.url}  ${span(one)}`),
  );
  list(
    'times are told by',
    shown.timestampAuthorities.map((one) => `${one.subject}  ${span(one)}`),
  );
  return [...lines, ...warnings.map((warning) => `warning: ${warning}`)].map((line) => `${printable(line)}\n`).join('');
}

function span({ from, until }: Validity): string {
  return until === null ? `since ${from?.slice(0, 10)}` : `${from?.slice(0, 10)} to ${until.slice(0, 10)}`;
}

function daysFrom(found: Arguments): number {
  const text = single(found, 'max-age', String(defaultOldDays));
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`--max-age takes days, for instance 90, not '${text}'`);
  return Number(text);
}
