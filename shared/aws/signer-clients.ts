import { type ClientOptions, clientsBy, requestHandler } from './clients.ts';
import type { GetRevocationStatus } from './signer-client.ts';

export interface SignerClientsOptions extends Omit<ClientOptions, 'region'> {
  /** Milliseconds that a connection and an answer may take. 500 and 2000. */
  readonly connectMs?: number;
  readonly requestMs?: number;
}

/** AWS Signer's client is loaded when it is first needed, and there is one for each region; two attempts each. */
export function signerClients(options: SignerClientsOptions = {}): (region: string) => Promise<GetRevocationStatus> {
  const { connectMs = 500, requestMs = 2000, ...common } = options;
  return clientsBy(
    (region: string) => region,
    async (region) => {
      const { getRevocationStatusWith } = await import('./signer-client.ts');
      return getRevocationStatusWith({
        ...common,
        region,
        maxAttempts: 2,
        requestHandler: requestHandler(requestMs, connectMs),
      });
    },
  );
}
