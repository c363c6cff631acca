import type { Subject } from '../admission/subject.ts';
import type { Slices } from '../slices.ts';
import { compileExclusion, type Test } from './match.ts';
import type { Rule, RuleException } from './policy.ts';
import { stride, triesOf } from './stride.ts';

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

/** The rules of which an exception matches the object, whatever its conditions come to. */
export function* exceptedInSlices(rules: readonly Rule[], subject: Subject): Slices<ReadonlySet<Rule>> {
  const excepted = new Set<Rule>();
  let tried = 0;
  for (const rule of rules) {
    for (const exception of rule.exceptions) {
      tried += 1 + triesOf(subject);
      if (tried >= stride) {
        tried = 0;
        yield;
      }
      if (!exceptionMatches(exception, subject)) continue;
      excepted.add(rule);
      break;
    }
  }
  return excepted;
}
