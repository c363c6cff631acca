import { hasVariables, takeApart } from '../../expression/template-text.ts';
import type { ContextEntry } from '../context.ts';
import { isOneVariable, isPoliciesWord } from '../policies-word.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** What is special in the patterns that a field holds. */
const special: Readonly<Record<string, RegExp>> = {
  subject: /[*?]/g,
  issuer: /[*?]/g,
  subjectRegExp: /[\\.+*?()|[\]{}^$]/g,
  issuerRegExp: /[\\.+*?()|[\]{}^$]/g,
};
/** It stands for another text, which may hold fewer of them. */
const reference = /\$\([^)]*\)/g;

/**
 * What an object's values may make of an entry: they are words in it. Refused are a value that is nothing, since a signer of whom nothing
 * is asked would be anyone; one that is read as a pattern, which would stand for others too; and one that names a key in a KMS, which would be
 * called. What ConfigMaps say, policies say: a pattern that is one such variable as a whole is what it comes to, and so is the key.
 * @param written as the policy has it
 * @param now with the values
 * @param context what its variables see
 */
export function refuseValues(
  written: Place,
  now: Place,
  context: readonly ContextEntry[],
  report: Report,
  field = '',
): void {
  const { text } = written;
  if (text !== undefined) {
    if (hasVariables(text)) refuseValue(text, now, field, context, report);
    return;
  }
  const isMapOfPatterns = field === 'additionalExtensions';
  for (const name of written.names) {
    refuseValues(written.field(name), now.field(name), context, report, isMapOfPatterns ? 'subject' : name);
  }
  for (const [index, item] of written.items.entries()) refuseValues(item, now.item(index), context, report, field);
}

function refuseValue(text: string, now: Place, field: string, context: readonly ContextEntry[], report: Report): void {
  const isTheirs = isPoliciesWord(text, context);
  if (now.empty) report.problem(now, 'comes to nothing');
  else if (
    !isTheirs &&
    (field === 'publicKeys' || field === 'kms' || field === 'key') &&
    /^\s*[a-z0-9]+kms:\/\//.test(now.text ?? '')
  ) {
    report.problem(now, 'comes to a key in a KMS, which an object must not have called: write its address');
  }
  const characters = Object.hasOwn(special, field) ? special[field] : undefined;
  if (characters === undefined || (isTheirs && isOneVariable(text))) return;
  const count = (of: string) => of.match(characters)?.length ?? 0;
  if (count(now.text ?? '') > count(literalPart(text))) {
    report.problem(now, 'comes to a pattern by a value in it: a value stands for itself alone');
  }
}

/** What the policy itself writes around variables. */
function literalPart(text: string): string {
  const literals = takeApart(text).filter((part) => typeof part === 'string');
  return literals.join('').replace(reference, '');
}
