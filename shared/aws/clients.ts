import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ECRClient } from '@aws-sdk/client-ecr';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface ClientOptions {
  readonly region: string;
  /** Tests point a client at a server on loopback; deployed, the SDK knows, or AWS_ENDPOINT_URL says. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Without `throwOnRequestTimeout` the SDK warns of a request that takes too long, and waits on. */
function requestHandler(requestTimeout: number) {
  return { connectionTimeout: 300, requestTimeout, throwOnRequestTimeout: true };
}

/**
 * For the ledger's table. It repeats nothing: the table does, sooner than the SDK would (which waits up to a second where it is
 * throttled) and, of writes, only those that were certainly not carried out. The endpoint is the region's, which VPC endpoints answer.
 */
export function dynamoClient(options: ClientOptions): DynamoDBClient {
  return new DynamoDBClient({
    ...options,
    maxAttempts: 1,
    requestHandler: requestHandler(500),
    accountIdEndpointMode: 'disabled',
  });
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
