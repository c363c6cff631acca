import type {
  NotaryIdentity,
  NotaryStatement,
  NotaryStore,
  NotaryStoreType,
  NotaryTrust,
} from '../../policy/notary/trust-policy.ts';
import { notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { NotaryAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import { readCertificates } from '../certificates.ts';
import type { Certificate } from '../x509/certificate.ts';
import { certificatesOf } from './store.ts';

/** Whoever a trust policy of the Notary Project trusts with the image's repository. */
export interface NotaryAnchor extends AnchorBase {
  readonly kind: 'notary';
  /** In order; never empty. */
  readonly statements: readonly TrustedStatement[];
}

/** A statement with the certificates of its stores. */
export interface TrustedStatement extends Omit<NotaryStatement, 'stores'> {
  /** Where it stands: in a trust policy, or in a rule, as certificates. */
  readonly origin: 'trust policy' | 'rule';
  /** Of the stores that it names, by type; `undefined`: it names none of this type. */
  readonly stores: Readonly<Record<NotaryStoreType, readonly Certificate[] | undefined>>;
}

/** Certificates of a rule are one store `ca` under a policy of level strict, as in Kyverno. Refusal: key-invalid. */
export const notaryAnchors: AnchorKind<NotaryAttestor, NotaryAnchor> = {
  kind: 'notary',
  build({ by }, path, inherited) {
    const statements =
      'trust' in by ? statementsOf(by.trust, path) : [ownStatement(by.certificates, `${path}.certificates`)];
    return [{ kind: 'notary', path, statements, hashed: statements.flatMap(hashedOf), ...inherited }];
  },
};

/**
 * Kyverno's own policy for a rule with certificates. Any of a signature's chain may be the one that is named, a signer's as well: whoever
 * writes one into a rule means it.
 */
function ownStatement(pem: string, where: string): TrustedStatement {
  return {
    origin: 'rule',
    name: 'certificates',
    scopes: 'every',
    levels: notaryLevels.strict,
    verifyTimestamp: 'always',
    stores: { ca: readCertificates(pem, where), signingAuthority: undefined, tsa: undefined },
    identities: 'any',
  };
}

function statementsOf({ statements }: NotaryTrust, path: string): readonly TrustedStatement[] {
  if (statements.length === 0) throw new Refusal('key-invalid', `${path}: the trust policy has no statement`);
  return statements.map(trusted);
}

function trusted(statement: NotaryStatement): TrustedStatement {
  const of = (type: NotaryStoreType) => certificatesOfType(statement.stores, type);
  return {
    ...statement,
    origin: 'trust policy',
    stores: { ca: of('ca'), signingAuthority: of('signingAuthority'), tsa: of('tsa') },
  };
}

function certificatesOfType(
  stores: readonly NotaryStore[],
  wanted: NotaryStoreType,
): readonly Certificate[] | undefined {
  const named = stores.filter(({ type }) => type === wanted);
  return named.length === 0 ? undefined : named.flatMap(certificatesOf);
}

function hashedOf({ name, scopes, levels, verifyTimestamp, stores, identities }: TrustedStatement): string[] {
  return [
    name,
    ...(scopes === 'every' ? ['every repository'] : listed('scopes', [...scopes].sort())),
    ...(levels === 'skip'
      ? ['skip']
      : [levels.authenticity, levels.authenticTimestamp, levels.expiry, levels.revocation]),
    verifyTimestamp,
    ...hashedOfStore('ca', stores.ca),
    ...hashedOfStore('signingAuthority', stores.signingAuthority),
    ...hashedOfStore('tsa', stores.tsa),
    ...(identities === 'any' ? ['any identity'] : ['identities', String(identities.length)]),
    ...(identities === 'any' ? [] : identities.flatMap(hashedOfIdentity)),
  ];
}

function hashedOfStore(type: NotaryStoreType, certificates: readonly Certificate[] | undefined): string[] {
  return certificates === undefined
    ? [`no ${type}`]
    : listed(
        type,
        certificates.map(({ der }) => der.toString('base64')),
      );
}

function hashedOfIdentity(identity: NotaryIdentity): string[] {
  if (identity.kind === 'aws-signer-profile') return [identity.kind, identity.arn];
  return listed(identity.kind, [...identity.attributes].flat());
}

function listed(what: string, texts: readonly string[]): string[] {
  return [what, String(texts.length), ...texts];
}
