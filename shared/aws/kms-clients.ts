import { isLoopbackHost, splitHost } from '../net/hosts.ts';
import type { AwsKmsKey } from '../policy/kms.ts';
import { type ClientOptions, clientsBy, requestHandler } from './clients.ts';
import type { GetPublicKey } from './kms-client.ts';

/** Where a key is: what a client is made for. Without a region it is what the configuration of AWS says. */
export type KmsPlace = Pick<AwsKmsKey, 'endpoint' | 'region'>;

export interface KmsClientsOptions extends Omit<ClientOptions, 'region'> {
  /** Whether an endpoint on loopback is called without TLS. Deployed, never. */
  readonly plainLoopback: boolean;
  /** Milliseconds that a connection and an answer may take. 300 and 1000. */
  readonly connectMs?: number;
  readonly requestMs?: number;
}

/** KMS's client is loaded when a key is first needed, and there is one for each place; two attempts each. */
export function kmsClients(options: KmsClientsOptions): (place: KmsPlace) => Promise<GetPublicKey> {
  const { plainLoopback, connectMs, requestMs = 1000, ...common } = options;

  async function create({ endpoint, region }: KmsPlace): Promise<GetPublicKey> {
    const { getPublicKeyWith } = await import('./kms-client.ts');
    return getPublicKeyWith({
      ...common,
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint: urlOf(endpoint, plainLoopback) }),
      maxAttempts: 2,
      requestHandler: requestHandler(requestMs, connectMs),
    });
  }

  return clientsBy(({ endpoint, region }) => `${endpoint ?? ''} ${region ?? ''}`, create);
}

/** A key's own endpoint is called with TLS, as cosign calls it. */
function urlOf(endpoint: string, plainLoopback: boolean): string {
  const { name } = splitHost(endpoint.toLowerCase());
  return `${plainLoopback && isLoopbackHost(name) ? 'http' : 'https'}://${endpoint}`;
}
