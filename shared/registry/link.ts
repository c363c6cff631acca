import { Refusal } from '../reasons.ts';
import { type Scanner, scan, takeValue } from './scan.ts';

const gap = /[\s,]*/y;
const blanks = /\s*/y;
const reference = /<([^>]*)>/y;
const semicolon = /;\s*/y;
const equals = /=\s*/y;
const name = /[^\s=;,"]+/y;
const bareValue = /[^\s;,"]*/y;

/**
 * The next page that a Link header names, or `undefined` on the last page. It is read from the page's own address and must
 * lie on the registry's: a listing that goes on elsewhere is refused (`redirect-refused`), and a header that cannot be read
 * is a listing that may go on (`malformed-manifest`).
 */
export function nextPage(header: string | undefined, page: URL, registry: URL): URL | undefined {
  if (header === undefined) return undefined;
  const unreadable = () =>
    new Refusal('malformed-manifest', `${registry.host} pages its referrers with an unreadable Link`);
  const scanner = scan(header);
  for (;;) {
    scanner.take(gap);
    if (scanner.peek() === undefined) return undefined;
    const target = scanner.take(reference)?.[1];
    const relations = target === undefined ? undefined : relationsOf(scanner);
    if (target === undefined || relations === undefined) throw unreadable();
    if (!relations.includes('next')) continue;
    if (!URL.canParse(target, page.href)) throw unreadable();
    const url = new URL(target, page);
    if (url.origin !== registry.origin || url.username !== '' || url.password !== '') {
      throw new Refusal('redirect-refused', `${registry.host} sends us to another host for more referrers`);
    }
    url.hash = '';
    return url;
  }
}

/**
 * The relations that a link's parameters name, in lower case, read up to the comma that ends the link or to the end (RFC 8288 §3); the
 * first `rel` counts. `undefined` for what is no parameter.
 */
function relationsOf(scanner: Scanner): readonly string[] | undefined {
  const { take, peek } = scanner;
  let relations: string | undefined;
  for (;;) {
    take(blanks);
    if (peek() === undefined || peek() === ',') return (relations ?? '').toLowerCase().split(/\s+/);
    const parameter = take(semicolon) === null ? undefined : take(name)?.[0].toLowerCase();
    if (parameter === undefined) return undefined;
    take(blanks);
    const value = take(equals) === null ? '' : takeValue(scanner, bareValue);
    if (value === undefined) return undefined;
    if (parameter === 'rel') relations ??= value;
  }
}
