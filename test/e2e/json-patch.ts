import type { Response } from './harness.ts';

/**
 * What an API server makes of an object and a response's patch: RFC 6902 as far as `add` and `replace` go, and as strict. It
 * throws where the RFC has an error: a parent or, for `replace`, a target that is not there.
 */
export function applyPatch<T>(object: T, { patch }: Pick<Response, 'patch'>): T {
  const root: unknown = structuredClone(object);
  for (const { op, path, value } of patch) {
    const keys = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (keys.shift() !== '') throw new Error(`${path} is no JSON Pointer`);
    const last = keys.pop();
    if (last === undefined) throw new Error('the whole document is not to be replaced');
    let parent = root;
    for (const key of keys) parent = member(parent, key, path);
    if (op === 'replace') member(parent, last, path);
    else if (op !== 'add') throw new Error(`${op} was not expected`);
    if (typeof parent !== 'object' || parent === null || Array.isArray(parent) !== /^\d+$/.test(last)) {
      throw new Error(`${path} leads to nothing that could take a value`);
    }
    Object.assign(parent, { [last]: value });
  }
  return root as T;
}

function member(parent: unknown, key: string, path: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key))
    throw new Error(`${path}: no ${key}`);
  return Object.entries(parent).find(([name]) => name === key)?.[1];
}
