import type { JsonObject } from '../shared/admission/json.ts';
import type { PatchOperation } from '../shared/answer/patch.ts';

/** `object` with our own patch done to a copy: `replace` of a string, `add` of an object's member. */
export function patched(object: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  const copy = structuredClone(object);
  for (const { path, value } of patch) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop();
    let parent: unknown = copy;
    for (const key of keys) parent = (parent as Record<string, unknown>)[key];
    if (last !== undefined) (parent as Record<string, unknown>)[last] = structuredClone(value);
  }
  return copy;
}
