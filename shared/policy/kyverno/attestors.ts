import { parseRepository } from '../../image/reference.ts';
import type { Repository } from '../../image/repository.ts';
import { type AttestorEntry, type AttestorSet, type KeysAttestor, maxNesting, type NestedAttestor } from '../policy.ts';
import type { AttestorFields, AttestorSetFields } from './fields.ts';
import { keyIdentity, parsePublicKeys } from './keys.ts';
import type { Place } from './place.ts';

import type { Report } from './report.ts';

const algorithms = ['sha224', 'sha256', 'sha384', 'sha512'] as const;
type Algorithm = (typeof algorithms)[number];

/** One attestor set with Kyverno's lint. `undefined` where the report says why. */
export function readAttestorSet(
  fields: AttestorSetFields,
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
  const read = entries.map((entry, index) => readAttestor(entry, place.field('entries').item(index), report, nesting));
  if (!report.clean(place)) return undefined;
  const attestors = read.filter((attestor) => attestor !== undefined);
  if (count !== undefined && count > 1) warnOfRepeatedKeys(attestors, place, report);
  return { ...(count !== undefined && { count }), entries: attestors };
}

function readAttestor(
  fields: AttestorFields,
  place: Place,
  report: Report,
  nesting: number,
): AttestorEntry | undefined {
  const kinds = ['keys', 'certificates', 'keyless', 'attestor'].filter((kind) => place.field(kind).given);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? '' : `, one of them: here are ${kinds.join(' and ')}`;
    report.problem(place, `keys, certificates, keyless, or a nested attestor is required${found}`);
    return undefined;
  }
  if (fields.attestor !== undefined) return readNested(fields, fields.attestor, place, report, nesting);
  return readKeys(fields, place, report);
}

function readNested(
  fields: AttestorFields,
  set: AttestorSetFields,
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
  const nested = readAttestorSet(set, place.field('attestor'), report, nesting + 1);
  return nested === undefined ? undefined : { kind: 'set', set: nested };
}

function readKeys(fields: AttestorFields, place: Place, report: Report): KeysAttestor | undefined {
  const keys = fields.keys;
  if (keys === undefined) return undefined;
  const at = place.field('keys');
  const signatureAlgorithm = readAlgorithm(fields, place, report);
  const repository = readRepository(fields.repository, place.field('repository'), report);
  // keys.secret and keys.kms have been refused by name.
  if (!keys.publicKeys && report.clean(at)) report.problem(at, 'A public key, kms key or secret is required');
  const publicKeys = keys.publicKeys ? readPublicKeys(keys.publicKeys, at.field('publicKeys'), report) : undefined;
  const rekor = readRekor(keys.rekor ?? {}, at.field('rekor'), report);
  if (publicKeys === undefined || signatureAlgorithm === undefined) return undefined;
  return {
    kind: 'keys',
    publicKeys,
    signatureAlgorithm,
    rekor,
    ctlog: { ignoreSCT: keys.ctlog?.ignoreSCT ?? false },
    ...(repository && { repository }),
    ...(fields.annotations && { annotations: fields.annotations }),
  };
}

/** The one in `keys` wins, as in Kyverno, whose documentation calls it deprecated. */
function readAlgorithm(fields: AttestorFields, place: Place, report: Report): Algorithm | undefined {
  const inKeys = fields.keys?.signatureAlgorithm || undefined;
  const inAttestor = fields.signatureAlgorithm || undefined;
  const at = inKeys === undefined ? place.field('signatureAlgorithm') : place.field('keys').field('signatureAlgorithm');
  if (inKeys !== undefined && inAttestor !== undefined && inKeys !== inAttestor) {
    report.warning(place.field('signatureAlgorithm'), `has no effect: keys.signatureAlgorithm (${inKeys}) is used`);
  }
  const text = inKeys ?? inAttestor ?? 'sha256';
  const algorithm = algorithms.find((each) => each === text);
  if (algorithm === undefined) {
    report.problem(at, `Invalid signature algorithm provided: write one of ${algorithms.join(', ')}`);
  }
  return algorithm;
}

/** PEM blocks, each a public key; `undefined` where the report says why not. */
export function readPublicKeys(text: string, at: Place, report: Report): readonly string[] | undefined {
  if (!report.clean(at)) return undefined;
  const parsed = parsePublicKeys(text);
  if ('publicKeys' in parsed) return parsed.publicKeys;
  if ('notBuilt' in parsed) report.notBuilt(at, parsed.notBuilt);
  else report.problem(at, parsed.problem);
  return undefined;
}

type RekorFields = NonNullable<NonNullable<AttestorFields['keys']>['rekor']>;

function readRekor(fields: RekorFields, place: Place, report: Report): KeysAttestor['rekor'] {
  const ignoreTlog = fields.ignoreTlog ?? false;
  const url = fields.url || undefined;
  const pubkey = fields.pubkey || undefined;
  if (url !== undefined && !isWebAddress(url)) report.problem(place.field('url'), 'is not an http:// or https:// URL');
  if (pubkey !== undefined) {
    const parsed = readPublicKeys(pubkey, place.field('pubkey'), report);
    if (parsed !== undefined && parsed.length > 1)
      report.problem(place.field('pubkey'), 'holds several keys: give one, the key of the log');
  }
  return { ignoreTlog, ...(url && { url }), ...(pubkey && { pubkey }) };
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

/** A repository that signatures are read from; `undefined` where none is written, or the report says why not. */
export function readRepository(text: string | undefined, place: Place, report: Report): Repository | undefined {
  if (!text || !report.clean(place)) return undefined;
  const repository = parseRepository(text);
  if (repository === undefined)
    report.problem(place, 'is not a repository: write registry/path, without tag and digest');
  return repository;
}

/** The same signer twice is not two: such a set can ask for more than its keys can give. */
function warnOfRepeatedKeys(attestors: readonly AttestorEntry[], place: Place, report: Report): void {
  const seen = new Set<string>();
  for (const attestor of attestors) {
    if (attestor.kind !== 'keys') continue;
    for (const pem of attestor.publicKeys) {
      const identity = keyIdentity(pem);
      if (seen.has(identity)) report.warning(place, 'names the same key twice: it counts once');
      seen.add(identity);
    }
  }
}
