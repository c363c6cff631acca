import { isPartOf, mandatory } from '../../policy/notary/distinguished-name.ts';
import { quoted } from '../../printable.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { nameText, type WrittenName } from '../../trust/x509/name.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';
import { titleOf } from './statement.ts';

const longestName = 200;
/** Identities that a message names. */
const mostTold = 3;

/** Why no trusted identity is the signer: of any, each attribute must be the subject's, exactly; whom a CA names counts for nothing. */
export function subjectObjection(
  { subject, identity }: Intact,
  statement: TrustedStatement,
): NotaryObjection | undefined {
  const { identities } = statement;
  if (identities === 'any') return undefined;
  const subjects = identities.filter((one) => one.kind === 'subject');
  const signer = `is by ${quoted(identity, longestName)}`;
  if (subjects.length === 0) {
    return objection(
      'identity-untrusted',
      `${signer}, and ${titleOf(statement)} has no x509.subject among its identities`,
    );
  }
  const attributes = comparable(subject);
  if (typeof attributes === 'string') {
    return objection('identity-untrusted', `${signer}, whom no trusted identity can be: ${attributes}`);
  }
  if (subjects.some((one) => isPartOf(one.attributes, attributes))) return undefined;
  return objection('identity-untrusted', `${signer}, who is none of the trusted identities ${identitiesOf(statement)}`);
}

/** Whom a statement trusts, as it is written there, and where that is. */
export function identitiesOf(statement: TrustedStatement): string {
  const { identities } = statement;
  const written = identities === 'any' ? ['*'] : identities.map((one) => (one.kind === 'subject' ? one.text : one.arn));
  const told = written.slice(0, mostTold).map((one) => quoted(one, longestName));
  const more = written.length > mostTold ? ` and ${written.length - mostTold} more` : '';
  return `of ${titleOf(statement)}: ${told.join(', ')}${more}`;
}

/** The attributes of a subject by type, or why notation compares it with nothing, and so is it here. */
function comparable(subject: WrittenName): ReadonlyMap<string, string> | string {
  const [other] = subject.others;
  if (other !== undefined) return `the subject has an attribute ${other.type}, which is not read`;
  if (nameText(subject).includes('=#')) return 'the subject has the characters =# in it, which are not read';
  const attributes = new Map<string, string>();
  for (const [type, [value = '', another]] of subject.known) {
    if (another !== undefined) return `the subject has several of the attribute ${type}`;
    attributes.set(type, value);
  }
  const lacking = mandatory.find((type) => (attributes.get(type) ?? '') === '');
  return lacking === undefined ? attributes : `the subject has no ${lacking}, and must have C, ST and O`;
}
