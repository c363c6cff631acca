import { isJsonObject, type JsonObject, own } from './json.ts';
import { type ImageSlot, slotId } from './slots.ts';

/** Those of `slots` whose text equals that of the old object's slot of the same list and name: an UPDATE left them alone. */
export function unchangedSlots(oldSlots: readonly ImageSlot[], slots: readonly ImageSlot[]): ReadonlySet<ImageSlot> {
  const before = new Map<string, string>();
  for (const slot of oldSlots) before.set(slotId(slot), slot.text);
  return new Set(slots.filter((slot) => before.get(slotId(slot)) === slot.text));
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
