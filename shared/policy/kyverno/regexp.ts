import { compileRegExp, InvalidRegExp } from '../regexp.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** Sees fields that hold a regular expression in a document's text, whatever escapes their names are written with. */
const sign = /RegExp|\\/;

/** Whether loading may come upon a regular expression, so that `loadRegExps` must have been awaited. */
export function mayHoldRegExp(text: string): boolean {
  return sign.test(text);
}

/** A regular expression that compiles, with a warning where its ends are open; `undefined` where there is none or the report says why. */
export function readRegExp(pattern: string | undefined, at: Place, report: Report): string | undefined {
  if (!pattern || !report.clean(at)) return undefined;
  try {
    compileRegExp(pattern);
  } catch (thrown) {
    if (!(thrown instanceof InvalidRegExp)) throw thrown;
    report.problem(at, `is no regular expression of RE2, as Kyverno reads it: ${thrown.message}`);
    return undefined;
  }
  const ends = [
    ...(opensAtStart(pattern) ? ['begin it with ^'] : []),
    ...(opensAtEnd(pattern) ? ['end it with $'] : []),
  ];
  if (ends.length > 0) {
    report.warning(
      at,
      `is looked for anywhere in the text, as in Kyverno, so more may stand around it: ${ends.join(', ')}`,
    );
  }
  return pattern;
}

/** Groups may open before the anchor. `.*` says that the end is open on purpose. */
const closedStart = /^(?:\((?:\?(?:[A-Za-z]*:|[A-Za-z]+\)|P?<\w+>))?)*(?:\^|\\A|\.\*)/;
const closedEnd = /(?:(?<!\\)\$|\\z|(?<!\\)\.[*+]|\/)\)*$/;

function opensAtStart(pattern: string): boolean {
  return alternatives(pattern).some((each) => !closedStart.test(each));
}

function opensAtEnd(pattern: string): boolean {
  return alternatives(pattern).some((each) => !closedEnd.test(each));
}

/** What stands between the `|` outside of all groups and classes. */
function alternatives(pattern: string): string[] {
  const found = [''];
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/g)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === '|' && depth === 0) found.push('');
    else found.push((found.pop() ?? '') + token);
  }
  return found;
}
