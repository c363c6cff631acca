import { takenName } from '../context.ts';
import type { AttestorSet, Deny, Entry, WantedAttestation } from '../policy.ts';
import { readAttestorSet } from './attestors.ts';
import { readBlock, readBlocks } from './conditions.ts';
import type { AttestationFields, AttestorSetFields, DenialFields } from './fields.ts';
import { noTrustPolicy, warnOfPredicateType } from './notary-attestor.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { readTemplate } from './variables.ts';

/** Attestations of one entry. */
const mostAttestations = 32;
const longestType = 1024;

/** The attestors of an entry, whether some are written, readable or not, and its type. */
export interface Around {
  readonly attestors: readonly AttestorSet[];
  readonly written: boolean;
  readonly type: Entry['type'];
}

/** With a dash in it an expression quotes it. */
const plainName = /^[\w-]+$/;

/**
 * The attestations of an entry, with Kyverno's lint. One without attestors asks those of the entry; where there are none either, it is
 * refused: Kyverno takes any identity of the public CA then, and under type Notary what nobody signed.
 * @param around what the entry says beside them
 */
export function readAttestations(
  fields: readonly AttestationFields[],
  around: Around,
  place: Place,
  report: Report,
): readonly WantedAttestation[] {
  if (fields.length > mostAttestations) {
    report.problem(place, `has ${fields.length} attestations: more than ${mostAttestations}`);
    return [];
  }
  const names = fields.map(({ name }) => name || undefined);
  return fields.flatMap((one, index) => {
    const at = place.item(index);
    const { name } = one;
    if (name && names.indexOf(name) < index)
      report.problem(at.field('name'), `Duplicate attestation name: '${name.slice(0, 60)}'`);
    return readAttestation(one, around, at, `attestations[${index}]`, report) ?? [];
  });
}

function readAttestation(
  fields: AttestationFields,
  around: Around,
  at: Place,
  path: string,
  report: Report,
): WantedAttestation | undefined {
  const name = readName(fields.name, at.field('name'), report);
  const predicateType = readType(fields, around.type, at, report);
  const own = fields.attestors ?? [];
  const sets = at.field('attestors');
  const attestors = own.map((set, index) => readAttestorSet(set, around.type, sets.item(index), report));
  for (const [index, set] of own.entries()) refuseAnnotations(set, sets.item(index), report);
  if (own.length === 0 && !around.written) {
    report.problem(at, around.type === 'Notary' ? noTrustPolicy : noAttestors);
  }
  const conditions = readBlocks(at.field('conditions'), report);
  if (predicateType === undefined || !report.clean(at)) return undefined;
  return {
    path,
    ...(name !== undefined && { name }),
    predicateType,
    attestors: own.length === 0 ? around.attestors : attestors.filter((set) => set !== undefined),
    ...(conditions !== undefined && { conditions }),
  };
}

const noAttestors =
  'attestors are required, here or in the entry: Kyverno takes the word of anyone whom the public CA knows, which is nobody in particular';

function readName(name: string | undefined, at: Place, report: Report): string | undefined {
  if (!name || !report.clean(at)) return undefined;
  if (takenName(name) !== undefined)
    report.problem(at, `'${name}' is what conditions call something else: choose another name`);
  else if (!plainName.test(name)) {
    report.problem(at, 'is no name for conditions: letters, digits, _ and - may stand in it');
  }
  return name;
}

function readType(
  { type, predicateType }: AttestationFields,
  of: Entry['type'],
  at: Place,
  report: Report,
): string | undefined {
  const field = at.field(type ? 'type' : 'predicateType');
  if (!type && predicateType) report.warning(field, 'is deprecated: write type');
  if (type && predicateType && type !== predicateType) {
    report.problem(at.field('predicateType'), 'is another than type, which alone counts: leave it out');
  }
  const found = type || predicateType;
  if (!found) {
    const what = of === 'Notary' ? 'the artifact type of the attestations' : 'the predicate type of the statements';
    report.problem(at, `missing type: write ${what}`);
  } else if (found.length > longestType) report.problem(field, `has over ${longestType} characters`);
  else if (of === 'Notary') warnOfPredicateType(found, field, report);
  return found || undefined;
}

/** Kyverno reads them and asks nothing by them. */
function refuseAnnotations({ entries = [] }: AttestorSetFields, place: Place, report: Report): void {
  for (const [index, { attestor }] of entries.entries()) {
    const at = place.field('entries').item(index);
    if (attestor !== undefined) refuseAnnotations(attestor, at.field('attestor'), report);
    else if (!at.field('annotations').empty) {
      report.problem(at.field('annotations'), 'has no effect: an attestation has no annotations; write conditions');
    }
  }
}

/** `validate` of an entry with so many attestations; `undefined` where there is none, or the report says why. */
export function readDeny(
  fields: DenialFields | undefined,
  attestations: number,
  place: Place,
  report: Report,
): Deny | undefined {
  const conditions = readBlock(place.field('deny').field('conditions'), report);
  if (fields === undefined || place.empty || !report.clean(place)) return undefined;
  if (conditions === undefined) {
    report.problem(place, 'denies nothing: write validate.deny.conditions, or leave it out');
    return undefined;
  }
  if (attestations === 0) {
    report.problem(place, 'has no effect without attestations, as in Kyverno: write them beside it');
    return undefined;
  }
  const message = readTemplate(fields.message ?? '', place.field('message'), report);
  return message && { message, conditions };
}
