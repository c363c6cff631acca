import { quoted } from '../../printable.ts';
import type { Place } from '../kyverno/place.ts';
import type { Report } from '../kyverno/report.ts';
import { isPartOf, parseDistinguishedName } from './distinguished-name.ts';
import type { NotaryIdentity } from './trust-policy.ts';

/** Identities of one statement: each is compared with every other. */
const mostIdentities = 200;
const anyIdentity = '*';
const subjectPrefix = 'x509.subject';
/** UTF-16 units of an ARN. */
const longestArn = 512;

const profile = /^arn:[a-z0-9-]+:signer:[a-z0-9-]+:[0-9]{12}:\/signing-profiles\/[A-Za-z0-9_]+(?:\/[A-Za-z0-9]+)?$/i;
const misspeltProfile = /:\/?signing-profile\/|:signing-profiles\//i;
const alias = /:\/(?:aliased-signing-profiles|aliases)\//i;

/** `trustedIdentities` of a statement that asks for something; `undefined` where the report says why not. */
export function readIdentities(
  texts: readonly string[],
  place: Place,
  report: Report,
): 'any' | readonly NotaryIdentity[] | undefined {
  if (texts.length > mostIdentities) {
    report.problem(place, `has more than ${mostIdentities} identities`);
    return undefined;
  }
  if (texts.includes(anyIdentity)) {
    if (texts.length === 1) return 'any';
    report.problem(place, "'*' stands alone: anyone with a certificate of the trust stores");
    return undefined;
  }
  const identities = texts.map((text, index) => readIdentity(text, place.item(index), report));
  const found = identities.filter((identity) => identity !== undefined);
  if (found.length < texts.length) return undefined;
  refuseOverlaps(found, place, report);
  return report.clean(place) ? found : undefined;
}

function readIdentity(text: string, at: Place, report: Report): NotaryIdentity | undefined {
  const colon = text.indexOf(':');
  const prefix = text.slice(0, Math.max(colon, 0));
  if (prefix === subjectPrefix) {
    const read = parseDistinguishedName(text.slice(colon + 1));
    if ('attributes' in read) return { kind: 'subject', text, attributes: read.attributes };
    report.problem(at, `${quoted(text, 120)} ${read.problem}`);
  } else if (prefix === 'arn') {
    if (text.length <= longestArn && profile.test(text)) return { kind: 'aws-signer-profile', arn: text };
    report.problem(at, `${quoted(text, 120)} ${problemOfArn(text)}`);
  } else if (text === '') report.problem(at, 'is empty');
  else if (colon === -1) report.problem(at, `${quoted(text, 120)} has no prefix: ${known}`);
  else {
    report.problem(at, `${quoted(text, 120)} is for a plugin of notation, and none is run here: ${known}`);
  }
  return undefined;
}

const known = `write ${subjectPrefix}:C=…,ST=…,O=…, or the ARN of a signing profile of AWS Signer`;

function problemOfArn(text: string): string {
  if (misspeltProfile.test(text)) return 'is no signing profile: its ARN has :/signing-profiles/NAME';
  if (alias.test(text)) return 'names an alias, which is not supported yet: write the ARN of the signing profile';
  return 'is no signing profile of AWS Signer: write arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME, with /VERSION or without';
}

/** Whom the narrower one of two names, the wider one names too: one of them is not what was meant. */
function refuseOverlaps(identities: readonly NotaryIdentity[], place: Place, report: Report): void {
  const subjects = identities.flatMap((one, index) => (one.kind === 'subject' ? [{ ...one, index }] : []));
  for (const narrow of subjects) {
    const wide = subjects.find(
      (other) =>
        other !== narrow &&
        isPartOf(other.attributes, narrow.attributes) &&
        // Of two that say the same the later one is told.
        (other.attributes.size < narrow.attributes.size || other.index < narrow.index),
    );
    if (wide !== undefined) {
      report.problem(
        place.item(narrow.index),
        `${quoted(narrow.text, 120)} overlaps with ${quoted(wide.text, 120)}: leave one of them out`,
      );
    }
  }
}
