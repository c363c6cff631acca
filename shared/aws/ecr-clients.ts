import type { ECRClient } from '@aws-sdk/client-ecr';
import { type ClientOptions, clientsBy, requestHandler } from './clients.ts';

/** ECR's client is loaded when a token is first needed, and there is one for each region. */
export function ecrClients(options: Omit<ClientOptions, 'region'> = {}): (region: string) => Promise<ECRClient> {
  return clientsBy(
    (region: string) => region,
    async (region) => {
      const { ECRClient: Client } = await import('@aws-sdk/client-ecr');
      return new Client({ ...options, region, maxAttempts: 2, requestHandler: requestHandler(1000) });
    },
  );
}
