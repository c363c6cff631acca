/**
 * Which source of credentials registries are read with. It is a name and holds no secret; the `registry` stage finds by it what is
 * sent. Nothing that was read with one source answers a rule that names another: who may not pull an image must not be told what
 * is signed in it.
 */
export interface CredentialsRef {
  /**
   * Part of every key under which what was read is kept or shared. Two sources have different ones; letters and digits. Empty: the
   * deployment's own credentials.
   */
  readonly key: string;
}

export const ownCredentials: CredentialsRef = { key: '' };

/** A key of something that is read with these credentials. `text` is that key for the deployment's own. */
export function keyedBy({ key }: CredentialsRef, text: string): string {
  return key === '' ? text : `${text}#${key}`;
}
