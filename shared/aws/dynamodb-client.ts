import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ClientOptions, requestHandler } from './clients.ts';

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
