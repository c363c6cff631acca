import { createHash } from 'node:crypto';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Anchor, Check, Wants } from './check.ts';

/**
 * SHA-256, hex, over everything in a check that can change what `verify` answers. Every part, and the length of every list,
 * is length-prefixed, so that no two checks write the same bytes.
 */
export function checkHash(check: Pick<Check, 'wants' | 'sets' | 'missing'>): string {
  const hash = createHash('sha256');
  const put = (...parts: readonly (string | number)[]): void => {
    for (const part of parts) hash.update(`${Buffer.byteLength(String(part))}:${part}`);
  };

  const putAnchor = (anchor: Anchor): void => {
    put(anchor.kind, anchor.path);
    if (anchor.kind === 'set') {
      put(anchor.need, anchor.anchors.length);
      for (const inner of anchor.anchors) putAnchor(inner);
      return;
    }
    const annotations = Object.entries(anchor.annotations).sort(([a], [b]) => (a < b ? -1 : 1));
    put(...hashedOfRepository(anchor.repository), annotations.length, ...annotations.flat());
    put(anchor.hashed.length, ...anchor.hashed);
  };

  const accepts = [...check.wants.accepts].sort();
  put('check 3', ...hashedOfWants(check.wants), accepts.length, ...accepts, check.sets.length);
  for (const set of check.sets) putAnchor(set);
  // What it comes to is no answer to the check that never had these anchors.
  if (check.missing.length > 0) put('missing', check.missing.length);
  return hash.digest('hex');
}

function hashedOfWants(wants: Wants): (string | number)[] {
  return wants.what === 'signature'
    ? [wants.what]
    : [wants.what, wants.predicateType, wants.every ? 'every statement' : 'some statement'];
}

function hashedOfRepository(repository: Repository | undefined): string[] {
  return repository === undefined ? ['own'] : ['repository', repositoryName(repository)];
}
