import { GetRevocationStatusCommand, SignerDataClient, type SignerDataClientConfig } from '@aws-sdk/client-signer-data';

/** What is asked of AWS Signer about one signature. */
export interface RevocationStatusRequest {
  readonly signatureTimestamp: Date;
  readonly platformId: string;
  readonly profileVersionArn: string;
  readonly jobArn: string;
  readonly certificateHashes: readonly string[];
}

/** What it says is revoked: ARNs or hashes; none where nothing is. Throws what the SDK throws. */
export type GetRevocationStatus = (request: RevocationStatusRequest, signal: AbortSignal) => Promise<readonly string[]>;

/** Imported when a signature by AWS Signer is first asked about: nothing else of Countersign needs this client. */
export function getRevocationStatusWith(config: SignerDataClientConfig): GetRevocationStatus {
  const client = new SignerDataClient(config);
  return async ({ certificateHashes, ...request }, signal) => {
    const command = new GetRevocationStatusCommand({ ...request, certificateHashes: [...certificateHashes] });
    const { revokedEntities } = await client.send(command, { abortSignal: signal });
    return revokedEntities ?? [];
  };
}
