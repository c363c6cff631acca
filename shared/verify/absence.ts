import type { Attestation, Evidence, Gathered, SignatureEvidence, SignedEvidence } from '../evidence/evidence.ts';
import { signatureFormat, signatureFormatHolding } from '../evidence/kinds.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { quoted } from '../printable.ts';
import type { Unread } from '../registry/registry.ts';
import { isOfNotary } from '../trust/accepted.ts';
import type { WantedSignature, WantedStatement, Wants } from '../trust/check.ts';
import type { Objection } from './anchor-judge.ts';

/** Predicate types that are told where another one is wanted, and the characters of each: whoever attaches writes them. */
const mostTypes = 5;
const longestType = 100;

/** The evidence that may count for what is wanted. An attestation is never a signature, nor the reverse. */
export function counted(evidence: readonly Evidence[], wants: Wants): readonly SignedEvidence[] {
  if (wants.what === 'signature')
    return evidence.filter((one) => isSignature(one)).filter((one) => wants.accepts.has(one.kind));
  return evidence.filter((one) => isAttestation(one)).flatMap((one) => stated(one, wants) ?? []);
}

/** What an attestation of the wanted type states; `undefined`: it is of another, or does not count. */
function stated(
  { repository, layer, hash, stated, predicateType, carrier }: Attestation,
  wants: WantedStatement,
): SignedEvidence | undefined {
  if (stated === undefined || predicateType !== wants.predicateType || !wants.accepts.has(carrier)) return undefined;
  return { repository, layer, hash, ...stated };
}

/** Why there is nothing to try: in one repository, by its name, or anywhere. */
export function absenceOf(gathered: Gathered, wants: Wants, repository?: string): Objection {
  const here = (one: { readonly repository: Repository }): boolean =>
    repository === undefined || repositoryName(one.repository) === repository;
  const where = repository === undefined ? 'to the image' : `in ${repository}`;
  const evidence = gathered.evidence.filter(here);
  const rejected = gathered.rejected.filter(here);
  const unread = gathered.unread.filter(here);
  const found = { evidence, rejected, unread };
  return wants.what === 'signature' ? noSignature(found, wants, where) : noStatement(found, wants, where);
}

function noSignature({ evidence, rejected, unread }: Gathered, wants: WantedSignature, where: string): Objection {
  const broken = rejected.find(({ mayHold }) => mayHold === 'signatures');
  const uncounted = [
    ...evidence.filter(isSignature).map(({ kind }) => signatureFormat(kind).plural),
    ...unread.flatMap((one) => pluralOf(one) ?? []),
  ];
  if (uncounted.length > 0) {
    const wanted = [...wants.accepts].map((kind) => signatureFormat(kind).title).join(' or ');
    const message = `no ${wanted} is attached ${where}, and the rule's type counts nothing else (${countsOf(uncounted)})`;
    return { reason: 'no-signature', message };
  }
  // Read, or seen to be one by what it is stored as.
  const attestations =
    evidence.length + unread.length + rejected.filter(({ mayHold }) => mayHold === 'attestations').length;
  if (attestations > 0) {
    return {
      reason: 'only-attestations',
      message: `attestations (${attestations}) and no signature are attached ${where}`,
    };
  }
  if (broken !== undefined) {
    return {
      reason: 'malformed-signature',
      message: `what is attached as a signature ${where} is none: ${broken.message}`,
    };
  }
  return { reason: 'no-signature', message: `no signature is attached ${where}` };
}

function noStatement({ evidence, rejected }: Gathered, wants: WantedStatement, where: string): Objection {
  const attestations = evidence.filter((one) => isAttestation(one));
  const nothing = `no attestation of type ${quoted(wants.predicateType, longestType)} is attached ${where}`;
  if (attestations.some(({ predicateType }) => predicateType === wants.predicateType)) {
    const message = `${nothing} ${countedAs(wants)}, and the rule's type counts nothing else`;
    return { reason: 'attestation-missing', message };
  }
  const types = [...new Set(attestations.map(({ predicateType }) => predicateType))];
  const told = types.slice(0, mostTypes).map((type) => quoted(type, longestType));
  const others = types.length > mostTypes ? `${told.join(', ')} and ${types.length - mostTypes} more` : told.join(', ');
  const found = types.length === 0 ? '' : `; there are ${others}`;
  const [broken] = isOfNotary(wants) ? rejected.filter(({ mayHold }) => mayHold === 'attestations') : rejected;
  const why = isOfNotary(wants) ? 'count' : 'parse';
  const also = broken === undefined ? '' : `; what is attached beside that does not ${why}: ${broken.message}`;
  return { reason: 'attestation-missing', message: `${nothing}${found}${also}` };
}

function countedAs(wants: WantedStatement): string {
  if (isOfNotary(wants)) return 'with a Notary signature of its own';
  return wants.accepts.has('dsse-envelope') ? 'as cosign attaches them' : 'as a Sigstore bundle';
}

function isSignature(one: Evidence): one is SignatureEvidence {
  return one.kind !== 'attestation';
}

function isAttestation(one: Evidence): one is Attestation {
  return one.kind === 'attestation';
}

/** How signatures of the kind are called; `undefined`: it is none by what it is stored as. */
function pluralOf({ mediaType, as }: Unread): string | undefined {
  return as === 'signature' ? signatureFormatHolding(mediaType)?.plural : undefined;
}

/** `2 in cosign's older format`. */
function countsOf(plurals: readonly string[]): string {
  return [...new Set(plurals)]
    .map((plural) => `${plurals.filter((one) => one === plural).length} ${plural}`)
    .join(', ');
}
