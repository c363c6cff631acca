import type { Gathered } from '../evidence/evidence.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Signer } from '../ledger/verification.ts';
import type { Image } from '../registry/registry.ts';
import type { Anchor, AnchorSet, Check, KeyAnchor } from '../trust/check.ts';
import { absenceOf, isSignature } from './absence.ts';
import { type Problem, problemWith, type SignatureProblem } from './judge-signature.ts';
import { distinctlyMatched } from './matching.ts';
import type { AttestorResult, Steps } from './outcome.ts';
import { Signature } from './signature.ts';

/** An anchor's result, and what it rests on: empty unless it passed. */
export interface Judged {
  readonly result: AttestorResult;
  readonly signers: readonly Signer[];
  readonly evidence: readonly string[];
}

/** Judges anchors by the evidence about one image, each by what that one may count. */
export class Judge {
  readonly #image: Image;
  readonly #own: Repository;
  readonly #gathered: Gathered;
  readonly #signatures: readonly Signature[];

  constructor(gathered: Gathered, accepts: Check['accepts'], image: Image, own: Repository) {
    this.#image = image;
    this.#own = own;
    this.#gathered = gathered;
    this.#signatures = gathered.evidence
      .filter((one) => isSignature(one))
      .filter((one) => (one.kind === 'cosign-signature' ? accepts.cosignSignature : accepts.sigstoreBundle))
      .map((one) => new Signature(one, image));
  }

  /** Why there is nothing to try, wherever one looks; `undefined` when there is. */
  get emptiness(): Problem | undefined {
    return this.#signatures.length === 0 ? absenceOf(this.#gathered) : undefined;
  }

  /** Yields after each signature that was tried with a key. */
  *judge(anchor: Anchor): Steps<Judged> {
    return anchor.kind === 'set' ? yield* this.#judgeSet(anchor) : yield* this.#judgeKey(anchor);
  }

  /** Every anchor is judged, also after enough have passed: the answer shows each attestor tried and why it failed. */
  *#judgeSet({ path, need, anchors }: AnchorSet): Steps<Judged> {
    const children: Judged[] = [];
    for (const anchor of anchors) children.push(yield* this.judge(anchor));
    const passing = children.filter((child) => child.result.pass);
    const needed = need === 'all' ? anchors.length : need;
    // The same signer twice is not two, so a count is of keys. Where every entry must verify, each one did.
    const reached =
      need === 'all'
        ? passing.length
        : distinctlyMatched(passing.map((child) => child.signers.map(({ identity }) => identity)));
    const pass = needed > 0 && reached >= needed;
    const counted = `${reached} of ${needed} needed attestors verified${reached < passing.length ? ' by different keys' : ''}`;
    const result = { path, kind: 'set' as const, message: counted, children: children.map((child) => child.result) };
    if (pass) {
      const signers = passing.flatMap((child) => child.signers);
      return { result: { ...result, pass }, signers, evidence: passing.flatMap((child) => child.evidence) };
    }
    const [only, another] = result.children;
    if (only?.code !== undefined && another === undefined)
      return failed({ ...result, pass, code: only.code, message: only.message });
    return failed({ ...result, pass, code: 'too-few-attestors' });
  }

  /** The first signature that meets every condition decides; else the one that came furthest tells why not. */
  *#judgeKey(anchor: KeyAnchor): Steps<Judged> {
    const place = repositoryName(anchor.repository ?? this.#own);
    const found = this.#signatures.filter(({ evidence }) => repositoryName(evidence.repository) === place);
    const identity = `sha256:${anchor.spki}`;
    const key = `key sha256:${anchor.spki.slice(0, 16)}`;
    const about = { path: anchor.path, kind: 'key' as const, identity };
    if (found.length === 0) return failed({ ...about, pass: false, ...absenceOf(this.#gathered, place) });

    let furthest: SignatureProblem | undefined;
    for (const signature of found) {
      const problem = problemWith(signature, anchor, this.#image.digest);
      if (problem === undefined) {
        const signers: readonly Signer[] = [{ attestor: anchor.path, kind: 'key', identity }];
        const result = { ...about, pass: true, message: `a signature verifies with ${key}` };
        return { result, signers, evidence: [signature.evidence.hash] };
      }
      if (furthest === undefined || progress[problem.code] > progress[furthest.code]) furthest = problem;
      yield;
    }
    const { code, message } = furthest ?? absenceOf(this.#gathered, place);
    const text =
      code === 'signature-mismatch'
        ? `no signature verifies with ${key} (${found.length} ${found.length === 1 ? 'signature' : 'signatures'} tried)`
        : `a good signature by ${key} ${message}`;
    return failed({ ...about, pass: false, code, message: text });
  }
}

function failed(result: AttestorResult): Judged {
  return { result, signers: [], evidence: [] };
}

/** How far a signature came: the last condition is the one that its signer has to mend. */
const progress: Readonly<Record<SignatureProblem['code'], number>> = {
  'signature-mismatch': 0,
  'other-image': 1,
  'annotation-mismatch': 2,
  'log-entry-missing': 3,
  'log-entry-mismatch': 4,
};
