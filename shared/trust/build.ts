import { type Repository, repositoryName } from '../image/repository.ts';
import { type AttestorEntry, type AttestorSet, type Entry, maxNesting } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import { acceptedBy } from './accepted.ts';
import type { Inherited } from './anchor.ts';
import { type LeafAnchor, type LeafAttestor, leavesOf } from './anchors.ts';
import type { Anchor, AnchorSet, Check } from './check.ts';
import { checkHash } from './hash.ts';
import type { TrustRoot } from './root/trust-root.ts';

/**
 * The check that an entry of `verifyImages` asks: pure, no I/O. Paths begin at the entry (`attestors[0].entries[1]`).
 * `root`: what is trusted where attestors name no keys of their own; without it nothing is.
 * Throws Refusal: `key-invalid`; `trust-missing` where there is nothing to believe a log or a CA by; `no-attestors` for an empty set,
 * which would otherwise be satisfied by nothing.
 */
export function buildCheck(entry: Entry, root?: TrustRoot): Check {
  const inherited: Inherited = { annotations: entry.annotations, repository: entry.repository };
  const leaves: Leaves = (attestor, path, around) => leavesOf(attestor, path, around, root);
  const sets = entry.attestors.map((set, index) => anchorSet(set, `attestors[${index}]`, inherited, 1, leaves));
  if (sets.length === 0) throw new Refusal('no-attestors', `${entry.path}: no attestors, so nothing can be verified`);
  const accepts = acceptedBy(entry);
  return { accepts, sets, repositories: repositoriesOf(sets), hash: checkHash({ accepts, sets }) };
}

type Leaves = (attestor: LeafAttestor, path: string, inherited: Inherited) => readonly LeafAnchor[];

function anchorSet(set: AttestorSet, path: string, inherited: Inherited, depth: number, leaves: Leaves): AnchorSet {
  if (depth > maxNesting) throw new Refusal('key-invalid', `${path}: attestor sets are nested over ${maxNesting} deep`);
  const anchors = set.entries.flatMap((attestor, index) =>
    anchorsOf(attestor, `${path}.entries[${index}]`, inherited, depth, leaves),
  );
  if (anchors.length === 0) throw new Refusal('no-attestors', `${path}: an attestor set without entries`);
  // Kyverno reads a count of 0 as none: every attestor must pass.
  return { kind: 'set', path, need: set.count === undefined || set.count < 1 ? 'all' : set.count, anchors };
}

function anchorsOf(
  attestor: AttestorEntry,
  path: string,
  around: Inherited,
  depth: number,
  leaves: Leaves,
): readonly Anchor[] {
  const inherited: Inherited = {
    annotations: attestor.annotations ?? around.annotations,
    repository: attestor.repository ?? around.repository,
  };
  if (attestor.kind === 'set') return [anchorSet(attestor.set, `${path}.attestor`, inherited, depth + 1, leaves)];
  return leaves(attestor, path, inherited);
}

function repositoriesOf(sets: readonly AnchorSet[]): readonly (Repository | undefined)[] {
  const distinct = new Map<string, Repository | undefined>();
  const visit = (anchor: Anchor): void => {
    if (anchor.kind === 'set') for (const inner of anchor.anchors) visit(inner);
    else distinct.set(anchor.repository === undefined ? '' : repositoryName(anchor.repository), anchor.repository);
  };
  for (const set of sets) visit(set);
  return [...distinct.values()];
}
