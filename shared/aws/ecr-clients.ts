import type { ECRClient } from '@aws-sdk/client-ecr';
import { type ClientOptions, requestHandler } from './clients.ts';

/** ECR's client is loaded when a token is first needed, and there is one for each region. */
export function ecrClients(options: Omit<ClientOptions, 'region'> = {}): (region: string) => Promise<ECRClient> {
  const clients = new Map<string, Promise<ECRClient>>();

  async function create(region: string): Promise<ECRClient> {
    const { ECRClient: Client } = await import('@aws-sdk/client-ecr');
    return new Client({ ...options, region, maxAttempts: 2, requestHandler: requestHandler(1000) });
  }

  return (region) => {
    let client = clients.get(region);
    if (client === undefined) {
      client = create(region);
      clients.set(region, client);
    }
    return client;
  };
}
