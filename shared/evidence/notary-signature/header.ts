import { Malformed } from '../malformed.ts';
import type { NotaryAlgorithm, NotaryAttributes, NotaryScheme } from './attributes.ts';

/** Names of a header, as the format writes them: COSE has numbers as well. */
export type HeaderName = string | number;
export type Header = ReadonlyMap<HeaderName, unknown>;

/** What differs between the headers of JWS and of COSE. */
export interface HeaderForm {
  readonly algorithm: HeaderName;
  readonly critical: HeaderName;
  readonly contentType: HeaderName;
  /** Where the certificates stand: in the header that is not signed, and nowhere else. */
  readonly certificates: HeaderName;
  readonly algorithms: ReadonlyMap<unknown, NotaryAlgorithm>;
  /** What the format itself defines, or the Notary Project has for another scheme: nothing that a signer may call critical. */
  readonly neverCritical: ReadonlySet<HeaderName>;
  /** Milliseconds since 1970; `undefined`: it is no time as the format writes one. */
  timeOf(value: unknown): number | undefined;
  /** In the words of messages: `is no {time}`. */
  readonly time: string;
}

export interface ProtectedHeader {
  readonly algorithm: NotaryAlgorithm;
  readonly attributes: NotaryAttributes;
}

/** The Notary Project's names (signature specification, "Signed Attributes"). */
export const names = {
  scheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
} as const;

/** A time stamp over the signature, which is not signed. */
export const timestampName = 'io.cncf.notary.timestampSignature';

const contentType = 'application/vnd.cncf.notary.payload.v1+json';
const schemes: ReadonlySet<unknown> = new Set<NotaryScheme>(['notary.x509', 'notary.x509.signingAuthority']);

/** A signer has two or three of their own. */
const maxExtended = 64;

/** The header that is signed. Whether a critical attribute is understood is left to whoever judges. Throws Malformed. */
export function readProtected(header: Header, form: HeaderForm): ProtectedHeader {
  if (header.has(form.certificates)) throw new Malformed('the certificates are in the protected header');
  refuseOtherSpellings(header, form);
  const algorithm = form.algorithms.get(header.get(form.algorithm));
  if (algorithm === undefined) throw new Malformed("the protected header's algorithm is none of the Notary Project's");
  if (header.get(form.contentType) !== contentType) {
    throw new Malformed(`the protected header's content type is not ${contentType}`);
  }
  const scheme = header.get(names.scheme);
  if (!isScheme(scheme)) throw new Malformed(`${names.scheme} is no known signing scheme`);
  const times = timesOf(header, scheme, form);
  const critical = criticalOf(header, form);
  refuseUncritical(critical, scheme, times.expiry);
  return { algorithm, attributes: { scheme, ...times, extended: extendedOf(header, critical, form) } };
}

/** The header that is not signed says nothing that the signed one says, nor what is critical (RFC 7515 section 7.2.1, RFC 9052 section 3). */
export function refuseUnprotected(unprotected: Iterable<HeaderName>, signed: Header, { critical }: HeaderForm): void {
  for (const name of unprotected) {
    if (name === critical) throw new Malformed('the unprotected header says what is critical');
    if (signed.has(name)) throw new Malformed('the protected and the unprotected header have the same name');
  }
}

function isScheme(value: unknown): value is NotaryScheme {
  return schemes.has(value);
}

/** Go reads a name in any case, and the last spelling wins: so a header means one thing to us and another to notation. */
function refuseOtherSpellings(header: Header, form: HeaderForm): void {
  const known = new Map(ownNames(form).map((name) => [typeof name === 'string' ? fold(name) : name, name]));
  for (const name of header.keys()) {
    const meant = known.get(typeof name === 'string' ? fold(name) : name);
    if (meant !== undefined && meant !== name)
      throw new Malformed(`the protected header has ${meant} in another spelling`);
  }
}

/** All that the format and the Notary Project have names for. */
function ownNames({ algorithm, critical, contentType }: HeaderForm): readonly HeaderName[] {
  return [algorithm, critical, contentType, ...Object.values(names)];
}

/** Of equal value where Go takes two names as equal: some letters are small forms of others that are not theirs (U+017F, U+212A). */
export function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function timesOf(
  header: Header,
  scheme: NotaryScheme,
  form: HeaderForm,
): Pick<NotaryAttributes, 'signingTime' | 'authenticSigningTime' | 'expiry'> {
  const [required, forbidden] =
    scheme === 'notary.x509'
      ? [names.signingTime, names.authenticSigningTime]
      : [names.authenticSigningTime, names.signingTime];
  if (header.has(forbidden)) throw new Malformed(`${forbidden} does not go with the scheme ${scheme}`);
  if (!header.has(required)) throw new Malformed(`${required} is missing, which the scheme ${scheme} asks for`);
  const signed = timeOf(header, required, form);
  const expiry = header.has(names.expiry) ? timeOf(header, names.expiry, form) : undefined;
  if (expiry !== undefined && expiry <= signed) throw new Malformed(`${names.expiry} is not after ${required}`);
  return scheme === 'notary.x509'
    ? { signingTime: signed, authenticSigningTime: undefined, expiry }
    : { signingTime: undefined, authenticSigningTime: signed, expiry };
}

function timeOf(header: Header, name: string, form: HeaderForm): number {
  const time = form.timeOf(header.get(name));
  if (time === undefined) throw new Malformed(`${name} is no ${form.time}`);
  return time;
}

function criticalOf(header: Header, form: HeaderForm): ReadonlySet<unknown> {
  const list = header.get(form.critical);
  if (!Array.isArray(list) || list.length === 0) throw new Malformed('the protected header lists nothing as critical');
  const critical = new Set<unknown>(list);
  if (critical.size < list.length) throw new Malformed('the protected header lists a name as critical twice');
  for (const name of critical) {
    if (typeof name !== 'string' && typeof name !== 'number') throw new Malformed('what is critical is no name');
    if (!header.has(name)) throw new Malformed('the protected header lists a name as critical that it does not have');
    if (form.neverCritical.has(name))
      throw new Malformed('the protected header lists a name as critical that never is');
  }
  return critical;
}

function refuseUncritical(critical: ReadonlySet<unknown>, scheme: NotaryScheme, expiry: number | undefined): void {
  const required = [
    names.scheme,
    ...(expiry === undefined ? [] : [names.expiry]),
    ...(scheme === 'notary.x509' ? [] : [names.authenticSigningTime]),
  ];
  for (const name of required) if (!critical.has(name)) throw new Malformed(`${name} is not critical, and has to be`);
}

function extendedOf(header: Header, critical: ReadonlySet<unknown>, form: HeaderForm): NotaryAttributes['extended'] {
  const own = new Set(ownNames(form));
  const extended = [...header].filter(([name]) => !own.has(name));
  if (extended.length > maxExtended) throw new Malformed(`the protected header has over ${maxExtended} attributes`);
  return extended.map(([name, value]) => ({
    name: typeof name === 'number' ? `label ${name}` : name,
    value: typeof value === 'string' ? value : undefined,
    critical: critical.has(name),
  }));
}
