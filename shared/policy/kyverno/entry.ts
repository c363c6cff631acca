import { type ContextEntry, requestNames } from '../context.ts';
import type { NotaryTrust } from '../notary/trust-policy.ts';
import { isOneVariable, isPoliciesWord } from '../policies-word.ts';
import type { AttestorSet, Entry, KeysAttestor } from '../policy.ts';
import { readAttestations, readDeny } from './attestations.ts';
import { readAttestorSet, readRepository } from './attestors.ts';
import type { EntryFields } from './fields.ts';
import { readImageReferences, readSkipImageReferences } from './image-patterns.ts';
import { readKeyless } from './keyless-attestor.ts';
import { readKeySource } from './keys-attestor.ts';
import { noTrustPolicy, refuseFlatFields } from './notary-attestor.ts';
import type { Place } from './place.ts';
import { isRegExp } from './regexp.ts';
import { Report } from './report.ts';
import { namesIn, variableTexts } from './variables.ts';
import { type Frame, holdsVariables, type ReadWanted, readWritten, type Wanted } from './written.ts';

/** What says that an entry audits. */
export type AuditsBy = 'as written' | 'by default';

/** What stands around an entry. */
export interface EntrySurroundings {
  /** What its variables see. */
  readonly context: readonly ContextEntry[];
  /** The trust policies beside the policies; `undefined`: there are none. */
  readonly notary: NotaryTrust | undefined;
}

/**
 * One element of verifyImages: defaults filled in as the CRD does, the older flat fields converted, Kyverno's lint and our
 * warnings. `audits`: what Kyverno takes the entry's failure action for when it looks at mutateDigest. `undefined` where the report says
 * why.
 */
export function readEntry(
  fields: EntryFields,
  place: Place,
  audits: AuditsBy | undefined,
  around: EntrySurroundings,
  report: Report,
): Entry | undefined {
  const frame = readFrame(fields, place, audits, report);
  if (holdsVariables(place))
    return report.clean(place) ? withVariables(frame, fields, place, around, report) : undefined;
  const wanted = readWanted(fields, around.notary, place, report);
  if (!report.clean(place)) return undefined;
  if (frame.required && wanted.attestors.length + wanted.attestations.length === 0) {
    report.warning(
      place,
      'is required and has no attestors, so every image is denied (no-attestors): add attestors, or set required: false',
    );
  }
  return { ...frame, ...wanted };
}

/** What an entry says of images; it holds no variables. */
function readFrame(fields: EntryFields, place: Place, audits: AuditsBy | undefined, report: Report): Frame {
  const imageReferences = readImageReferences(fields, place, report);
  const skipImageReferences = readSkipImageReferences(fields, imageReferences, place, report);
  const mutateDigest = fields.mutateDigest ?? true;
  if (audits && mutateDigest) {
    const how =
      audits === 'by default'
        ? 'the default is Audit: write validationFailureAction: Enforce, or mutateDigest: false'
        : 'write mutateDigest: false, or Enforce';
    report.problem(place.field('mutateDigest'), `mutateDigest must be set to false for 'Audit' failure action: ${how}`);
  }
  return {
    path: place.path.slice(place.path.lastIndexOf('verifyImages[')),
    imageReferences,
    skipImageReferences,
    ...(fields.type !== undefined && { type: fields.type }),
    mutateDigest,
    verifyDigest: fields.verifyDigest ?? true,
    required: fields.required ?? true,
    useCache: fields.useCache ?? true,
  };
}

/** Whom an entry trusts, and for what. */
function readWanted(fields: EntryFields, notary: NotaryTrust | undefined, place: Place, report: Report): Wanted {
  const repository = readRepository(fields.repository, place.field('repository'), report);
  const { type } = fields;
  const sets = type === 'Notary' ? readNotary(fields, notary, place, report) : readAttestors(fields, place, report);
  const attestors = sets.filter((set) => set !== undefined);
  const byTrust = type === 'Notary' && sets.length === 0 && notary !== undefined ? [trustedBy(notary)] : [];
  const around = { attestors: [...attestors, ...byTrust], written: sets.length + byTrust.length > 0, type };
  const wanted = fields.attestations ?? [];
  const attestations = readAttestations(wanted, around, place.field('attestations'), report);
  const deny = readDeny(fields.validate, wanted.length, place.field('validate'), report);
  return {
    attestors,
    attestations,
    ...(deny !== undefined && { deny }),
    annotations: fields.annotations ?? {},
    ...(repository !== undefined && { repository }),
  };
}

