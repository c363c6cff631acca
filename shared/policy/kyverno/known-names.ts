import { namesOf, requestNames } from '../context.ts';
import { didYouMean, nearestName } from '../nearest-name.ts';
import type { Rule } from '../policy.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { namesIn, variableTexts } from './variables.ts';
import { substitutedPlace } from './written.ts';

/**
 * Variables that begin with a name which nothing gives: with Kyverno the policy is refused as well. Conditions of attestations are left
 * out, since what is attested has whatever fields its author gave it.
 */
export function refuseUnknownNames(context: Rule['context'], place: Place, report: Report): void {
  const at = place.field('context');
  // An entry that is refused gives its name no less.
  const known = [...requestNames, ...at.items.flatMap((entry) => entry.field('name').text ?? [])];
  if (report.clean(at))
    for (const [index, entry] of context.entries()) check(namesOf(entry), known, at.item(index), report);
  checkTexts(place.field('preconditions'), known, report);
  for (const entry of place.field('verifyImages').items) {
    checkTexts(substitutedPlace(entry), known, report);
    if (!entry.field('attestations').empty) checkDenial(entry, known, report);
  }
}

function checkTexts(place: Place, known: readonly string[], report: Report): void {
  for (const at of variableTexts(place)) check(namesIn(at.text ?? ''), known, at, report);
}

/** `validate` of an entry is about the image and what is attested of it as well, by the names that its attestations have. */
function checkDenial(entry: Place, known: readonly string[], report: Report): void {
  const attested = entry.field('attestations').items.flatMap((each) => each.field('name').text ?? []);
  checkTexts(entry.field('validate'), [...known, 'image', ...attested], report);
}

function check(names: ReadonlySet<string> | undefined, known: readonly string[], place: Place, report: Report): void {
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    const meant = didYouMean(nearestName(name, known));
    const at = variableTexts(place).find(({ text = '' }) => namesIn(text)?.has(name)) ?? place;
    report.problem(at, `variable '${name.slice(0, 60)}' is not defined: nothing here gives it${meant}`);
  }
}

/** In conditions one of two things with one name would hide the other. */
export function refuseNamesOfTwo(context: Rule['context'], place: Place, report: Report): void {
  const known = new Set(context.map(({ name }) => name));
  for (const entry of place.field('verifyImages').items)
    for (const each of entry.field('attestations').items) {
      const at = each.field('name');
      if (at.text !== undefined && known.has(at.text))
        report.problem(at, `'${at.text.slice(0, 60)}' is a name of the rule's context as well: choose another one`);
    }
}
