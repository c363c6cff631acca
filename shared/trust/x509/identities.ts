import { type Asn1, at, parseDer } from '../../der.ts';
import type { Certificate } from './certificate.ts';

const subjectAltName = '2.5.29.17';
/** Fulcio's name for who is neither an address nor a URI: a user name. */
const fulcioUserName = '1.3.6.1.4.1.57264.1.7';

/** The GeneralNames that name an identity (RFC 5280 section 4.2.1.6). */
const generalNames: Readonly<Record<number, (name: Asn1) => string | undefined>> = {
  0: otherName,
  1: ({ value }) => value.toString('latin1'),
  2: ({ value }) => value.toString('latin1'),
  6: ({ value }) => value.toString('latin1'),
  7: ({ value }) => address(value),
};

/** Every subject alternative name of a certificate that names somebody, in its order. Throws where they do not parse. */
export function subjectsOf(certificate: Certificate): readonly string[] {
  const names = certificate.extensions.get(subjectAltName)?.content();
  if (names === undefined) return [];
  const found: string[] = [];
  for (const name of names.subs) {
    const text = name.contextTag === undefined ? undefined : generalNames[name.contextTag]?.(name);
    if (text !== undefined && text !== '') found.push(text);
  }
  return found;
}

function otherName(name: Asn1): string | undefined {
  if (at(name, 0).toOID() !== fulcioUserName) return undefined;
  return at(name, 1, 0).value.toString('utf8');
}

function address(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) return undefined;
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) groups.push(bytes.readUInt16BE(index).toString(16));
  return shortest(groups);
}

/** RFC 5952: the longest run of zeros is left out. */
function shortest(groups: readonly string[]): string {
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  const text = groups.join(':');
  if (run === undefined) return text;
  return `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length).replace(/^:/, '')}`;
}

/** Fulcio's extensions (fulcio/docs/oid-info.md): the first six hold text as it is, later ones a UTF8String in DER. */
const prefix = '1.3.6.1.4.1.57264.1.';
const issuerOids = [`${prefix}8`, `${prefix}1`] as const;

/** The text of one of Fulcio's extensions; `undefined` where the certificate has none. Throws where it is none. */
export function extensionText(certificate: Certificate, oid: string): string | undefined {
  const value = certificate.extensions.get(oid)?.value;
  if (value === undefined) return undefined;
  if (isBare(oid)) return value.toString('utf8');
  const text = parseDer(value);
  if (!text.isUtf8String) throw new Error(`the extension ${oid} is no UTF8String`);
  return text.value.toString('utf8');
}

function isBare(oid: string): boolean {
  return oid.startsWith(prefix) && Number(oid.slice(prefix.length)) <= 6;
}

/** Who said who the signer is: the URL of an OpenID provider. */
export function issuerOf(certificate: Certificate): string | undefined {
  for (const oid of issuerOids) {
    const text = extensionText(certificate, oid);
    if (text !== undefined) return text;
  }
  return undefined;
}
