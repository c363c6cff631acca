import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../../functions/http/event.ts';
import { createHandler } from '../../functions/http/handler.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { evidenceKinds } from '../../shared/evidence/kinds.ts';
import { createLedger } from '../../shared/ledger/create.ts';
import { memoryTable } from '../../shared/ledger/memory-table.ts';
import { defaultLedgerSettings } from '../../shared/ledger/settings.ts';
import { createDoor, type DoorSettings } from '../../shared/net/door.ts';
import { createPipeline } from '../../shared/pipeline.ts';
import { hostsOfRules } from '../../shared/plan/hosts.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { createRegistry, type RegistrySettings, registriesAsOurselves } from '../../shared/registry/create.ts';
import { type CredentialSource, noCredentials } from '../../shared/registry/credentials.ts';

export interface DeployedOptions {
  readonly policies: readonly string[];
  readonly door: DoorSettings;
  /** The registries that images may make it call. */
  readonly hosts?: ReadonlySet<string>;
  readonly credentials?: CredentialSource;
  readonly realms?: RegistrySettings['realms'];
  readonly reviewBytes?: number;
  /** Milliseconds; without it the clock stands. */
  readonly clock?: () => number;
  /** What the API server says it waits, `10s` by default. */
  readonly timeout?: string;
}

export interface Deployed {
  /** What the API server is answered, and the body as it was sent. */
  send(review: unknown, purpose?: 'mutate' | 'validate'): Promise<DeployedAnswer>;
  readonly records: readonly AdmissionRecord[];
  close(): Promise<void>;
}

export interface DeployedAnswer {
  readonly allowed: boolean;
  readonly code: number | undefined;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly body: string;
}

/** The handler as a function has it: the door's address rules on, and the registries that it may call listed. */
export function deploy(options: DeployedOptions): Deployed {
  const clock = options.clock ?? (() => Date.parse('2026-01-01T00:00:00Z'));
  const metrics = { count: () => undefined };
  const door = createDoor(options.door);
  const registry = createRegistry({
    door,
    credentials: options.credentials ?? noCredentials,
    clock,
    elapsed: clock,
    kinds: evidenceKinds,
    sleep: async () => undefined,
    ...(options.realms === undefined ? {} : { realms: options.realms }),
  });
  const ledger = createLedger({
    table: memoryTable({ maxSize: 100, clock }),
    macKeys: [Buffer.alloc(32, 1)],
    clock,
    settings: defaultLedgerSettings,
    engine: '',
    metrics,
  });
  const pipeline = createPipeline({
    registries: registriesAsOurselves(registry),
    clock,
    elapsed: clock,
    ...(options.reviewBytes === undefined ? {} : { reviewBytes: options.reviewBytes }),
  });
  const hostsOf = hostsOfRules([...(options.hosts ?? [])], options.hosts === undefined ? 'call' : 'refuse');
  const scopes = scopesOf(loadPolicies(options.policies.map((text, index) => ({ name: `${index}.yaml`, text }))));
  const records: AdmissionRecord[] = [];
  const handler = createHandler({
    pipeline: {
      review: (rules, request, call) =>
        pipeline.review(rules, request, call, { ledger, hosts: hostsOf(rules, call.inForce) }),
    },
    policies: () => ({ scopes, hash: 'test' }),
    gate: { tokens: () => ['token-of-prod'], metrics },
    clock,
    elapsed: clock,
    metrics,
    log: (record) => records.push(record),
  });
  return {
    records,
    close: () => door.close(),
    async send(review, purpose = 'mutate') {
      const event: unknown = {
        path: `/prod/${purpose}/${scopes.fail.length > 0 ? 'fail' : 'ignore'}/token-of-prod`,
        httpMethod: 'POST',
        requestContext: { stage: 'prod' },
        headers: {},
        queryStringParameters: { timeout: options.timeout ?? '10s' },
        body: JSON.stringify(review),
        isBase64Encoded: false,
      };
      const { body = '' } = await handler(event as HttpEvent, { getRemainingTimeInMillis: () => 30_000 } as Context);
      const { response } = JSON.parse(body) as {
        response: { allowed: boolean; status?: { code: number; message: string }; warnings?: string[] };
      };
      const { allowed, status, warnings = [] } = response;
      return { allowed, code: status?.code, message: status?.message ?? '', warnings, body };
    },
  };
}
