import type { CtlogFields, RekorFields } from '../policy.ts';
import { readCertificates } from './certificates.ts';
import type { WrittenCtlog, WrittenRekor } from './fields.ts';
import { readPublicKeys } from './keys.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** As in Kyverno: one leaf, ten intermediates and a root. */
const longestTsaChain = 12;

/** `rekor` of an attestor; what is not written is Kyverno's default. */
export function readRekor(fields: WrittenRekor = {}, place: Place, report: Report): RekorFields {
  const url = fields.url || undefined;
  if (url !== undefined && !isWebAddress(url)) report.problem(place.field('url'), 'is not an http:// or https:// URL');
  const pubkey = readLogKey(fields.pubkey, place.field('pubkey'), report);
  return { ignoreTlog: fields.ignoreTlog ?? false, ...(url && { url }), ...(pubkey && { pubkey }) };
}

/** `ctlog` of an attestor. */
export function readCtlog(fields: WrittenCtlog = {}, place: Place, report: Report): CtlogFields {
  const pubkey = readLogKey(fields.pubkey, place.field('pubkey'), report);
  const tsaCertChain = readCertificates(fields.tsaCertChain, place.field('tsaCertChain'), longestTsaChain, report);
  return { ignoreSCT: fields.ignoreSCT ?? false, ...(pubkey && { pubkey }), ...(tsaCertChain && { tsaCertChain }) };
}

/** Of an attestor that names the signer's key itself: whether a log has a certificate of it is not asked. */
export function warnOfCertificateLog({ pubkey }: CtlogFields, attestor: Place, report: Report): void {
  if (pubkey === undefined) return;
  report.warning(
    attestor.field('ctlog').field('pubkey'),
    'has no effect: certificate logs are asked about certificates of a CA',
  );
}

function readLogKey(text: string | undefined, at: Place, report: Report): string | undefined {
  if (!text) return undefined;
  const [pubkey, another] = readPublicKeys(text, at, report) ?? [];
  if (another !== undefined) report.problem(at, 'holds several keys: give one, the key of the log');
  return pubkey;
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}
