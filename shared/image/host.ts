import { isIPv4, isIPv6 } from 'node:net';

/** Docker Hub's canonical host, and the names under which clients know it. */
export const dockerHub = 'docker.io';
export const dockerHubAliases: readonly string[] = ['index.docker.io', 'registry-1.docker.io'];

const label = '[a-z0-9]+(?:-+[a-z0-9]+)*';
const hostName = new RegExp(`^${label}(?:\\.${label})*$`);
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
const bracketed = /^\[([0-9a-f:]+)\]$/;

const port = ':[1-9][0-9]{0,4}';
const ipv6 = '\\[[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f]{0,4}\\]';

/** What canonicalHost gives, as a grammar, and somewhat more: names that end in a number, ports over 65535, any colons in IPv6. */
export const hostGrammar = new RegExp(
  `^(?:(?:${label}(?:\\.${label})+|localhost|${ipv6})(?:${port})?|${label}${port})$`,
);

/**
 * Whether the first component of a name is a registry's host and no part of Docker Hub's path: it has a dot or a colon, is
 * `localhost`, or has an upper-case letter, which no path may have (distribution/reference).
 */
export function isHost(component: string): boolean {
  return (
    component.includes('.') ||
    component.includes(':') ||
    component === 'localhost' ||
    component !== component.toLowerCase()
  );
}

/**
 * host[:port] in the one form in which this project knows it: lower case, IPv6 compressed, no leading zeros in the port, no
 * port 443, `docker.io` for its aliases. `undefined` for what is no host. A host that only its port tells from a path
 * keeps the port, 443 too, and one that only upper case tells from a path is refused: in canonical form both would read
 * as a path on Docker Hub, another image. Numbers that are no dotted quad (`127.1`, `0x7f.1`) are refused: resolvers take
 * them for addresses that a check on the text misses.
 */
export function canonicalHost(text: string): string | undefined {
  const lower = text.toLowerCase();
  const colon = lower.lastIndexOf(':');
  const hasPort = colon > lower.lastIndexOf(']');
  const host = canonicalName(hasPort ? lower.slice(0, colon) : lower);
  if (host === undefined) return undefined;
  if (!hasPort) return isHost(host) ? withoutAlias(host) : undefined;
  const digits = lower.slice(colon + 1);
  if (!/^[0-9]{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  if (port === 0 || port > 65_535) return undefined;
  return port === 443 && isHost(host) ? withoutAlias(host) : `${host}:${port}`;
}

function canonicalName(host: string): string | undefined {
  const address = bracketed.exec(host)?.[1];
  if (address !== undefined) return isIPv6(address) ? new URL(`https://[${address}]`).hostname : undefined;
  if (!hostName.test(host)) return undefined;
  return endsInNumber.test(host) && !isIPv4(host) ? undefined : host;
}

function withoutAlias(host: string): string {
  return dockerHubAliases.includes(host) ? dockerHub : host;
}
