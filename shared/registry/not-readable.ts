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
  let next = '';
  if (used !== undefined) next = `: grant it pull on ${name}`;
  else if (credential === undefined) next = '; configure one that may pull it';
  return new Refusal('image-not-readable', `${told}, ${askedAs({ repository, credential }, used)}${next}`);
}

/** The failure of a registry that refuses everyone, or the credential with which it was asked, in the same words. */
export function unauthorized(asking: Refused, used: Credential | undefined, told: string): Refusal {
  return new Refusal('registry-unauthorized', `${told}, ${askedAs(asking, used)}`);
}

function askedAs({ repository, credential }: Refused, used: Credential | undefined): string {
  const named = (one: Credential) => `the credential for ${one.for ?? repository.registry}`;
  if (used !== undefined) return `asked with ${named(used)}`;
  if (credential !== undefined)
    return `asked without ${named(credential)}, which it did not ask for, or which the token server there may not have`;
  return `asked without a credential: none is configured for ${repositoryName(repository)}`;
}

/** A failure, with what it is if the registry lets us in all the same: asked for this alone, it does not tell. See `ifLetIn`. */
export function unknownIfLetIn(refusal: Refusal, closed: Refusal): Refusal {
  const { reason, message, late } = refusal;
  return new Refusal(reason, message, { late, cause: closed });
}

/** What a failure is, where the registry is known to have let us in: that of a 401 or 403 is `image-not-readable`. */
export function ifLetIn(refusal: Refusal): Refusal {
  const { cause } = refusal;
  return cause instanceof Refusal && cause.reason === 'image-not-readable' ? cause : refusal;
}
