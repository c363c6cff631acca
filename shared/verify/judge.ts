import type { Gathered } from '../evidence/evidence.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Signer, Testimony } from '../ledger/verification.ts';
import { reasons } from '../reasons.ts';
import type { RevocationView } from '../revocation/revocation.ts';
import type { Slices } from '../slices.ts';
import type { LeafAnchor, LeafKind } from '../trust/anchors.ts';
import type { Anchor, AnchorSet, Check, Wants } from '../trust/check.ts';
import { absenceOf, counted } from './absence.ts';
import type { Examination, Objection } from './anchor-judge.ts';
import type { Artifact } from './artifact.ts';
import { judgeOf } from './judges.ts';
import { countedOf } from './matching.ts';
import type { AttestorResult, VerifiedStatement } from './outcome.ts';
import { Signature } from './signature.ts';

/** An anchor's result, and what it rests on: empty unless it passed. */
export interface Judged {
  readonly result: AttestorResult;
  readonly signers: readonly Signer[];
  /** Of each signer what tells it from others: its key, and who it is. */
  readonly marks: readonly (readonly string[])[];
  readonly evidence: readonly string[];
  /** Milliseconds since 1970; `undefined`: without end. */
  readonly validUntil: number | undefined;
  /** What is not as it should be, and lets it pass. */
  readonly notes: readonly string[];
  /** Set where nothing could count, whatever is attached. */
  readonly isFinal?: boolean;
}

/** Signatures that pass with notes before none is looked for that passes without. */
const mostNoted = 8;

/** What there is to judge by. */
export interface Judging {
  readonly check: Check;
  readonly image: Artifact;
  /** The image's own. */
  readonly repository: Repository;
  readonly evidence: Gathered;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  readonly revocation: RevocationView;
}

/** Judges anchors by the evidence about one image, each by what that one may count. */
export class Judge {
  readonly #now: number;
  readonly #own: Repository;
  readonly #gathered: Gathered;
  readonly #wants: Wants;
  readonly #revocation: RevocationView;
  readonly #signatures: readonly Signature[];
  /** Who stands behind which statement, whatever becomes of the set that they are in. */
  readonly #testimonies = new Map<Signature, Testimony[]>();

  constructor({ evidence: gathered, check: { wants }, image, repository: own, now, revocation }: Judging) {
    this.#now = now;
    this.#revocation = revocation;
    this.#own = own;
    this.#gathered = gathered;
    this.#wants = wants;
    this.#signatures = counted(gathered.evidence, wants).map((one) => new Signature(one, image, own));
  }

  /** Why there is nothing to try, wherever one looks; `undefined` when there is. */
  get emptiness(): Objection | undefined {
    return this.#signatures.length === 0 ? absenceOf(this.#gathered, this.#wants) : undefined;
  }

