import { createHash } from 'node:crypto';
import { type Digest, parseDigest } from '../../image/digest.ts';
import type { Repository } from '../../image/repository.ts';
import type { Deadline } from '../../net/deadline.ts';
import { ownCredentials } from '../../plan/credentials.ts';
import { createLedger, type LedgerOptions } from '../create.ts';
import type { CheckQuery, Ledger, Session } from '../ledger.ts';
import { memoryTable } from '../memory-table.ts';
import { defaultLedgerSettings, type LedgerSettings } from '../settings.ts';
import type { Item, Key, ReadOptions, Table } from '../table.ts';
import type { Verification } from '../verification.ts';

/** 2026-11-24T09:00:00Z */
export const start = 1_795_510_800_000;

export const app: Repository = { registry: 'registry.example', path: 'team/app' };
export const signatures: Repository = { registry: 'registry.example', path: 'team/signatures' };
export const digestA = digestOf('a');
export const digestB = digestOf('b');
export const askedBy = { policy: 'signed', rule: 'by-team' };
export const macKey = Buffer.alloc(32, 7);

/** Read for it: the image's own repository and another one that its signatures are kept in. */
export const check: CheckQuery = { hash: 'c0ffee', repositories: [app, signatures], useCache: true };

export function digestOf(text: string): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  if (digest === undefined) throw new Error('no digest');
  return digest;
}

export function verificationOf(digest: Digest, more: Partial<Verification> = {}): Verification {
  const signers = [{ attestor: 'attestors[0].entries[0]', kind: 'key' as const, identity: 'ab12' }];
  return { digest, signers, evidence: ['e1'], verifiedAt: start, ...more };
}

export function deadline(ms = 10_000): Deadline & { end(): void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    remaining: () => (controller.signal.aborted ? 0 : ms),
    end: () => controller.abort(),
  };
}

/** A table, a clock that stands still, metrics that are kept, and ledgers as of several instances over that table. */
export function createWorld(options: { table?: Table } = {}) {
  const time = { now: start };
  const clock = () => time.now;
  const spied = spyOn(options.table ?? memoryTable({ clock, maxSize: 1000 }));
  const counted: string[] = [];
  return {
    time,
    clock,
    table: spied.table,
    reads: spied.reads,
    written: spied.written,
    /** Each count as `name` or `name label=value ...`. */
    counted,
    ledger: (settings: Partial<LedgerSettings> = {}, more: Partial<LedgerOptions> = {}): Ledger =>
      createLedger({
        table: spied.table,
        macKeys: [macKey],
        clock,
        settings: { ...defaultLedgerSettings, ...settings },
        engine: '',
        metrics: {
          count(name, labels = {}) {
            counted.push([name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' '));
          },
        },
        ...more,
      }),
  };
}

function spyOn(table: Table) {
  const reads: { keys: readonly Key[]; options: ReadOptions }[] = [];
  const written: Item[] = [];
  const spied: Table = {
    read(keys, options) {
      reads.push({ keys, options });
      return table.read(keys, options);
    },
    write(items, options) {
      written.push(...items);
      return table.write(items, options);
    },
  };
  return { table: spied, reads, written };
}

/** An item's body that is text, as all have but predicates. */
export function textOf(item: Item | undefined): string {
  if (typeof item?.body !== 'string') throw new Error('an item without a text');
  return item.body;
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One admission by tag, as the pipeline does it: what the ledger knew, and, as `meanwhile`, what happens while it fetches. */
export async function admit(
  ledger: Ledger,
  options: { tag?: string; query?: CheckQuery; found?: Verification; resolves?: Digest; meanwhile?: Meanwhile } = {},
): Promise<{ pointer: Digest | undefined; verification: Verification | undefined }> {
  const { tag = 'v1', query = check, resolves = digestA, meanwhile = {} } = options;
  const session = ledger.begin(deadline());
  await session.point([{ repository: app, tag, credentials: ownCredentials, checks: [query] }]);
  const pointer = session.pointer(app, tag, ownCredentials);
  await meanwhile.resolving?.();
  if (pointer === undefined) session.recordPointer(app, tag, ownCredentials, resolves);
  const digest = pointer ?? resolves;
  await session.lookUp([{ repository: app, digest, credentials: ownCredentials, checks: [query] }]);
  const verification = session.verification(app, digest, query);
  await meanwhile.fetching?.();
  if (verification === undefined) {
    session.recordVerification(app, digest, query, options.found ?? verificationOf(digest), askedBy);
  }
  await session.flush();
  return { pointer, verification };
}

interface Meanwhile {
  /** While the tag is resolved at the registry. */
  readonly resolving?: () => unknown;
  /** While the evidence is fetched. */
  readonly fetching?: () => unknown;
}

/** One admission by digest: what the ledger knew of it. Nothing is recorded. */
export async function ask(ledger: Ledger, digest = digestA, query = check): Promise<Verification | undefined> {
  const session = await begun(ledger, digest, query);
  return session.verification(app, digest, query);
}

export async function begun(ledger: Ledger, digest = digestA, query = check, due = deadline()): Promise<Session> {
  const session = ledger.begin(due);
  await session.point([{ repository: app, digest, credentials: ownCredentials, checks: [query] }]);
  await session.lookUp([{ repository: app, digest, credentials: ownCredentials, checks: [query] }]);
  return session;
}

/** The table, changed: `read` sees each answer, and may give another. */
export function tableWith(table: Table, read: (key: Key, found: FoundOf) => FoundOf): Table {
  return {
    async read(keys, options) {
      const found = await table.read(keys, options);
      return keys.map((key, at) => read(key, found[at] ?? 'unprocessed'));
    },
    write: (items, options) => table.write(items, options),
  };
}

type FoundOf = Awaited<ReturnType<Table['read']>>[number];
