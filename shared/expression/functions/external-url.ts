import ipaddr from 'ipaddr.js';
import { ExpressionError } from '../error.ts';

/** A URL whose host is an address, as Go's url.Parse takes it apart: `[…]` or four numbers, and a port or none. */
const url =
  /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/(?:([\w\-.:~!$&'()*+,;=%@]*)@)?(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::[0-9]*)?((?:\/[^?#]*)?)(?:\?[^#]*)?(?:#(.*))?$/s;
const brokenEscape = /%(?![0-9a-fA-F]{2})/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\0-\x1f\x7f]/;

/** Kyverno's: all but what is loopback or private. Link-local addresses are external to it. */
const internal = new Set(['loopback', 'private', 'uniqueLocal']);

/**
 * Whether a URL leads out: false where its host is a loopback or a private address, true where it is any other address. Kyverno
 * resolves a host's name and asks about its addresses. Nothing is resolved here, and what a name resolves to may be another thing for
 * everybody who asks: for a URL whose host is a name (`localhost` too), and for what is no URL, it throws ExpressionError.
 */
export function isExternalUrl(text: string): boolean {
  const parts = control.test(text) ? null : url.exec(text);
  const [, user = '', six, four = '', path = '', fragment = ''] = parts ?? [];
  const address = parts === null ? undefined : addressOf(six, four);
  if (address === undefined || [user, path, fragment].some((part) => brokenEscape.test(part))) {
    throw new ExpressionError(
      'is_external_url() answers for URLs whose host is an IP address; names are not resolved here, where Kyverno would',
    );
  }
  return !internal.has(address.range());
}

/** `::ffff:10.0.0.1` is an IPv4 address, and `::10.0.0.1` is none. */
function addressOf(six: string | undefined, four: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (six === undefined) return ipaddr.IPv4.isValidFourPartDecimal(four) ? ipaddr.IPv4.parse(four) : undefined;
  const [, before = six, last] = /^(.*:)([0-9.]+)$/.exec(six.includes('.') ? six : '') ?? [];
  if (last !== undefined && !ipaddr.IPv4.isValidFourPartDecimal(last)) return undefined;
  const groups = last === undefined ? '' : groupsOf(ipaddr.IPv4.parse(last).octets);
  if (!ipaddr.IPv6.isValid(before + groups) || /[0-9a-fA-F]{5}/.test(before)) return undefined;
  const address = ipaddr.IPv6.parse(before + groups);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** Four bytes as two numbers of an IPv6 address. */
function groupsOf([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string {
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
