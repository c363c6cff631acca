import { type Asn1, at, elements, parseDer, tagged } from '../der.ts';
import type { Slices } from '../slices.ts';
import type { Certificate, Extension } from '../trust/x509/certificate.ts';
import { understoodIn } from './extensions.ts';
import { namesOf, pointsIn, urisIn } from './places.ts';
import { hasKeyUsage, isSignedWith, subjectOf } from './signed.ts';
import { type Entry, iso, mostAhead, NoWord } from './word.ts';

/**
 * Bytes that a CRL may have: some 200,000 certificates. notation reads four times as much; here what one review reads comes to 64 MiB
 * together, and an instance has that much for all of them.
 */
export const largestCrl = 8 * 1024 * 1024;

/** Entries of one certificate: it is revoked once, or held and released. */
const mostEntries = 100;
/** Entries that are looked at in one slice: a millisecond or so. */
const entriesInSlice = 1000;

const ids = {
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaIndicator: '2.5.29.27',
  distributionPoint: '2.5.29.28',
  freshest: '2.5.29.46',
} as const;
const understood: ReadonlySet<string> = new Set([
  ids.crlNumber,
  ids.deltaIndicator,
  ids.distributionPoint,
  ids.freshest,
  '2.5.29.35', // authorityKeyIdentifier
]);
const understoodOfEntries: ReadonlySet<string> = new Set([ids.reasonCode, ids.invalidityDate]);

const crlSign = 6;
/** Of a number of a CRL (RFC 5280 section 5.2.3). */
const longestNumber = 20;

/** A certificate revocation list (RFC 5280 section 5), whose signature is good. */
export interface Crl {
  /** Of all its bytes. */
  readonly size: number;
  /** revokedCertificates, not yet looked at. */
  readonly revoked: Asn1 | undefined;
  readonly number: bigint | undefined;
  /** Set where it lists changes alone: since the list with this number. */
  readonly changesSince: bigint | undefined;
  /** Where a list of the changes since this one is. */
  readonly freshest: readonly string[];
  readonly scope: Scope | undefined;
  /** nextUpdate: milliseconds since 1970. */
  readonly until: number;
}

/** Which certificates it is about, where it says so (issuingDistributionPoint, RFC 5280 section 5.2.5). */
interface Scope {
  /** URIs of which one is among those by which a certificate names its CRL; none: it is for any. */
  readonly uris: readonly string[];
  readonly onlyUsers: boolean;
  readonly onlyAuthorities: boolean;
}

/** Reads one and verifies that the issuer signed it. Throws: NoWord with what is wrong with it, or another Error where it does not parse. */
export function readCrl(bytes: Uint8Array, issuer: Certificate, now: number): Crl {
  const root = parseDer(bytes, largestCrl);
  const [signed, algorithm, signature] = [at(root, 0), at(root, 1), at(root, 2)];
  const [version, inner, name, thisUpdate, ...others] = signed.subs;
  if (at(version).toInteger() !== 1) throw new NoWord('it is of a version that is not known here');
  if (!at(inner).raw.equals(algorithm.raw)) throw new NoWord('it names two algorithms of its signature');
  if (!at(name).raw.equals(subjectOf(issuer))) throw new NoWord('it is not by the issuer of the certificate');
  if (hasKeyUsage(issuer, crlSign) !== true) throw new NoWord("its issuer's certificate is not for signing CRLs");
  if (!isSignedWith({ signed, algorithm, signature }, issuer.publicKey))
    throw new NoWord('its signature does not verify');

  const from = at(thisUpdate).toDate();
  if (from > now + mostAhead) throw new NoWord(`it is from the future: ${iso(from)}`);
  const [next, ...rest] = others;
  // Without a nextUpdate the list or its extensions stand there, which are no time.
  if (next === undefined || next.isSequence || next.contextTag !== undefined) {
    throw new NoWord('it does not say until when it holds');
  }
  const until = next.toDate();
  if (until < now) throw new NoWord(`it held until ${iso(until)}`);
  const wrapped = rest.find(({ contextTag }) => contextTag === 0);
  const extensions = understoodIn(wrapped && at(wrapped, 0), understood, 'it');
  return {
    size: bytes.byteLength,
    revoked: rest.find(({ isSequence }) => isSequence),
    number: numberIn(extensions.get(ids.crlNumber)),
    changesSince: numberIn(extensions.get(ids.deltaIndicator)),
    freshest: pointsIn(extensions.get(ids.freshest)?.content()),
    scope: scopeIn(extensions.get(ids.distributionPoint)),
    until,
  };
}

