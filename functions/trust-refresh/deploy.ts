import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, ScheduledEvent } from 'aws-lambda';
import { type Objects, s3Objects } from '../../shared/aws/objects.ts';
import { s3Client } from '../../shared/aws/s3-client.ts';
import { messageOf } from '../../shared/reasons.ts';
import { readTrustRoot } from '../../shared/trust/root/read.ts';
import { fetchTrustedRoot } from '../../shared/trust-roots/tuf.ts';
import type { Environment } from '../wiring/config/settings.ts';
import { type Observability, observed } from '../wiring/observability.ts';
import { start } from '../wiring/start.ts';
import { publishedKey } from '../wiring/trust/published.ts';
import { type Config, refreshConfig } from './config.ts';

/** What tests put in the place of AWS. */
export interface Parts {
  readonly objects?: Objects;
  readonly observability?: Observability;
  /** A folder for what is known of the mirror; Lambda's own, which no other function sees, where it is absent. */
  readonly cache?: string;
}

/** Resolves with the SHA-256 of what was published. */
export type TrustRefreshHandler = (event: ScheduledEvent, context: Context) => Promise<{ readonly sha256: string }>;

/** Milliseconds for the write. */
const writeMs = 5000;

/**
 * Puts the function together from its environment. A failure is logged, counted and thrown, so that Lambda tries twice more; what was
 * published before stays in force.
 */
export function deployTrustRefresh(environment: Environment, parts: Parts = {}): TrustRefreshHandler {
  const { config, observability } = start({
    service: 'trust-refresh',
    read: () => refreshConfig(environment),
    observability: parts.observability,
  });
  const folder = environment['LAMBDA_TASK_ROOT'] ?? '';
  return observed<ScheduledEvent, { readonly sha256: string }>(async () => {
    if (config === undefined) {
      observability.metrics.count('config-invalid');
      throw new Error('the environment is wrong: the first lines of the log say how');
    }
    try {
      const sha256 = await publish(config, folder, parts);
      observability.metrics.count('trust-refreshed');
      return { sha256 };
    } catch (thrown) {
      observability.problem('trust-refresh-failed', messageOf(thrown));
      throw thrown;
    }
  }, observability);
}

/** It is written although nothing has changed: when it was written says how long ago it was known to be current. */
async function publish(
  { region, trustBucket, mirror, mirrorRoot }: Config,
  folder: string,
  parts: Parts,
): Promise<string> {
  const bytes = await fetchTrustedRoot({
    mirror,
    rootFile: mirrorRoot === undefined ? undefined : join(folder, mirrorRoot),
    cache: parts.cache ?? join(tmpdir(), 'countersign-tuf'),
  });
  const { root } = readTrustRoot(bytes);
  const objects = parts.objects ?? s3Objects({ client: s3Client({ region }), bucket: trustBucket });
  await objects.write(publishedKey, bytes, { signal: AbortSignal.timeout(writeMs) });
  return root.hash;
}
