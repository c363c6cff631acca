import type { AttestorEntry } from '../policy/policy.ts';
import type { AnchorKind, Inherited, LeafAnchor } from './anchor.ts';
import { keyAnchors } from './key/anchor.ts';

type LeafAttestor = Exclude<AttestorEntry, { readonly kind: 'set' }>;

/** Every kind of anchor, a row each, by the attestors that it is built of. `verify` has a table with the same rows. */
const anchorKinds = {
  keys: keyAnchors,
} satisfies { readonly [K in LeafAttestor['kind']]: AnchorKind<Extract<LeafAttestor, { kind: K }>, LeafAnchor> };

type Row = (typeof anchorKinds)[keyof typeof anchorKinds];

/** An anchor that is no set. */
export type Leaf = ReturnType<Row['build']>[number];
export type LeafKind = Leaf['kind'];

/** The anchors of one attestor, built by its kind. Throws Refusal. */
export function leavesOf(attestor: LeafAttestor, path: string, inherited: Inherited): readonly Leaf[] {
  const kind: AnchorKind<LeafAttestor, Leaf> = anchorKinds[attestor.kind];
  return kind.build(attestor, path, inherited);
}

/** The kinds by name, in the order of the table. */
export const leafKinds: readonly LeafKind[] = Object.values(anchorKinds).map(({ kind }) => kind);
