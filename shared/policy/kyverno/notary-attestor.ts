import type { Entry, NotaryAttestor } from '../policy.ts';
import { readCertificates } from './certificates.ts';
import type { AttestorFields } from './fields.ts';
import type { Beside } from './keys-attestor.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** Sees the type in a text of YAML or JSON, whatever escapes its letters are written with. */
const sign = /Notary|\\(?:[xuU]|\r?\n)/;

/** Whether loading may come upon a rule of type Notary, so that trust policies must be at hand. */
export function mayHoldNotary(text: string): boolean {
  return sign.test(text);
}

/** Certificates of one field: what a store of notation's that a rule stands for would hold. */
const mostCertificates = 64;

/** What cosign's signatures alone have, and the value that an API server writes unasked (defaults of the CRD), which is let be. */
const ofCosign: readonly {
  readonly path: readonly string[];
  readonly usual: string | boolean;
  readonly why: string;
}[] = [
  { path: ['signatureAlgorithm'], usual: 'sha256', why: 'the certificate says how its key signs' },
  { path: ['certificates', 'rekor', 'url'], usual: 'https://rekor.sigstore.dev', why: inNoLog('Notary signatures') },
  { path: ['certificates', 'rekor', 'pubkey'], usual: '', why: inNoLog('Notary signatures') },
  { path: ['certificates', 'rekor', 'ignoreTlog'], usual: false, why: inNoLog('Notary signatures') },
  { path: ['certificates', 'ctlog', 'pubkey'], usual: '', why: inNoLog('their certificates') },
  { path: ['certificates', 'ctlog', 'ignoreSCT'], usual: false, why: inNoLog('their certificates') },
  {
    path: ['certificates', 'ctlog', 'tsaCertChain'],
    usual: '',
    why: 'Kyverno does not read it of Notary signatures: a trust policy names time-stamp authorities, by a store tsa:NAME',
  },
];

function inNoLog(what: string): string {
  return `${what} are in no transparency log`;
}

/** `certificates` of an attestor under type Notary, which are one store of trusted certificates; `undefined` where the report says why. */
export function readNotaryAttestor(
  { certificates }: AttestorFields,
  beside: Beside,
  place: Place,
  report: Report,
): NotaryAttestor | undefined {
  if (certificates === undefined) return undefined;
  for (const { path, usual, why } of ofCosign) {
    const at = path.reduce((around, name) => around.field(name), place);
    const value = at.tree?.kind === 'leaf' ? at.tree.value : undefined;
    if (!at.empty && value !== usual) report.problem(at, `has no effect under type Notary: ${why}`);
  }
  const at = place.field('certificates');
  if (!certificates.cert && !certificates.certChain && report.clean(at)) {
    report.problem(at, 'cert or certChain required');
  }
  const texts = (['cert', 'certChain'] as const).flatMap(
    (name) => readCertificates(certificates[name], at.field(name), mostCertificates, report) ?? [],
  );
  if (!report.clean(place)) return undefined;
  return { kind: 'notary', by: { certificates: texts.join('\n') }, ...beside };
}

/** Kyverno's lint of what signs under type Notary, with its words. It looks at the sets of an entry, and at none nested in them. */
export function refuseOtherSigners(type: Entry['type'], place: Place, report: Report): boolean {
  if (type !== 'Notary') return false;
  const keys = place.field('keys');
  const keyless = place.field('keyless');
  if (keyless.given) report.problem(keyless, `Keyless field is not allowed for type notary: ${instead}`);
  if (keys.given) report.problem(keys, `Keys field is not allowed for type notary: ${instead}`);
  return keys.given || keyless.given;
}

const instead = 'write certificates, or no attestors where a trust policy decides';

/** Fields of an entry, of older versions and of cosign, that say nothing of Notary signatures. */
export function refuseFlatFields(place: Place, report: Report): void {
  for (const name of ['key', 'issuer', 'subject', 'roots', 'additionalExtensions'])
    if (!place.field(name).empty) report.problem(place.field(name), `is not allowed for type notary: ${instead}`);
  const oci11 = place.field('cosignOCI11');
  if (oci11.tree?.kind === 'leaf' && oci11.tree.value === true)
    report.problem(oci11, 'has no effect under type Notary: it is about signatures of cosign');
}

/** Why nobody vouches for what an entry asks. */
export const noTrustPolicy =
  'type: Notary without attestors is decided by a trust policy, and there is none: put trustpolicy.json and truststore, as notation has them, into the folder notary beside the policies, or write attestors with certificates';

/** `type/subtype` (RFC 6838 section 4.2), as the OCI image-spec has artifact types. */
const artifactType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

/** The type of an attestation under type Notary is that of an artifact; a predicate type is mostly a URI, which no artifact has. */
export function warnOfPredicateType(type: string, place: Place, report: Report): void {
  if (artifactType.test(type)) return;
  report.warning(
    place,
    'is no artifact type, as type: Notary asks for it: that is written as type/subtype (oras attach --artifact-type)',
  );
}
