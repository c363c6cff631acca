import { type EditedSecret, editedSecret, type SecretEditingOptions } from '../shared/aws/secret-editing.ts';

/** The class of what goes wrong with it, for those who tell. */
export { SecretEditError } from '../shared/aws/secret-editing.ts';

/**
 * The secret with a deployment's webhook tokens, as whom the configuration of AWS on this machine says: environment, files, a login, a
 * role. Its region is that of its ARN, or of the configuration.
 */
export function tokenSecret(options: SecretEditingOptions): EditedSecret {
  return editedSecret(options);
}