/** An entry whose variables are substituted for each object: what can be said of it before is said now. */
function withVariables(
  frame: Frame,
  fields: EntryFields,
  place: Place,
  { context, notary }: EntrySurroundings,
  report: Report,
): Entry | undefined {
  const trial = new Report(report.file);
  readWanted(fields, notary, place, trial);
  const texts = variableTexts(place);
  const variables = new Set(texts.map(({ path }) => path));
  for (const problem of trial.problems) if (!variables.has(problem.field)) report.problems.push(problem);
  // Of a text with variables nothing is known yet.
  report.warnings.push(
    ...trial.warnings.filter(({ message }) => !texts.some(({ path }) => message.startsWith(`${path}: `))),
  );
  for (const text of texts) warnOfPattern(text, context, report);
  const read: ReadWanted = (substituted, at, found) => readWanted(substituted, notary, at, found);
  const written = report.clean(place) ? readWritten(frame, place, context, report, read) : undefined;
  return written && { ...frame, attestors: [], attestations: [], annotations: {}, written };
}

/** What an object's author writes into a regular expression must be no part of one, and few names are without a dot. */
function warnOfPattern(at: Place, context: readonly ContextEntry[], report: Report): void {
  if (!isRegExp(at.path)) return;
  const { text = '' } = at;
  if (isOneVariable(text) && isPoliciesWord(text, context)) return;
  const names = namesIn(text);
  if (names === undefined || requestNames.some((name) => names.has(name))) {
    report.warning(
      at,
      'denies where a value of the request has a dot, or another sign of regular expressions: ask with wildcards, without RegExp',
    );
  }
}

/**
 * Attestors under type Notary; where none are written, the trust policies beside the policies decide. Where there are none either, an entry may ask
 * for attestations alone.
 */
function readNotary(
  fields: EntryFields,
  notary: NotaryTrust | undefined,
  place: Place,
  report: Report,
): readonly (AttestorSet | undefined)[] {
  refuseFlatFields(place, report);
  const at = place.field('attestors');
  const written = fields.attestors ?? [];
  if (written.length > 0) return written.map((set, index) => readAttestorSet(set, 'Notary', at.item(index), report));
  // Of an image that has to be by nobody, a trust policy is not asked either.
  if (fields.required === false) return [];
  if (notary !== undefined) return [trustedBy(notary)];
  if ((fields.attestations ?? []).length === 0 && report.clean(place)) report.problem(at, noTrustPolicy);
  return [];
}

function trustedBy(trust: NotaryTrust): AttestorSet {
  return { entries: [{ kind: 'notary', by: { trust } }] };
}

/**
 * `key`, or `issuer` with what belongs to it, is one more set with that signer, as Kyverno converts it, with the entry's
 * annotations. Kyverno adds the set for annotations beside `image` alone too, without a signer, and then refuses it; so do we.
 * `undefined` for a set of which the report says why it is none.
 */
function readAttestors(fields: EntryFields, place: Place, report: Report): readonly (AttestorSet | undefined)[] {
  const at = place.field('attestors');
  const sets = (fields.attestors ?? []).map((set, index) => readAttestorSet(set, fields.type, at.item(index), report));
  const annotated = Object.keys(fields.annotations ?? {}).length > 0;
  const alone = aloneOf(fields);
  for (const name of alone)
    report.problem(place.field(name), `has no effect ${fields.key ? 'beside key' : 'without issuer'}`);
  if (fields.key) {
    report.warning(place.field('key'), 'is deprecated: write attestors, with keys.publicKeys');
    sets.push(readFlatKey(fields.key, fields.annotations ?? {}, place.field('key'), report));
  } else if (fields.issuer) {
    report.warning(place.field('issuer'), 'is deprecated: write attestors, with keyless');
    sets.push(readFlatKeyless(fields, place, report));
  } else if (fields.image && annotated && alone.length === 0) {
    report.problem(
      place.field('annotations'),
      'keys, certificates, keyless, or a nested attestor is required: beside image, annotations belong to key or issuer',
    );
  }
  return sets;
}

/** Flat fields of a keyless signer that Kyverno drops: an entry has one flat signer, `key` before `issuer`. */
function aloneOf(fields: EntryFields): string[] {
  const { issuer, subject, roots } = fields;
  if (issuer && !fields.key) return [];
  const extensions = Object.keys(fields.additionalExtensions ?? {}).length > 0;
  return Object.entries({ issuer, subject, roots, additionalExtensions: extensions })
    .filter(([, written]) => written)
    .map(([name]) => name);
}

function readFlatKey(
  key: string,
  annotations: Entry['annotations'],
  at: Place,
  report: Report,
): AttestorSet | undefined {
  const source = readKeySource(key, at, report);
  if (source === undefined) return undefined;
  const attestor: KeysAttestor = {
    kind: 'keys',
    ...source,
    signatureAlgorithm: 'sha256',
    rekor: { ignoreTlog: false },
    ctlog: { ignoreSCT: false },
    annotations,
  };
  return { entries: [attestor] };
}

/** Kyverno leaves additionalExtensions out here; they only ask more. */
function readFlatKeyless(fields: EntryFields, place: Place, report: Report): AttestorSet | undefined {
  const attestor = readKeyless(fields, { annotations: fields.annotations ?? {} }, place, report);
  return attestor && { entries: [attestor] };
}
