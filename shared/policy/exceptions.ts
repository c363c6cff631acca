import type { Subject } from '../admission/subject.ts';
import { compileExclusion, type Test } from './match.ts';
import type { RuleException } from './policy.ts';

/** Exceptions live as long as their policy set; their filters are compiled once. */
const compiled = new WeakMap<RuleException, Test>();

/**
 * Whether an exception is about an object, as far as its match says: as an exclude is, so that where an object's name is yet to be made
 * of its generateName, every name that it can get has to fit.
 */
export function exceptionMatches(exception: RuleException, subject: Subject): boolean {
  let test = compiled.get(exception);
  if (test === undefined) {
    test = compileExclusion(exception.match);
    compiled.set(exception, test);
  }
  return test(subject);
}
