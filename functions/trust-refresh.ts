import type { ScheduledEvent } from 'aws-lambda';
import { deployTrustRefresh, type TrustRefreshHandler } from './trust-refresh/deploy.ts';

/**
 * Once a day: fetches the trust root that a TUF repository publishes, and puts it where the functions that verify read it. It is the only
 * function that speaks TUF, and no review waits for it.
 */
let deployed: TrustRefreshHandler | undefined;

export const handler = (event: ScheduledEvent, context: Parameters<TrustRefreshHandler>[1]) => {
  deployed ??= deployTrustRefresh(process.env);
  return deployed(event, context);
};
