import { isJsonObject, type JsonObject, own } from '../admission/json.ts';
import { type ImageSlot, imageSlots, maxElements, maxSlots } from '../admission/slots.ts';
import { ExpressionError } from '../expression/error.ts';
import { createRun } from '../expression/run.ts';
import { nothing } from '../expression/scope.ts';
import type { Json } from '../expression/value.ts';
import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import type { ImageExtractor } from './policy.ts';

/**
 * The slots of an object by a rule's own extractors, as Kyverno finds them (pkg/utils/api/image.go). What is absent names no image; what
 * Kyverno would overwrite or skip without a word is refused: two of one key, and what is no text where an image is looked for.
 * @throws Refusal `object-malformed` naming the field
 */
export function extractedSlots(extractors: readonly ImageExtractor[], object: JsonObject): ImageSlot[] {
  const slots: ImageSlot[] = [];
  const names = new Set<string>();
  for (const extractor of extractors) {
    for (const [holder, pointer] of holdersOf(object, extractor.path)) {
      const slot = slotIn(extractor, holder, pointer);
      if (slot === undefined) continue;
      const name = `${slot.list}/${slot.name}`;
      if (names.has(name))
        throw malformed(slot.jsonPointer, `is a second ${quoted(slot.name, 63)} of ${extractor.list}`);
      names.add(name);
      if (slots.length === maxSlots) throw malformed(slot.jsonPointer, `is one of more than ${maxSlots} images`);
      slots.push(slot);
    }
  }
  return slots;
}

/** The slots of an object for rules with these extractors for its kind; `undefined`: they have none, and it is one of the kinds that are known. */
export function slotsFor(
  extractors: readonly ImageExtractor[] | undefined,
  kind: { readonly group: string; readonly kind: string },
  object: JsonObject,
): ImageSlot[] {
  return extractors === undefined ? imageSlots(kind.group, kind.kind, object) : extractedSlots(extractors, object);
}

type Held = readonly [JsonObject, string];

/** The objects at a path, with their JSON pointers: `*` stands for each element of a list or a map. */
function holdersOf(object: JsonObject, path: readonly string[]): readonly Held[] {
  let found: readonly (readonly [unknown, string])[] = [[object, '']];
  for (const step of path) {
    found = found.flatMap(([value, pointer]) =>
      step === '*' ? elementsOf(value, pointer) : fieldOf(value, pointer, step),
    );
    if (found.length > maxElements) throw malformed(found[0]?.[1] ?? '', `is one of more than ${maxElements} elements`);
  }
  return found.map(([value, pointer]): Held => {
    if (!isJsonObject(value)) throw malformed(pointer, 'must be an object');
    return [value, pointer];
  });
}

function elementsOf(value: unknown, pointer: string): readonly (readonly [unknown, string])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((element: unknown, index) => [element, `${pointer}/${index}`] as const);
  if (!isJsonObject(value)) throw malformed(pointer, 'must be a list or an object');
  return Object.keys(value).map((name) => [value[name], `${pointer}/${escaped(name)}`] as const);
}

function fieldOf(value: unknown, pointer: string, name: string): readonly (readonly [unknown, string])[] {
  if (value === undefined || value === null) return [];
  if (!isJsonObject(value)) throw malformed(pointer, 'must be an object');
  const field = own(value, name);
  return field === undefined ? [] : [[field, `${pointer}/${escaped(name)}`]];
}

function slotIn(
  { list, key, value, jmesPath }: ImageExtractor,
  holder: JsonObject,
  pointer: string,
): ImageSlot | undefined {
  const jsonPointer = `${pointer}/${escaped(value)}`;
  const written = own(holder, value) ?? '';
  if (typeof written !== 'string') throw malformed(jsonPointer, 'must be a string: an image is looked for there');
  if (written.trim() === '') return undefined;
  const name = key === undefined ? jsonPointer : own(holder, key);
  if (typeof name !== 'string' || name === '')
    throw malformed(`${pointer}/${escaped(key ?? '')}`, 'must be a string that is not empty');
  return {
    list,
    name,
    jsonPointer,
    text: jmesPath === undefined ? written : transformed(jmesPath, written, jsonPointer),
  };
}

/** The image that a text stands for. Nothing but the text is asked, so no time goes into it. */
function transformed(jmesPath: NonNullable<ImageExtractor['jmesPath']>, text: string, pointer: string): string {
  let value: Json;
  try {
    value = jmesPath.evaluateOn(text, nothing, createRun(0));
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    throw malformed(pointer, `comes to no image by the rule's jmesPath: ${thrown.message}`);
  }
  if (typeof value !== 'string') throw malformed(pointer, "comes to no text by the rule's jmesPath");
  return value;
}

/** RFC 6901. */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function malformed(jsonPointer: string, what: string): Refusal {
  return new Refusal('object-malformed', `${jsonPointer.slice(0, 200)} ${what}`);
}
