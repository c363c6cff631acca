import { kmsClients } from '../shared/aws/kms-clients.ts';
import { kmsKeys } from '../shared/aws/kms-keys.ts';
import type { Clock } from '../shared/net/deadline.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import type { KmsKeys } from '../shared/trust/kms.ts';

/** Milliseconds. A machine may be far from KMS, and credentials may have to be fetched first: by a login or a role. */
const patience = { timeoutMs: 10_000, connectMs: 2000, requestMs: 4000 };

/**
 * The keys of AWS KMS as whom the configuration of AWS on this machine says, with its region: environment, files, a login, a role.
 * The client is loaded when a policy's key is first asked for.
 */
export function localKms({ clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics }): KmsKeys {
  const { timeoutMs, ...client } = patience;
  return kmsKeys({ clientFor: kmsClients({ plainLoopback: true, ...client }), clock, metrics, timeoutMs });
}
