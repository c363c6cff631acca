import { Refusal } from '../reasons.ts';

/** At most this many redirects are followed for one request. */
export const maxRedirects = 5;

/** The code of the cause where a redirect's target is none that could be asked, whatever the settings allow. */
export const unusableTarget = 'UNUSABLE_TARGET';

/** One request of a chain of redirects. Header names are in lower case. */
export interface Hop {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const followed: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The request that a response sends us on to, or `undefined` if it is no redirect to follow (RFC 9110 §15.4): only GET and
 * HEAD are sent on, and keep their method. `authorization` goes no further than to the same scheme, host and port, and a
 * chain that comes back does not get it back. Throws Refusal `redirect-refused` for a target that is no https URL (or
 * http, if http sent us) and for one that carries a user name.
 * `sender` is the name of the host that redirects, for the message.
 */
export function nextHop(hop: Hop, status: number, location: string | undefined, sender: string): Hop | undefined {
  if (!followed.has(status) || hop.method === 'POST' || location === undefined) return undefined;
  const url = parse(location, hop.url);
  const refused = (why: string) =>
    new Refusal('redirect-refused', `${sender} redirects to ${why}`, { cause: { code: unusableTarget } });
  if (url === undefined) throw refused('something that is no URL');
  if (url.protocol === 'http:' && hop.url.protocol === 'https:') throw refused('plain HTTP');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('a URL that is not HTTP');
  if (url.username !== '' || url.password !== '') throw refused('a URL with a user name in it');
  url.hash = '';
  return { method: hop.method, url, headers: url.origin === hop.url.origin ? hop.headers : withoutCredentials(hop) };
}

function withoutCredentials(hop: Hop): Readonly<Record<string, string>> {
  const { authorization: _kept, ...rest } = hop.headers;
  return rest;
}

function parse(location: string, base: URL): URL | undefined {
  return URL.canParse(location, base.href) ? new URL(location, base) : undefined;
}
