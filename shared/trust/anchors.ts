import type { AttestorEntry } from '../policy/policy.ts';
import type { AnchorBase, AnchorKind, Inherited } from './anchor.ts';
import type { KmsAnswers } from './kms.ts';
import type { TrustRoot } from './root/trust-root.ts';
import * as rows from './rows.ts';

/** An attestor that is no set. */
export type LeafAttestor = Exclude<AttestorEntry, { readonly kind: 'set' }>;

/** An attestor without a row does not compile. */
const anchorKinds = rows satisfies {
  readonly [K in LeafAttestor['kind']]: AnchorKind<Extract<LeafAttestor, { kind: K }>, AnchorBase>;
};

type Row = (typeof anchorKinds)[keyof typeof anchorKinds];

/** An anchor that is no set. */
export type LeafAnchor = ReturnType<Row['build']>[number];
export type LeafKind = LeafAnchor['kind'];

/** The anchors of one attestor, built by its kind. Throws Refusal. */
export function leavesOf(
  attestor: LeafAttestor,
  path: string,
  inherited: Inherited,
  root: TrustRoot | undefined,
  kms: KmsAnswers,
): readonly LeafAnchor[] {
  const kind: AnchorKind<LeafAttestor, LeafAnchor> = anchorKinds[attestor.kind];
  return kind.build(attestor, path, inherited, root, kms);
}

/** The kinds by name. */
export const leafKinds: readonly LeafKind[] = Object.values(anchorKinds).map(({ kind }) => kind);
