import { Refusal } from '../reasons.ts';

/** `<target>` and its parameters, up to the comma that ends the link (RFC 8288 §3). */
const link = /[\s,]*(?:$|<([^>]*)>((?:\s*;\s*[^\s=;,"]+(?:\s*=\s*(?:"(?:[^"\\]|\\[\s\S])*"|[^\s;,"]*))?)*)\s*(?=,|$))/y;
const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/i;

/**
 * The next page that a Link header names, or `undefined` on the last page. It is read from the page's own address and must
 * lie on the registry's: a listing that goes on elsewhere is refused (`redirect-refused`), and a header that cannot be read
 * is a listing that may go on (`malformed-manifest`).
 */
export function nextPage(header: string | undefined, page: URL, registry: URL): URL | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const unreadable = () =>
    new Refusal('malformed-manifest', `${registry.host} pages its referrers with an unreadable Link`);
  link.lastIndex = 0;
  while (link.lastIndex < header.length) {
    const found = link.exec(header);
    if (found === null) throw unreadable();
    const [, target = '', parameters = ''] = found;
    const named = relation.exec(parameters);
    const relations = (named?.[1] ?? named?.[2] ?? '').toLowerCase().split(/\s+/);
    if (!relations.includes('next')) continue;
    if (!URL.canParse(target, page.href)) throw unreadable();
    const url = new URL(target, page);
    if (url.origin !== registry.origin || url.username !== '' || url.password !== '') {
      throw new Refusal('redirect-refused', `${registry.host} sends us to another host for more referrers`);
    }
    url.hash = '';
    return url;
  }
  return undefined;
}
