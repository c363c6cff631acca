import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import type { Credential } from './credentials.ts';

/** Who was refused: the repository, and the credential that is configured for it. */
interface Refused {
  readonly repository: Repository;
  readonly credential: Credential | undefined;
}

/**
 * The refusal of one repository by a registry that lets us in, `told` in words. `used`: the credential with which it was asked,
 * which is named by what it is configured for, never by what it is.
 */
export function notReadable({ repository, credential }: Refused, used: Credential | undefined, told: string): Refusal {
  const name = repositoryName(repository);
  const named = (one: Credential) => `the credential for ${one.for ?? repository.registry}`;
  let how = `without a credential: none is configured for ${name}; configure one that may pull it`;
  if (used !== undefined) how = `with ${named(used)}: grant it pull on ${name}`;
  else if (credential !== undefined) how = `without ${named(credential)}, which the token server there may not have`;
  return new Refusal('image-not-readable', `${told}, asked ${how}`);
}
