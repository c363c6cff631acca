import { createHash } from 'node:crypto';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Anchor, Check, KeyAlgorithm } from './check.ts';

/**
 * SHA-256, hex, over everything in a check that can change what `verify` answers. Every part, and the length of every list,
 * is length-prefixed, so that no two checks write the same bytes.
 */
export function checkHash(check: Pick<Check, 'accepts' | 'sets'>): string {
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
    put(anchor.spki, ...algorithmParts(anchor.algorithm), ...repositoryParts(anchor.repository));
    const annotations = Object.entries(anchor.annotations).sort(([a], [b]) => (a < b ? -1 : 1));
    put(annotations.length, ...annotations.flat());
    const { log } = anchor;
    put(...(log === undefined ? ['no log'] : ['log', Buffer.from(log.keyId).toString('hex'), log.baseUrl]));
  };

  put('check 1', String(check.accepts.cosignSignature), String(check.accepts.sigstoreBundle), check.sets.length);
  for (const set of check.sets) putAnchor(set);
  return hash.digest('hex');
}

function algorithmParts(algorithm: KeyAlgorithm): (string | number)[] {
  if (algorithm.type === 'ed25519') return [algorithm.type];
  const paddings = algorithm.type === 'rsa' ? algorithm.paddings : [];
  return [algorithm.type, algorithm.hashes.length, ...algorithm.hashes, paddings.length, ...paddings];
}

function repositoryParts(repository: Repository | undefined): string[] {
  return repository === undefined ? ['own'] : ['repository', repositoryName(repository)];
}
