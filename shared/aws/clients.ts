import type { ECRClient } from '@aws-sdk/client-ecr';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface ClientOptions {
  readonly region: string;
  /** Tests point a client at a server on loopback; deployed, the SDK knows, or AWS_ENDPOINT_URL says. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** In milliseconds. Without `throwOnRequestTimeout` the SDK warns of a request that takes too long, and waits on. */
export function requestHandler(requestTimeout: number) {
  return { connectionTimeout: 300, requestTimeout, throwOnRequestTimeout: true };
}

export function secretsClient(options: ClientOptions): SecretsManagerClient {
  return new SecretsManagerClient({ ...options, maxAttempts: 2, requestHandler: requestHandler(1000) });
}

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
