import ipaddr from 'ipaddr.js';
import { type Asn1, at, parseDer, tagged } from '../../../der.ts';
import type { Json } from '../../value.ts';
import { oidOf, orNull } from './name.ts';

export interface Extension {
  readonly id: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Extensions, of which none may be there twice. Throws. */
export function readExtensions(sequence: Asn1 | undefined): Extension[] {
  const extensions = (sequence?.subs ?? []).map((extension) => {
    const last = extension.subs.length - 1;
    return {
      id: oidOf(at(extension, 0)).join('.'),
      critical: last === 2 && at(extension, 1).toBoolean(),
      value: at(extension, last).octets,
    };
  });
  if (new Set(extensions.map(({ id }) => id)).size < extensions.length) throw new Error('an extension is there twice');
  return extensions;
}

export function extensionsJson(extensions: readonly Extension[]): Json {
  return orNull(
    extensions.map(({ id, critical, value }) => ({
      Id: id.split('.').map(Number),
      Critical: critical,
      Value: value.toString('base64'),
    })),
  );
}

/** What Go reads of a certificate's extensions; what is left out is in unread.ts. Throws. */
export function extensionFields(extensions: readonly Extension[]): Record<string, Json> {
  const find = (id: string) => contentOf(extensions, id);
  const path = pathFields(find('2.5.29.19'));
  return {
    KeyUsage: keyUsage(find('2.5.29.15')),
    ...path,
    SubjectKeyId: find('2.5.29.14')?.octets.toString('base64') ?? null,
    AuthorityKeyId: authorityKey(find('2.5.29.35')),
    ...extendedUsages(find('2.5.29.37')),
    ...alternativeNames(extensions),
    CRLDistributionPoints: orNull(revocationLists(find('2.5.29.31'))),
    ...policies(find('2.5.29.32')),
    ...access(find('1.3.6.1.5.5.7.1.1')),
  };
}

/** `subjectAltName`: addresses as they are written. `URIs` are left out where there are some: Go takes them apart. Throws. */
export function alternativeNames(extensions: readonly Extension[]): Record<string, Json> {
  const names = contentOf(extensions, '2.5.29.17')?.subs ?? [];
  const textsOf = (tag: number) => names.filter((name) => name.contextTag === tag).map(asciiOf);
  return {
    DNSNames: orNull(textsOf(2)),
    EmailAddresses: orNull(textsOf(1)),
    IPAddresses: orNull(names.filter((name) => name.contextTag === 7).map(addressOf)),
    ...(textsOf(6).length === 0 ? { URIs: null } : {}),
  };
}

function contentOf(extensions: readonly Extension[], id: string): Asn1 | undefined {
  const found = extensions.find((extension) => extension.id === id);
  return found === undefined ? undefined : parseDer(found.value);
}

function keyUsage(bits: Asn1 | undefined): number {
  let usage = 0;
  for (let bit = 0; bits !== undefined && bit < 9; bit += 1) if (bits.hasBit(bit)) usage += 2 ** bit;
  return usage;
}

function pathFields(constraints: Asn1 | undefined): Record<string, Json> {
  const parts = constraints?.subs ?? [];
  const ca = parts[0]?.tag === 1 && parts[0].toBoolean();
  const length = parts.find(({ tag }) => tag === 2)?.toInteger() ?? (constraints === undefined ? 0 : -1);
  return {
    BasicConstraintsValid: constraints !== undefined,
    IsCA: ca,
    MaxPathLen: length,
    MaxPathLenZero: constraints !== undefined && length === 0,
  };
}

function authorityKey(identifier: Asn1 | undefined): Json {
  const key = identifier === undefined ? undefined : tagged(identifier, 0);
  return key?.value.toString('base64') ?? null;
}

/** In the order of Go's numbers for them. */
const usages = [
  '2.5.29.37.0',
  ...Array.from({ length: 9 }, (_, at) => `1.3.6.1.5.5.7.3.${at + 1}`),
  '1.3.6.1.4.1.311.10.3.3',
  '2.16.840.1.113730.4.1',
  '1.3.6.1.4.1.311.2.1.22',
  '1.3.6.1.4.1.311.61.1.1',
];

function extendedUsages(sequence: Asn1 | undefined): Record<string, Json> {
  const ids = (sequence?.subs ?? []).map(oidOf);
  const known = ids.map((id) => usages.indexOf(id.join('.')));
  return {
    ExtKeyUsage: orNull(known.filter((number) => number >= 0)),
    UnknownExtKeyUsage: orNull(ids.filter((_, at) => known[at] === -1)),
  };
}

function revocationLists(points: Asn1 | undefined): string[] {
  return (points?.subs ?? []).flatMap((point) => {
    const name = tagged(point, 0);
    const names = name === undefined ? [] : (tagged(name, 0)?.subs ?? []);
    const other = names.findIndex(({ contextTag }) => contextTag !== 6);
    return names.slice(0, other === -1 ? names.length : other).map(asciiOf);
  });
}

function policies(sequence: Asn1 | undefined): Record<string, Json> {
  const ids = sequence?.subs.map((policy) => oidOf(at(policy, 0)));
  return { Policies: ids?.map((id) => id.join('.')) ?? null, PolicyIdentifiers: ids ?? null };
}

function access(sequence: Asn1 | undefined): Record<string, Json> {
  const places = (sequence?.subs ?? []).filter((place) => at(place, 1).contextTag === 6);
  const of = (method: string) =>
    orNull(places.filter((place) => at(place, 0).toOID() === method).map((place) => asciiOf(at(place, 1))));
  return { OCSPServer: of('1.3.6.1.5.5.7.48.1'), IssuingCertificateURL: of('1.3.6.1.5.5.7.48.2') };
}

function asciiOf({ value }: Asn1): string {
  if (value.some((byte) => byte > 0x7f)) throw new Error('a name that is not ASCII');
  return value.toString('latin1');
}

function addressOf({ value }: Asn1): string {
  const address = ipaddr.fromByteArray([...value]);
  return 'isIPv4MappedAddress' in address && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toString();
}
