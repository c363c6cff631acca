import { type Repository, repositoryName } from '../../image/repository.ts';
import type { NotaryAnchor, TrustedStatement } from '../../trust/notary/anchor.ts';

/** The statement that says what is asked of an image of this repository: one that names it, before the one for every other. */
export function statementFor({ statements }: NotaryAnchor, repository: Repository): TrustedStatement | undefined {
  const name = repositoryName(repository);
  return (
    statements.find(({ scopes }) => scopes !== 'every' && scopes.has(name)) ??
    statements.find(({ scopes }) => scopes === 'every')
  );
}
