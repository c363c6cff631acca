import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { formatReference, parseReference } from '../../../shared/image/reference.ts';
import { parseChallenges } from '../../../shared/registry/challenge.ts';
import { nextPage } from '../../../shared/registry/link.ts';
import { parseRealm } from '../../../shared/registry/realm.ts';
import { anyText, damaged } from './mutate.ts';
import { demand, isRefusal, orRefused, type Target, target } from './target.ts';

export function references(): Target {
  const known = fc.constantFrom(
    'nginx',
    'docker.io/library/nginx:1.27',
    `ghcr.io/acme/app:v1@sha256:${'a'.repeat(64)}`,
    '[::1]:5000/a/b:c',
    '127.0.0.1:443/a',
    'LOCALHOST/x',
  );
  const pieces = fc.array(
    fc.constantFrom('a', 'A', '.', ':', '/', '@', '-', '_', '[', ']', '0', '443', 'sha256:', '\n', '%'),
    {
      maxLength: 30,
    },
  );
  const input = fc.oneof(
    known.chain(damaged),
    pieces.map((list) => list.join('')),
    anyText,
  );
  return target('image reference', input, (text) => {
    const parsed = parseReference(text);
    if ('problem' in parsed) return;
    const { reference } = parsed;
    const again = parseReference(formatReference(reference));
    demand(
      'reference' in again && isDeepStrictEqual(again.reference, reference),
      'its canonical form is another image',
    );
    const url = new URL(`https://${reference.repository.registry}`);
    // A host that only its port tells from a path keeps it, 443 too, which a URL leaves out.
    const { registry } = reference.repository;
    demand(url.pathname === '/' && registry.replace(/:443$/, '') === url.host, 'the registry is another host in a URL');
  });
}

export function challenges(): Target {
  const known = fc.constantFrom(
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
    'Basic realm="a, \\"b\\"", Bearer realm=https://x/y , Negotiate abc==',
  );
  const pieces = fc.array(fc.constantFrom('Bearer', 'realm', '=', '"', ',', ' ', '\\', 'a', 'https://x', '\t', ';'), {
    maxLength: 60,
  });
  const registry = new URL('https://registry.test');
  return target(
    'WWW-Authenticate',
    fc.oneof(
      known.chain(damaged),
      pieces.map((list) => list.join('')),
      anyText,
    ),
    (header) => {
      const read = parseChallenges(header);
      demand(read.length <= 20, 'more challenges than the bound');
      for (const { parameters } of read) {
        const realm = parameters.get('realm');
        if (realm === undefined) continue;
        const url = orRefused(() => parseRealm(realm, registry), isRefusal);
        demand(url === undefined || (url.protocol === 'https:' && url.username === ''), 'a realm over plain HTTP');
      }
    },
  );
}

export function links(): Target {
  const known = fc.constantFrom(
    '</v2/a/referrers/b?n=1>; rel="next"',
    '<https://registry.test/x>; rel=next; title="a;b", <y>; rel=prev',
  );
  const pieces = fc.array(
    fc.constantFrom('<', '>', ';', 'rel', '=', '"', 'next', ',', ' ', '//evil.test', '\\', '/x', '@'),
    { maxLength: 60 },
  );
  const registry = new URL('https://registry.test');
  const page = new URL('https://registry.test/v2/a/referrers/b');
  return target(
    'Link',
    fc.oneof(
      known.chain(damaged),
      pieces.map((list) => list.join('')),
      anyText,
    ),
    (header) => {
      const next = orRefused(() => nextPage(header, page, registry), isRefusal);
      demand(next === undefined || (next.origin === registry.origin && next.username === ''), 'a page elsewhere');
    },
  );
}
