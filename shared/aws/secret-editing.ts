import { type ClientOptions, requestHandler } from './clients.ts';
import { type AwsFailure, awsFailure, nameOf } from './failure.ts';
import { regionName } from './region.ts';
import type { SecretCalls } from './secret-editing-client.ts';

/** A secret's value as it was read. */
export interface SecretVersion {
  /** `undefined`: it has none yet, or there is no such secret; writing tells which. */
  readonly text: string | undefined;
  readonly version: string | undefined;
  /** When this version was made, in milliseconds. */
  readonly createdAt: number | undefined;
}

/** A secret that is read, changed and written back. Both throw SecretEditError. */
export interface EditedSecret {
  read(): Promise<SecretVersion>;
  /** Takes the place of the version that was read, and of no other: nobody's change in between is lost. */
  replace(read: SecretVersion, text: string): Promise<void>;
}

/** Why a secret was not read or changed. The message names it and quotes nothing of it. */
export class SecretEditError extends Error {
  override readonly name = 'SecretEditError';
}

export interface SecretEditingOptions extends Partial<ClientOptions> {
  /** A name, or an ARN, which says the region too. */
  readonly id: string;
}

/** The label of a version that is there and not in force yet; rotation by Secrets Manager itself calls it so. */
const pending = 'AWSPENDING';
const current = 'AWSCURRENT';

/** Secrets Manager's client is loaded with the first call. */
export function editedSecret({ id, ...options }: SecretEditingOptions): EditedSecret {
  let calls: Promise<SecretCalls> | undefined;

  async function create(): Promise<SecretCalls> {
    const { secretCallsWith } = await import('./secret-editing-client.ts');
    const [, , , region = ''] = id.split(':');
    return secretCallsWith({
      ...options,
      ...(regionName.test(region) && { region }),
      maxAttempts: 3,
      requestHandler: requestHandler(4000, 2000),
    });
  }

  const client = () => {
    calls ??= create();
    return calls;
  };

  async function isInForce(version: string): Promise<boolean> {
    const secrets = await client();
    try {
      return (await secrets.get(id, current)).VersionId === version;
    } catch (thrown) {
      throw editError(`whether the secret ${id} was changed is not known`, thrown);
    }
  }

  return {
    async read() {
      const secrets = await client();
      try {
        const { SecretString: text, VersionId: version, CreatedDate: created } = await secrets.get(id, current);
        if (text === undefined) throw new SecretEditError(`the secret ${id} holds bytes; text was expected`);
        return { text, version, createdAt: created?.getTime() };
      } catch (thrown) {
        if (thrown instanceof SecretEditError) throw thrown;
        // One without a value is answered so too.
        if (awsFailure(thrown) === 'missing') return { text: undefined, version: undefined, createdAt: undefined };
        throw editError(`the secret ${id} was not read`, thrown);
      }
    },
    async replace(read, text) {
      const secrets = await client();
      let version: string | undefined;
      let stages: readonly string[] | undefined;
      try {
        ({ VersionId: version, VersionStages: stages } = await secrets.put(id, text, pending));
      } catch (thrown) {
        throw editError(`the secret ${id} was not changed`, thrown);
      }
      // The first version of all is in force at once.
      if (stages?.includes(current) === true) return;
      if (version === undefined) throw new SecretEditError(`the secret ${id} was not changed: no version was made`);
      try {
        await secrets.move(id, current, version, read.version);
      } catch (thrown) {
        // It is a conflict with itself where the answer was lost and the client asked once more.
        if (isConflict(thrown) && (await isInForce(version))) return;
        if (isConflict(thrown)) {
          throw new SecretEditError(
            `the secret ${id} was changed by somebody else meanwhile: nothing is lost, try again`,
          );
        }
        throw editError(`the secret ${id} was not changed`, thrown);
      }
    },
  };
}

function isConflict(thrown: unknown): boolean {
  return nameOf(thrown) === 'InvalidParameterException';
}

const words: Readonly<Record<AwsFailure, string>> = {
  throttled: 'Secrets Manager asks to slow down',
  denied: 'you may not, by what AWS knows of you',
  missing: 'there is none of this name in this account and region',
  slow: 'Secrets Manager did not answer in time',
  unreachable: 'Secrets Manager could not be reached',
  broken: 'the connection to Secrets Manager broke',
  service: 'Secrets Manager failed',
  unexpected: 'Secrets Manager refused',
};

/** Names what AWS threw, which says more of one's own configuration; its message may quote a request. */
function editError(what: string, thrown: unknown): SecretEditError {
  const name = nameOf(thrown) ?? 'Error';
  return new SecretEditError(`${what}: ${words[awsFailure(thrown)]}${name === 'Error' ? '' : ` (${name})`}`);
}
