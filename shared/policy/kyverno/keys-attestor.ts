import type { KeysAttestor } from '../policy.ts';
import type { AttestorFields } from './fields.ts';
import { parseKeyAddress } from './key-address.ts';
import { readPublicKeys } from './keys.ts';
import { readCtlog, readRekor, warnOfCertificateLog } from './logs.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const algorithms = ['sha224', 'sha256', 'sha384', 'sha512'] as const;
type Algorithm = (typeof algorithms)[number];

/** Who the keys of an attestor are: PEM, or the address of one key. */
type KeySource = Pick<KeysAttestor, 'publicKeys' | 'kms'>;
/** What `keys`, `certificates` and `keyless` have in common beside them. */
export type Beside = Pick<KeysAttestor, 'annotations' | 'repository'>;

/** `keys` of an attestor; `undefined` where the report says why. */
export function readKeys(
  fields: AttestorFields,
  beside: Beside,
  place: Place,
  report: Report,
): KeysAttestor | undefined {
  const keys = fields.keys;
  if (keys === undefined) return undefined;
  const at = place.field('keys');
  const inAttestor = readAlgorithm(fields.signatureAlgorithm, place.field('signatureAlgorithm'), report);
  const inKeys = readAlgorithm(keys.signatureAlgorithm, at.field('signatureAlgorithm'), report);
  if (inKeys !== undefined && inAttestor !== undefined && inKeys !== inAttestor) {
    report.warning(place.field('signatureAlgorithm'), `has no effect: keys.signatureAlgorithm (${inKeys}) is used`);
  }
  const source = readSource(keys.publicKeys || undefined, keys.kms || undefined, at, report);
  const rekor = readRekor(keys.rekor, at.field('rekor'), report);
  const ctlog = readCtlog(keys.ctlog, at.field('ctlog'), report);
  warnOfCertificateLog(ctlog, at, report);
  if (source === undefined || !report.clean(at)) return undefined;
  // The one in `keys` wins, as in Kyverno, whose documentation calls it deprecated.
  return { kind: 'keys', ...source, signatureAlgorithm: inKeys ?? inAttestor ?? 'sha256', rekor, ctlog, ...beside };
}

/** publicKeys win over kms, as in Kyverno. */
function readSource(
  publicKeys: string | undefined,
  kms: string | undefined,
  at: Place,
  report: Report,
): KeySource | undefined {
  if (publicKeys !== undefined) {
    if (kms !== undefined) report.warning(at.field('kms'), 'has no effect: keys.publicKeys is used');
    return readKeySource(publicKeys, at.field('publicKeys'), report);
  }
  if (kms !== undefined) {
    const isAddress = parseKeyAddress(kms) !== undefined;
    if (isAddress) return readKeySource(kms, at.field('kms'), report);
    report.problem(
      at.field('kms'),
      'is no address of a key in a KMS: write awskms:///KEY, or a key in PEM in publicKeys',
    );
    return undefined;
  }
  // keys.secret has been refused by name.
  if (report.clean(at)) report.problem(at, 'A public key, kms key or secret is required');
  return undefined;
}

/** PEM blocks or the address of one key; `undefined` where the report says why not. */
export function readKeySource(text: string, at: Place, report: Report): KeySource | undefined {
  if (!report.clean(at)) return undefined;
  const address = parseKeyAddress(text);
  if (address === undefined) {
    const publicKeys = readPublicKeys(text, at, report);
    return publicKeys && { publicKeys };
  }
  if ('kms' in address) return { publicKeys: [], kms: address.kms };
  if ('notBuilt' in address) report.notBuilt(at, address.notBuilt, address.advice);
  else report.problem(at, address.problem);
  return undefined;
}

/** A `signatureAlgorithm`; `undefined` where none is written, or the report says why not. */
export function readAlgorithm(text: string | undefined, at: Place, report: Report): Algorithm | undefined {
  if (!text) return undefined;
  const algorithm = algorithms.find((each) => each === text);
  if (algorithm === undefined) {
    report.problem(at, `Invalid signature algorithm provided: write one of ${algorithms.join(', ')}`);
  }
  return algorithm;
}