  /** The statements that some anchor stands behind, in the order in which they were found. */
  get statements(): readonly VerifiedStatement[] {
    return this.#signatures.flatMap((signature) => {
      const by = this.#testimonies.get(signature);
      return by === undefined ? [] : [{ signed: signature.evidence.signed, by }];
    });
  }

  /**
   * Yields after each signature that was tried with an anchor. `extent`: whether every signer is looked for that the anchor may stand
   * for, since they are counted, or the first one will do.
   */
  *judge(anchor: Anchor, extent: 'every' | 'first' = 'first'): Slices<Judged> {
    return anchor.kind === 'set' ? yield* this.#judgeSet(anchor, extent) : yield* this.#judgeLeaf(anchor, extent);
  }

  /** Every anchor is judged, also after enough have passed: the answer shows each attestor tried and why it failed. */
  *#judgeSet({ path, need, anchors }: AnchorSet, extent: 'every' | 'first'): Slices<Judged> {
    const children: Judged[] = [];
    const looked = need === 'all' ? extent : 'every';
    for (const anchor of anchors) children.push(yield* this.judge(anchor, looked));
    const passing = children.filter((child) => child.result.pass);
    const needed = need === 'all' ? anchors.length : need;
    const reached = countedOf(
      need,
      passing.map(({ marks }) => marks),
    );
    const pass = needed > 0 && reached >= needed;
    const message = `${reached} of ${needed} needed attestors verified${reached < passing.length ? ' by different keys' : ''}`;
    const result = { path, kind: 'set' as const, message, children: children.map((child) => child.result) };
    if (pass) {
      const signers = passing.flatMap((child) => child.signers);
      const marks = passing.flatMap((child) => child.marks);
      const evidence = passing.flatMap((child) => child.evidence);
      const notes = passing.flatMap((child) => child.notes);
      return { result: { ...result, pass }, signers, marks, evidence, notes, validUntil: earliest(passing) };
    }
    const [only, another] = result.children;
    if (only?.reason !== undefined && another === undefined) {
      const isFinal = children.some((child) => child.isFinal === true);
      return { ...failed({ ...result, pass, reason: only.reason, message: only.message }), isFinal };
    }
    // What could not be found out might have been enough: then nobody can say no. Where it could not, it changes nothing.
    const outages = result.children.filter(isOutage);
    const [outage] = outages;
    if (outage?.reason !== undefined && reached + outages.length >= needed)
      return failed({ ...result, pass, reason: outage.reason, message: outage.message });
    return failed({ ...result, pass, reason: 'too-few-attestors' });
  }

  /**
   * The first signature that meets every condition decides; of those that pass with notes the one with fewest, so that nobody is warned of
   * a signature beside a good one. Else the one that came furthest tells why not.
   */
  *#judgeLeaf(anchor: LeafAnchor, extent: 'every' | 'first'): Slices<Judged> {
    const { kind, path } = anchor;
    const judge = judgeOf(anchor);
    const repository = repositoryName(anchor.repository ?? this.#own);
    const found = this.#signatures.filter(({ evidence }) => repositoryName(evidence.repository) === repository);
    const known = judge.identity(anchor);
    const about = { path, kind, ...(known === undefined ? {} : { identity: known }) };
    // Who asks for no signature vouches for nothing that is attested.
    const waiver = this.#wants.what === 'signature' ? judge.waiver?.(anchor, this.#own) : undefined;
    if (waiver !== undefined) return waived({ ...about, pass: true, message: waiver });
    const refusal = judge.refusal?.(anchor, this.#own);
    if (refusal !== undefined) return { ...failed({ ...about, pass: false, ...refusal }), isFinal: true };

    let passed: Judged | undefined;
    let noted = 0;
    let furthest: Extract<Examination, { readonly pass: false }> | undefined;
    for (const signature of found) {
      const examination = judge.examine(signature, anchor, this.#now, this.#revocation);
      if (examination.pass) {
        const { notes = [] } = examination;
        if (extent === 'every') passed = joined(passed, examination, path, kind, signature);
        else if (passed === undefined || notes.length < passed.notes.length)
          passed = joined(undefined, examination, path, kind, signature);
        if (this.#wants.what === 'attestation') this.#testify(signature, { attestor: path, marks: examination.marks });
        if (extent === 'first' && (notes.length === 0 || ++noted === mostNoted)) break;
      } else if (furthest === undefined || examination.progress > furthest.progress) furthest = examination;
      yield;
    }
    if (passed !== undefined && !this.#isHidden(furthest)) return passed;
    if (furthest === undefined)
      return failed({ ...about, pass: false, ...absenceOf(this.#gathered, this.#wants, repository) });
    return failed({
      ...about,
      pass: false,
      reason: furthest.reason,
      message: judge.denial(anchor, furthest, found.length),
    });
  }

  /** Where every statement must meet conditions, one of an attestor of whom it could not be found out whether to believe it might not. */
  #isHidden(furthest: Extract<Examination, { readonly pass: false }> | undefined): boolean {
    if (this.#wants.what !== 'attestation' || !this.#wants.every || furthest === undefined) return false;
    return reasons[furthest.reason].kind === 'unavailable' || furthest.isUndecided === true;
  }

  #testify(signature: Signature, testimony: Testimony): void {
    const before = this.#testimonies.get(signature);
    if (before === undefined) this.#testimonies.set(signature, [testimony]);
    else before.push(testimony);
  }
}

/** Whether nobody can say yet that it is a no. */
export function isOutage({ reason }: AttestorResult): boolean {
  return reason !== undefined && reasons[reason].kind === 'unavailable';
}

/** A signature that passes, with those that did before: the first one's result is told, and each signer counts. */
function joined(
  before: Judged | undefined,
  { identity, issuer, marks, validUntil, notes = [], message }: Extract<Examination, { readonly pass: true }>,
  path: string,
  kind: LeafKind,
  { evidence }: Signature,
): Judged {
  const signer: Signer = { attestor: path, kind, identity, ...(issuer === undefined ? {} : { issuer }) };
  const one: Judged = {
    result: { path, kind, identity, pass: true, message },
    signers: [signer],
    marks: [marks],
    evidence: [evidence.hash],
    validUntil,
    notes,
  };
  if (before === undefined) return one;
  const isKnown = before.signers.some((known) => known.identity === identity && known.issuer === issuer);
  return {
    ...before,
    signers: isKnown ? before.signers : [...before.signers, signer],
    marks: [...before.marks, ...one.marks],
    evidence: [...before.evidence, ...one.evidence],
    validUntil: earliest([before, one]),
    notes: [...before.notes, ...notes],
  };
}

/** Nobody has to have signed: no signer is named, and none is counted beside others. */
function waived(result: AttestorResult): Judged {
  return { result, signers: [], marks: [[`waived by ${result.path}`]], evidence: [], validUntil: undefined, notes: [] };
}

function failed(result: AttestorResult): Judged {
  return { result, signers: [], marks: [], evidence: [], validUntil: undefined, notes: [] };
}

/** When the first of several ends. */
export function earliest(judged: readonly Pick<Judged, 'validUntil'>[]): number | undefined {
  const ends = judged.map(({ validUntil }) => validUntil).filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
