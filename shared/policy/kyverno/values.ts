import { hasVariables } from '../../expression/template-text.ts';
import { requestNames } from '../context.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** What is special in the patterns that a field holds. */
const special: Readonly<Record<string, RegExp>> = {
  subject: /[*?]/g,
  issuer: /[*?]/g,
  subjectRegExp: /[\\.+*?()|[\]{}^$]/g,
  issuerRegExp: /[\\.+*?()|[\]{}^$]/g,
};
const variables = /\{\{[\s\S]*?\}\}+/g;
const wholeVariable = /^\s*\{\{(?:(?!\}\})[\s\S])*\}\}\s*$/;

/**
 * What an object's values may make of an entry: they are words in it. Refused are a value that is nothing, since a signer of whom nothing
 * is asked would be anyone; one that is read as a pattern, which would stand for others too; and one that names a key in a KMS, which would be
 * called. A pattern that is one variable as a whole is what it comes to, as long as it does not come from the request.
 * @param written as the policy has it
 * @param now with the values
 */
export function refuseValues(written: Place, now: Place, report: Report, field = ''): void {
  const { text } = written;
  if (text !== undefined) {
    if (hasVariables(text)) refuseValue(text, now, field, report);
    return;
  }
  const isMapOfPatterns = field === 'additionalExtensions';
  for (const name of written.names) {
    refuseValues(written.field(name), now.field(name), report, isMapOfPatterns ? 'subject' : name);
  }
  for (const [index, item] of written.items.entries()) refuseValues(item, now.item(index), report, field);
}

function refuseValue(text: string, now: Place, field: string, report: Report): void {
  if (now.empty) report.problem(now, 'comes to nothing');
  else if (
    (field === 'publicKeys' || field === 'kms' || field === 'key') &&
    /^\s*[a-z0-9]+kms:\/\//.test(now.text ?? '')
  ) {
    report.problem(now, 'comes to a key in a KMS, which an object must not have called: write its address');
  }
  const characters = Object.hasOwn(special, field) ? special[field] : undefined;
  if (characters === undefined || isOwnPattern(text)) return;
  const count = (of: string) => of.match(characters)?.length ?? 0;
  if (count(now.text ?? '') > count(text.replace(variables, ''))) {
    report.problem(now, 'comes to a pattern by a value in it: a value stands for itself alone');
  }
}

function isOwnPattern(text: string): boolean {
  return wholeVariable.test(text) && !requestNames.some((name) => new RegExp(`\\b${name}\\b`).test(text));
}
