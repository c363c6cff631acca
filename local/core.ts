import { randomBytes } from 'node:crypto';
import { evidenceKinds } from '../shared/evidence/kinds.ts';
import { createLedger } from '../shared/ledger/create.ts';
import { memoryTable } from '../shared/ledger/memory-table.ts';
import { defaultLedgerSettings, type LedgerSettings } from '../shared/ledger/settings.ts';
import { type Clock, type Elapsed, monotonic } from '../shared/net/deadline.ts';
import { createDoor, type DoorSettings } from '../shared/net/door.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import { type Call, createPipeline, type Reviews } from '../shared/pipeline.ts';
import { everyHost, hostsOfRules } from '../shared/plan/hosts.ts';
import { trustOf } from '../shared/plan/trust-source.ts';
import type { Question } from '../shared/policy/select.ts';
import { createRegistry, registriesAsOurselves } from '../shared/registry/create.ts';
import { type Credentials, noCredentials } from '../shared/registry/credentials.ts';
import type { Revocations } from '../shared/revocation/revocation.ts';
import type { KmsKeys } from '../shared/trust/kms.ts';
import type { TrustRoots } from '../shared/trust/root/trust-root.ts';
import type { SigningStatus } from '../shared/verdict/signing-status.ts';
import type { Verdict } from '../shared/verdict/verdict.ts';
import { localKms } from './kms.ts';
import { localRevocations } from './revocations.ts';
import { carriedRoots } from './trust-root.ts';

export interface LocalCoreOptions {
  /** Which addresses and plain-HTTP hosts may be called; by default any address, and plain HTTP on loopback. */
  readonly door?: DoorSettings;
  readonly credentials?: Credentials;
  /** Registry hosts that are named beside those of the rules. */
  readonly registries?: readonly string[];
  /** Distinct images that one review may ask about; 64 by default. */
  readonly reviewImages?: number;
  readonly clock?: Clock;
  readonly elapsed?: Elapsed;
  readonly metrics?: Metrics;
  readonly ledger?: LedgerSettings;
  /** The trust root in force; the carried one by default. */
  readonly roots?: TrustRoots;
  /** The keys of AWS KMS; by default as whom the configuration of AWS on this machine says. */
  readonly kms?: KmsKeys;
  /** Who is asked whether something was revoked; by default those whom certificates name, and AWS Signer. */
  readonly revocations?: Revocations;
  /** Asked where an image has no signature of the Notary Project; by default none is about to come. */
  readonly signing?: SigningStatus;
  /** Waits between tries of a request; injected by tests. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The pipeline on this machine. */
export interface LocalPipeline extends Reviews {
  /** The verdicts on questions that were put without an object, by someone who named the images. */
  answer(questions: readonly Question[], call: Call): Promise<Verdict[]>;
}

export interface LocalCore {
  readonly pipeline: LocalPipeline;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

/** The verification core on this machine: its own door, and the ledger's table in process. */
export function createLocalCore(options: LocalCoreOptions = {}): LocalCore {
  const { clock = Date.now, elapsed = monotonic, registries = [] } = options;
  const metrics = options.metrics ?? { count: () => undefined };
  const settings = options.ledger ?? defaultLedgerSettings;
  const doorSettings: DoorSettings = options.door ?? { addresses: 'any' };
  const door = createDoor(doorSettings);
  const responders = localRevocations({ door: doorSettings, clock, elapsed, metrics });
  const registry = createRegistry({
    door,
    credentials: options.credentials ?? noCredentials,
    clock,
    elapsed,
    kinds: evidenceKinds,
    metrics,
    ...(options.sleep === undefined ? {} : { sleep: options.sleep }),
  });
  const ledger = createLedger({
    table: memoryTable({ maxSize: settings.maxSize, clock }),
    macKeys: [randomBytes(32)],
    clock,
    settings,
    engine: '',
    metrics,
  });
  const pipeline = createPipeline({
    registries: registriesAsOurselves(registry),
    clock,
    elapsed,
    trust: trustOf(options.roots ?? carriedRoots(), options.kms ?? localKms({ clock, metrics })),
    revocations: options.revocations ?? responders,
    ...(options.signing === undefined ? {} : { signing: options.signing }),
    ...(options.reviewImages === undefined ? {} : { reviewImages: options.reviewImages }),
  });
  const hostsOf = hostsOfRules(registries, 'call');
  const onSite: LocalPipeline = {
    review: (rules, request, call) =>
      pipeline.review(rules, request, call, { ledger, hosts: hostsOf(rules, call.inForce) }),
    answer: (questions, call) => pipeline.answer(questions, call, { ledger, hosts: everyHost }),
  };
  return {
    pipeline: onSite,
    clock,
    elapsed,
    metrics,
    close: async () => void (await Promise.all([door.close(), responders.close()])),
  };
}
