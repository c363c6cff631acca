import type { Anchor, AnchorSet } from '../trust/check.ts';
import { countedOf } from '../verify/matching.ts';
import type { Stated } from './stated.ts';

/**
 * Whether the anchors are satisfied by those whose statements all meet the conditions: as in Kyverno an attestor is asked for its own
 * statements, every one of which must meet them, so that one attestor's word does not undo what another one says well.
 * @param isMet by index, whether the statement meets them
 */
export function areSatisfied(
  sets: readonly AnchorSet[],
  stated: readonly Stated[],
  isMet: readonly boolean[],
): boolean {
  const words = new Map<string, Word>();
  for (const [index, { by }] of stated.entries()) {
    for (const { attestor, marks } of by) {
      const word = words.get(attestor) ?? { marks: [], met: true };
      word.marks.push(marks);
      word.met &&= isMet[index] === true;
      words.set(attestor, word);
    }
  }
  return sets.every((set) => marksOf(set, words) !== undefined);
}

/** What one anchor states as a whole. */
interface Word {
  /** Of each signer that the anchor stands for. */
  readonly marks: (readonly string[])[];
  met: boolean;
}

/** The marks of the signers that satisfy an anchor; `undefined`: it is not satisfied. */
function marksOf(anchor: Anchor, words: ReadonlyMap<string, Word>): readonly (readonly string[])[] | undefined {
  if (anchor.kind !== 'set') {
    const word = words.get(anchor.path);
    return word?.met === true ? word.marks : undefined;
  }
  const passing = anchor.anchors.flatMap((inner) => {
    const marks = marksOf(inner, words);
    return marks === undefined ? [] : [marks];
  });
  const needed = anchor.need === 'all' ? anchor.anchors.length : anchor.need;
  return needed > 0 && countedOf(anchor.need, passing) >= needed ? passing.flat() : undefined;
}
