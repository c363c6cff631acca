import ipaddr from 'ipaddr.js';
import { hostName, isLoopbackHost, matchesLabels, splitHost } from './hosts.ts';

/** What an address is for whoever decides whether to call it. `special` is all that is neither of the others. */
export type AddressClass = 'public' | 'private' | 'loopback' | 'special';

/** Addresses that are not public, and the hosts for which they are believed. */
export interface AddressGrant {
  /** In CIDR notation; matched after IPv4 that is wrapped in IPv6 has been unwrapped. */
  readonly ranges: readonly string[];
  /** `any`, or host names, exact or as globs by label (`*.dkr.ecr.*.amazonaws.com`), each with `:port` or for any port. */
  readonly hosts: 'any' | readonly string[];
}

/** `any`: no rule for the hosts that a user names. A list: only public addresses, and those that a grant names. */
export type AddressRules = 'any' | readonly AddressGrant[];

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Whether a host may be reached at an address. `address` is a literal of `net.isIP`, a zone allowed. What does not parse
 * is refused.
 */
export function allowsAddress(rules: AddressRules, host: string, address: string): boolean {
  if (rules === 'any') return true;
  const parsed = parse(address);
  if (parsed === undefined) return false;
  return classify(parsed) === 'public' || rules.some((grant) => covers(grant, host, parsed));
}

/**
 * Whether a registry may send us on, by a redirect or a token realm, to `target`, where any host that the user names may
 * be called (on the command line). A public registry has no business naming addresses inside the user's network; a
 * registry on this machine or in that network may name its neighbours. Names are not resolved here.
 */
export function allowsHandOver(from: URL, target: URL): boolean {
  if (from.host === target.host) return true;
  const to = literalClass(target);
  if (to === undefined || to === 'public') return true;
  const sender = literalClass(from);
  return sender === 'loopback' ? to === 'loopback' || to === 'private' : sender === 'private' && to === 'private';
}

/** The class of a URL's host when it is a literal address or names this machine; `undefined` for other names. */
function literalClass(url: URL): AddressClass | undefined {
  const name = hostName(url);
  if (isLoopbackHost(name)) return 'loopback';
  return ipaddr.isValid(name) ? addressClass(name) : undefined;
}

/** The class of a literal address, after unwrapping. What does not parse is `special`. */
export function addressClass(address: string): AddressClass {
  const parsed = parse(address);
  return parsed === undefined ? 'special' : classify(parsed);
}

function classify(address: Address): AddressClass {
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range === 'private' || range === 'uniqueLocal' || range === 'carrierGradeNat') return 'private';
  if (range !== 'unicast') return 'special';
  // Of IPv6, only 2000::/3 is global unicast; the rest is unassigned or deprecated, `::a.b.c.d` among it.
  return address.kind() === 'ipv4' || ((address as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1 ? 'public' : 'special';
}

function covers(grant: AddressGrant, host: string, address: Address): boolean {
  if (grant.hosts !== 'any' && !grant.hosts.some((pattern) => matchesHost(pattern, host))) return false;
  return grant.ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === address.kind() && address.match(network, bits);
  });
}

function matchesHost(pattern: string, host: string): boolean {
  const wanted = splitHost(pattern);
  const actual = splitHost(host);
  return (wanted.port === undefined || wanted.port === actual.port) && matchesLabels(wanted.name, actual.name);
}

function parse(address: string): Address | undefined {
  try {
    return unwrap(ipaddr.parse(address));
  } catch {
    return undefined;
  }
}

/**
 * The IPv4 address inside an IPv6 one: IPv4-mapped (RFC 4291), translated (RFC 6145), NAT64's well-known prefix
 * (RFC 6052) and 6to4 (RFC 3056). A router or the kernel sends such packets to that IPv4 address.
 */
function unwrap(address: Address): Address {
  if (address.kind() === 'ipv4') return address;
  const six = address as ipaddr.IPv6;
  const bytes = six.toByteArray();
  const range = six.range();
  if (range === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  // 64:ff9b:1::/48, also called rfc6052, is for local use and puts the IPv4 address elsewhere: it stays special.
  const wellKnown = range === 'rfc6052' && six.parts[2] === 0;
  return wellKnown || range === 'ipv4Mapped' || range === 'rfc6145' ? new ipaddr.IPv4(bytes.slice(12)) : six;
}
