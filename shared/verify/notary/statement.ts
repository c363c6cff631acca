import { type Repository, repositoryName } from '../../image/repository.ts';
import { quoted } from '../../printable.ts';
import type { Anchor, Check } from '../../trust/check.ts';
import type { NotaryAnchor, TrustedStatement } from '../../trust/notary/anchor.ts';

const longestName = 100;

/** What a statement is called in messages: by its name in the trust policy, or by what a rule has; each attestor has its own. */
export function titleOf({ origin, name }: TrustedStatement): string {
  return origin === 'rule' ? "the attestor's certificates" : `the trust policy ${quoted(name, longestName)}`;
}

/** The statement that says what is asked of an image of this repository: one that names it, before the one for every other. */
export function statementFor({ statements }: NotaryAnchor, repository: Repository): TrustedStatement | undefined {
  const name = repositoryName(repository);
  return (
    statements.find(({ scopes }) => scopes !== 'every' && scopes.has(name)) ??
    statements.find(({ scopes }) => scopes === 'every')
  );
}

/** The signing profiles of AWS Signer, or versions of them, of which a check counts signatures of an image in this repository, as ARNs. */
export function signerProfiles({ sets }: Check, repository: Repository): readonly string[] {
  const profilesOf = (anchor: Anchor): readonly string[] => {
    if (anchor.kind === 'set') return anchor.anchors.flatMap(profilesOf);
    const identities = anchor.kind === 'notary' ? statementFor(anchor, repository)?.identities : undefined;
    if (identities === undefined || identities === 'any') return [];
    return identities.flatMap((identity) => (identity.kind === 'aws-signer-profile' ? [identity.arn] : []));
  };
  return sets.flatMap(profilesOf);
}
