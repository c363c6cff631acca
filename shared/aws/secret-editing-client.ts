import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

/** Secrets Manager, as far as a secret's value is changed. Each throws what the SDK throws. */
export interface SecretCalls {
  get(id: string): Promise<{
    readonly SecretString?: string | undefined;
    readonly VersionId?: string | undefined;
    readonly CreatedDate?: Date | undefined;
  }>;
  /** A further version, under a staging label. */
  put(
    id: string,
    text: string,
    label: string,
  ): Promise<{
    readonly VersionId?: string | undefined;
    readonly VersionStages?: readonly string[] | undefined;
  }>;
  /** Moves a staging label; refused where it is not on the version `from`, or, without one, on any. */
  move(id: string, label: string, to: string, from: string | undefined): Promise<unknown>;
}

/** Imported when a secret is first changed: only who administers a deployment needs it. */
export function secretCallsWith(config: SecretsManagerClientConfig): SecretCalls {
  const client = new SecretsManagerClient(config);
  return {
    get: (SecretId) => client.send(new GetSecretValueCommand({ SecretId })),
    put: (SecretId, SecretString, label) =>
      client.send(new PutSecretValueCommand({ SecretId, SecretString, VersionStages: [label] })),
    move: (SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage,
          MoveToVersionId,
          ...(RemoveFromVersionId !== undefined && { RemoveFromVersionId }),
        }),
      ),
  };
}
