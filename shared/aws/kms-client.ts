import { GetPublicKeyCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';

/** What `GetPublicKey` answers, as far as it is used. */
export interface PublicKeyAnswer {
  readonly PublicKey?: Uint8Array | undefined;
  readonly KeyUsage?: string | undefined;
  readonly SigningAlgorithms?: readonly string[] | undefined;
}

/** Asks KMS for a key, by its ID, its alias or the ARN of either. Throws what the SDK throws. */
export type GetPublicKey = (keyId: string, signal: AbortSignal) => Promise<PublicKeyAnswer>;

/** Imported when a key is first asked for: nothing else of Countersign needs this client. */
export function getPublicKeyWith(config: KMSClientConfig): GetPublicKey {
  const client = new KMSClient(config);
  return (keyId, signal) => client.send(new GetPublicKeyCommand({ KeyId: keyId }), { abortSignal: signal });
}
