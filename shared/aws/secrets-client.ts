import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type ClientOptions, requestHandler } from './clients.ts';

export function secretsClient(options: ClientOptions): SecretsManagerClient {
  return new SecretsManagerClient({ ...options, maxAttempts: 2, requestHandler: requestHandler(1000) });
}
