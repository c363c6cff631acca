import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, own } from './json.ts';
import type { AdmissionRequest } from './review.ts';
import type { ImageSlot } from './slots.ts';

/** Those of `slots` whose text equals that of the old object's slot of the same list and name: an UPDATE left them alone. */
export function unchangedSlots(oldSlots: readonly ImageSlot[], slots: readonly ImageSlot[]): ReadonlySet<ImageSlot> {
  const before = new Map<string, string>();
  for (const slot of oldSlots) before.set(`${slot.list}/${slot.name}`, slot.text);
  return new Set(slots.filter((slot) => before.get(`${slot.list}/${slot.name}`) === slot.text));
}

/**
 * Whether deletion of the object has begun, so that what is left of its life are finalizers. Asked of the old object: the new
 * one is the requester's to write (CVE-2023-34091).
 */
export function isBeingDeleted(object: JsonObject): boolean {
  const metadata = own(object, 'metadata');
  if (!isJsonObject(metadata)) return false;
  const since = own(metadata, 'deletionTimestamp');
  return typeof since === 'string' && since !== '';
}

const metadataAsked = ['name', 'namespace', 'generateName', 'labels', 'annotations'] as const;

/**
 * Whether an UPDATE leaves all that anybody asks of an object: what its author writes. Finalizers, owners and the status are written by
 * controllers, which must not wait for anything.
 */
export function leavesAll({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return false;
  try {
    return isDeepStrictEqual(asked(object), asked(oldObject));
  } catch {
    // Nested deeper than anybody compares.
    return false;
  }
}

function asked(object: JsonObject): readonly unknown[] {
  const metadata = own(object, 'metadata');
  const named = isJsonObject(metadata) ? metadataAsked.map((name) => own(metadata, name)) : [metadata];
  const others = Object.keys(object)
    .filter((name) => name !== 'metadata' && name !== 'status')
    .sort();
  return [named, others.map((name) => [name, object[name]])];
}
