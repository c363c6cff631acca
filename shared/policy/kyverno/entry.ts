import type { AttestorSet, Entry, KeysAttestor } from '../policy.ts';
import { readAttestorSet, readPublicKeys, readRepository } from './attestors.ts';
import type { EntryFields } from './fields.ts';
import { readImageReferences, readSkipImageReferences } from './image-patterns.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** What says that an entry audits. */
export type AuditsBy = 'as written' | 'by default';

/**
 * One element of verifyImages: defaults filled in as the CRD does, the older flat fields converted, Kyverno's lint and our
 * warnings. `audits`: what Kyverno takes the entry's failure action for when it looks at mutateDigest. `undefined` where the
 * report says why.
 */
export function readEntry(
  fields: EntryFields,
  place: Place,
  audits: AuditsBy | undefined,
  report: Report,
): Entry | undefined {
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
  if (fields.type === 'Notary') report.notBuilt(place.field('type'), 'Notary');
  const type = fields.type === 'Notary' ? undefined : fields.type;
  const repository = readRepository(fields.repository, place.field('repository'), report);
  const attestors = readAttestors(fields, place, report);
  if (!report.clean(place)) return undefined;

  const required = fields.required ?? true;
  if (required && attestors.length === 0) {
    report.warning(
      place,
      'is required and has no attestors, so every image is denied (no-attestors): add attestors, or set required: false',
    );
  }
  return {
    path: place.path.slice(place.path.lastIndexOf('verifyImages[')),
    imageReferences,
    skipImageReferences,
    ...(type !== undefined && { type }),
    attestors,
    annotations: fields.annotations ?? {},
    ...(repository !== undefined && { repository }),
    mutateDigest,
    verifyDigest: fields.verifyDigest ?? true,
    required,
    useCache: fields.useCache ?? true,
  };
}

/**
 * `key` is one more set with that key, as Kyverno converts it, with the entry's annotations. Kyverno adds the set for
 * annotations beside `image` alone too, without a key, and then refuses it; so do we.
 */
function readAttestors(fields: EntryFields, place: Place, report: Report): readonly AttestorSet[] {
  const at = place.field('attestors');
  const sets = (fields.attestors ?? []).map((set, index) => readAttestorSet(set, at.item(index), report));
  const annotated = Object.keys(fields.annotations ?? {}).length > 0;
  if (fields.key) {
    report.warning(place.field('key'), 'is deprecated: write attestors, with keys.publicKeys');
    sets.push(readFlatKey(fields.key, fields.annotations ?? {}, place.field('key'), report));
  } else if (fields.image && annotated) {
    report.problem(
      place.field('annotations'),
      'keys, certificates, keyless, or a nested attestor is required: beside image, annotations belong to key',
    );
  }
  return sets.filter((set) => set !== undefined);
}

function readFlatKey(
  key: string,
  annotations: Entry['annotations'],
  at: Place,
  report: Report,
): AttestorSet | undefined {
  const publicKeys = readPublicKeys(key, at, report);
  if (publicKeys === undefined) return undefined;
  const attestor: KeysAttestor = {
    kind: 'keys',
    publicKeys,
    signatureAlgorithm: 'sha256',
    rekor: { ignoreTlog: false },
    ctlog: { ignoreSCT: false },
    annotations,
  };
  return { entries: [attestor] };
}