function numberIn(extension: Extension | undefined): bigint | undefined {
  if (extension === undefined) return undefined;
  const bytes = extension.content().integerBytes;
  if (bytes.length > longestNumber || (bytes[0] ?? 0) >= 0x80) throw new NoWord('it has a number that is none');
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** What it leaves out by reason, or lists of other issuers, is not of use here. */
function scopeIn(extension: Extension | undefined): Scope | undefined {
  if (extension === undefined) return undefined;
  const point = extension.content();
  const isSet = (tag: number) => {
    const flag = tagged(point, tag);
    return flag !== undefined && flag.value[0] !== 0;
  };
  if (tagged(point, 3) !== undefined) throw new NoWord('it lists some reasons only');
  if (isSet(4)) throw new NoWord('it lists certificates of other issuers');
  if (isSet(5)) throw new NoWord('it lists attribute certificates');
  const name = tagged(point, 0);
  const names = namesOf(name);
  if (name !== undefined && names.length === 0) throw new NoWord('it does not say in full which list it is');
  return { uris: urisIn(names), onlyUsers: isSet(1), onlyAuthorities: isSet(2) };
}

/** Throws NoWord where the list is not about such a certificate; `uris`: by which that one names its CRLs. */
export function checkScope({ scope }: Crl, certificate: Certificate, uris: readonly string[]): void {
  if (scope === undefined) return;
  const isAuthority = certificate.pathLength !== undefined;
  if (isAuthority ? scope.onlyUsers : scope.onlyAuthorities) throw new NoWord('it is about other certificates');
  // Each of the lists of one issuer is signed alike: whoever is on the way could give one for another.
  if (scope.uris.length > 0 && !scope.uris.some((uri) => uris.includes(uri))) {
    throw new NoWord('it says that it is another list than the one that was asked for');
  }
}

/** Throws NoWord where a list of changes does not continue this list (RFC 5280 section 5.2.4). */
export function checkContinues(base: Crl, delta: Crl): void {
  if (delta.changesSince === undefined) throw new NoWord('it does not say since when it lists changes');
  if (base.number === undefined || delta.number === undefined)
    throw new NoWord('it and what it continues have no numbers');
  if (delta.number <= base.number) throw new NoWord('it is not newer than the list that it should continue');
  if (delta.changesSince > base.number) throw new NoWord('it continues a newer list');
}

/** All that a list says of one serial number, in its order. Throws as `readCrl` does. */
export function* entriesOf({ revoked }: Crl, serial: Buffer): Slices<readonly Entry[]> {
  const found: Entry[] = [];
  if (revoked === undefined) return found;
  let seen = 0;
  for (const each of elements(revoked.value)) {
    if (++seen % entriesInSlice === 0) yield;
    if (!at(each, 0).integerBytes.equals(serial)) continue;
    if (found.length === mostEntries) throw new NoWord(`it says over ${mostEntries} things of the certificate`);
    found.push(entryIn(each));
  }
  return found;
}

function entryIn(entry: Asn1): Entry {
  const [, since, list] = entry.subs;
  const extensions = understoodIn(list, understoodOfEntries, 'its entry');
  return {
    reason: extensions.get(ids.reasonCode)?.content().toEnumerated(),
    since: at(since).toDate(),
    invalidSince: extensions.get(ids.invalidityDate)?.content().toTime(),
  };
}
