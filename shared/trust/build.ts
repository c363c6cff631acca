import { type Repository, repositoryName } from '../image/repository.ts';
import { isStatedAsked } from '../policy/attestation-names.ts';
import {
  type AttestorEntry,
  type AttestorSet,
  type Entry,
  maxNesting,
  type WantedAttestation,
} from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import { attestationsAccepted, signaturesAccepted } from './accepted.ts';
import type { Inherited } from './anchor.ts';
import { type LeafAnchor, type LeafAttestor, leavesOf } from './anchors.ts';
import type { Anchor, AnchorSet, Check, Wants } from './check.ts';
import { checkHash } from './hash.ts';
import { type KmsAnswers, noAnswers } from './kms.ts';
import type { TrustRoot } from './root/trust-root.ts';

/**
 * The check that an entry of `verifyImages` asks, of the image's signatures, or of the statements of one of its attestations: pure, no
 * I/O. Paths begin at the entry (`attestors[0].entries[1]`).
 * `root`: what is trusted where attestors name no keys of their own; without it nothing is.
 * `kms`: the keys that are in a KMS. One that could not be had is left out where the others of its set may be enough.
 * Throws Refusal: `key-invalid`; `kms-unavailable`; `trust-missing` where there is nothing to believe a log or a CA by; `no-attestors` for an empty set,
 * which would otherwise be satisfied by nothing.
 */
export function buildCheck(
  entry: Entry,
  root?: TrustRoot,
  kms: KmsAnswers = noAnswers,
  attestation?: WantedAttestation,
): Check {
  const missing: Refusal[] = [];
  const building: Building = {
    annotated: attestation === undefined,
    leaves: (attestor, path, around) => leavesOf(attestor, path, around, root, kms),
    missing,
  };
  const { wants, attestors, path, inherited } =
    attestation === undefined ? signaturesOf(entry) : statementsOf(entry, attestation);
  const sets = attestors.map((set, index) => anchorSet(set, `${path}[${index}]`, inherited, 1, building));
  if (sets.length === 0) throw new Refusal('no-attestors', `${entry.path}: no attestors, so nothing can be verified`);
  return { wants, sets, repositories: repositoriesOf(sets), missing, hash: checkHash({ wants, sets, missing }) };
}

interface Asked {
  readonly wants: Wants;
  readonly attestors: readonly AttestorSet[];
  readonly path: string;
  readonly inherited: Inherited;
}

function signaturesOf(entry: Entry): Asked {
  const { attestors, annotations, repository } = entry;
  const wants: Wants = { what: 'signature', accepts: signaturesAccepted(entry) };
  return { wants, attestors, path: 'attestors', inherited: { annotations, repository } };
}

/** Annotations are what a signature of the image carries; a statement has none, and its conditions are asked instead. */
function statementsOf(entry: Entry, wanted: WantedAttestation): Asked {
  const { path, predicateType, attestors } = wanted;
  const every = isStatedAsked(entry, wanted);
  const wants: Wants = { what: 'attestation', accepts: attestationsAccepted(entry), predicateType, every };
  return { wants, attestors, path: `${path}.attestors`, inherited: { annotations: {}, repository: entry.repository } };
}

interface Building {
  /** Whether what is verified has annotations. */
  readonly annotated: boolean;
  leaves(attestor: LeafAttestor, path: string, inherited: Inherited): readonly LeafAnchor[];
  readonly missing: Refusal[];
}

function anchorSet(set: AttestorSet, path: string, inherited: Inherited, depth: number, building: Building): AnchorSet {
  if (depth > maxNesting) throw new Refusal('key-invalid', `${path}: attestor sets are nested over ${maxNesting} deep`);
  const missing: Refusal[] = [];
  const anchors = set.entries.flatMap((attestor, index) => {
    try {
      return anchorsOf(attestor, `${path}.entries[${index}]`, inherited, depth, building);
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.kind !== 'unavailable') throw thrown;
      missing.push(thrown);
      return [];
    }
  });
  // Kyverno reads a count of 0 as none: every attestor must pass.
  const need = set.count === undefined || set.count < 1 ? 'all' : set.count;
  const [first] = missing;
  if (first !== undefined && (need === 'all' || anchors.length < need)) throw first;
  building.missing.push(...missing);
  if (anchors.length === 0) throw new Refusal('no-attestors', `${path}: an attestor set without entries`);
  return { kind: 'set', path, need, anchors };
}

function anchorsOf(
  attestor: AttestorEntry,
  path: string,
  around: Inherited,
  depth: number,
  building: Building,
): readonly Anchor[] {
  const inherited: Inherited = {
    annotations: building.annotated ? (attestor.annotations ?? around.annotations) : {},
    repository: attestor.repository ?? around.repository,
  };
  if (attestor.kind === 'set') return [anchorSet(attestor.set, `${path}.attestor`, inherited, depth + 1, building)];
  return building.leaves(attestor, path, inherited);
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
