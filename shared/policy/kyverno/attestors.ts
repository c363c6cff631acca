import { parseRepository } from '../../image/reference.ts';
import type { Repository } from '../../image/repository.ts';
import { type AttestorEntry, type AttestorSet, type Entry, maxNesting, type NestedAttestor } from '../policy.ts';
import { readCertificatesAttestor } from './certificates-attestor.ts';
import type { AttestorFields, AttestorSetFields } from './fields.ts';
import { readKeylessAttestor } from './keyless-attestor.ts';
import { type Beside, readKeys } from './keys-attestor.ts';
import { readNotaryAttestor, refuseOtherSigners } from './notary-attestor.ts';
import type { Place } from './place.ts';
import { warnOfRepeated } from './repeated-signers.ts';
import type { Report } from './report.ts';

/** One attestor set of an entry of this type, with Kyverno's lint. `undefined` where the report says why. */
export function readAttestorSet(
  fields: AttestorSetFields,
  type: Entry['type'],
  place: Place,
  report: Report,
  nesting = 1,
): AttestorSet | undefined {
  if (nesting > maxNesting) {
    report.problem(place, `attestor sets are nested over ${maxNesting} deep`);
    return undefined;
  }
  const entries = fields.entries ?? [];
  const { count } = fields;
  if (entries.length === 0) report.problem(place, 'An entry is required');
  else if (count !== undefined && count > entries.length) {
    report.problem(place.field('count'), 'Count cannot exceed length of entries');
  }
  if (count !== undefined && count < 1) report.problem(place.field('count'), 'count must be 1 or more');
  const read = entries.map((entry, index) =>
    readAttestor(entry, type, place.field('entries').item(index), report, nesting),
  );
  if (!report.clean(place)) return undefined;
  const attestors = read.filter((attestor) => attestor !== undefined);
  if (count !== undefined && count > 1) warnOfRepeated(attestors, place, report);
  return { ...(count !== undefined && { count }), entries: attestors };
}

function readAttestor(
  fields: AttestorFields,
  type: Entry['type'],
  place: Place,
  report: Report,
  nesting: number,
): AttestorEntry | undefined {
  if (refuseOtherSigners(type, place, report)) return undefined;
  const kinds = ['keys', 'certificates', 'keyless', 'attestor'].filter((kind) => place.field(kind).given);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? '' : `, one of them: here are ${kinds.join(' and ')}`;
    report.problem(place, `keys, certificates, keyless, or a nested attestor is required${found}`);
    return undefined;
  }
  if (fields.attestor !== undefined) return readNested(fields, fields.attestor, type, place, report, nesting);
  const repository = readRepository(fields.repository, place.field('repository'), report);
  const beside: Beside = {
    ...(repository && { repository }),
    ...(fields.annotations && { annotations: fields.annotations }),
  };
  if (fields.keys !== undefined) return readKeys(fields, beside, place, report);
  if (type === 'Notary') return readNotaryAttestor(fields, beside, place, report);
  if (fields.certificates !== undefined) return readCertificatesAttestor(fields, beside, place, report);
  return fields.keyless && readKeylessAttestor(fields.keyless, fields, beside, place, report);
}

function readNested(
  fields: AttestorFields,
  set: AttestorSetFields,
  type: Entry['type'],
  place: Place,
  report: Report,
  nesting: number,
): NestedAttestor | undefined {
  // Kyverno reads none of these beside a nested set; a CRD default is let be.
  for (const name of ['annotations', 'repository'] as const) {
    if (!place.field(name).empty)
      report.problem(place.field(name), 'has no effect here: write it in the nested entries');
  }
  if (fields.signatureAlgorithm !== undefined && fields.signatureAlgorithm !== 'sha256') {
    report.problem(place.field('signatureAlgorithm'), 'has no effect here: write it in the nested entries');
  }
  const nested = readAttestorSet(set, type, place.field('attestor'), report, nesting + 1);
  return nested === undefined ? undefined : { kind: 'set', set: nested };
}

/** A repository that signatures are read from; `undefined` where none is written, or the report says why not. */
export function readRepository(text: string | undefined, place: Place, report: Report): Repository | undefined {
  if (!text || !report.clean(place)) return undefined;
  const repository = parseRepository(text);
  if (repository === undefined)
    report.problem(place, 'is not a repository: write registry/path, without tag and digest');
  return repository;
}
