import { type Repository, repositoryName } from '../image/repository.ts';
import type { AttestorEntry, AttestorSet, Entry, KeysAttestor } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { Anchor, AnchorSet, Check, KeyAnchor } from './check.ts';
import { checkHash } from './hash.ts';
import { keyAlgorithm, parsePublicKey } from './key.ts';
import { logAnchor } from './log.ts';

/** Attestor sets inside attestor sets, the outermost counted. */
const maxDepth = 8;

/** What an attestor inherits from around it, until it writes its own. */
interface Inherited {
  readonly annotations: Readonly<Record<string, string>>;
  readonly repository: Repository | undefined;
}

/**
 * The check that an entry of `verifyImages` asks: pure, no I/O. Paths begin at the entry (`attestors[0].entries[1]`).
 * Throws Refusal: `key-invalid`; `trust-missing` where a log is asked for without a key; `no-attestors` for an empty set,
 * which would otherwise be satisfied by nothing.
 */
export function buildCheck(entry: Entry): Check {
  const inherited: Inherited = { annotations: entry.annotations, repository: entry.repository };
  const sets = entry.attestors.map((set, index) => anchorSet(set, `attestors[${index}]`, inherited, 1));
  if (sets.length === 0) throw new Refusal('no-attestors', `${entry.path}: no attestors, so nothing can be verified`);
  // Cosign, and no type at all, stand for both ways in which cosign stores a signature.
  const accepts = { cosignSignature: entry.type !== 'SigstoreBundle', sigstoreBundle: true };
  return { accepts, sets, repositories: repositoriesOf(sets), hash: checkHash({ accepts, sets }) };
}

function anchorSet(set: AttestorSet, path: string, inherited: Inherited, depth: number): AnchorSet {
  if (depth > maxDepth) throw new Refusal('key-invalid', `${path}: attestor sets are nested over ${maxDepth} deep`);
  const anchors = set.entries.flatMap((attestor, index) =>
    anchorsOf(attestor, `${path}.entries[${index}]`, inherited, depth),
  );
  if (anchors.length === 0) throw new Refusal('no-attestors', `${path}: an attestor set without entries`);
  // Kyverno reads a count of 0 as none: every attestor must pass.
  return { kind: 'set', path, need: set.count === undefined || set.count < 1 ? 'all' : set.count, anchors };
}

function anchorsOf(attestor: AttestorEntry, path: string, around: Inherited, depth: number): readonly Anchor[] {
  const inherited: Inherited = {
    annotations: attestor.annotations ?? around.annotations,
    repository: attestor.repository ?? around.repository,
  };
  if (attestor.kind === 'set') return [anchorSet(attestor.set, `${path}.attestor`, inherited, depth + 1)];
  return keyAnchors(attestor, path, inherited);
}

/** Each PEM block of an attestor is an anchor of its own, counted as such. */
function keyAnchors(attestor: KeysAttestor, path: string, inherited: Inherited): readonly KeyAnchor[] {
  const { publicKeys } = attestor;
  if (publicKeys.length === 0) throw new Refusal('key-invalid', `${path}.keys: no public key`);
  const log = logAnchor(attestor.rekor, `${path}.keys`);
  return publicKeys.map((pem, index) => {
    const where = publicKeys.length === 1 ? `${path}.keys` : `${path}.keys[${index}]`;
    const key = parsePublicKey(pem, where);
    const algorithm = keyAlgorithm(key, attestor.signatureAlgorithm, where);
    return { kind: 'key', path: publicKeys.length === 1 ? path : where, ...key, algorithm, log, ...inherited };
  });
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
