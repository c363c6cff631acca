import { isJsonObject, type JsonObject, own } from '../admission/json.ts';
import { type ImageSlot, imageSlots, maxElements, maxSlots, slotId } from '../admission/slots.ts';
import { ExpressionError } from '../expression/error.ts';
import { createRun, type Run } from '../expression/run.ts';
import { nothing } from '../expression/scope.ts';
import type { Json } from '../expression/value.ts';
import { quoted, shortened } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import type { ImageExtractor } from './policy.ts';

/** Characters of a JSON pointer: whoever writes an object names the keys of its maps, and a pointer stands for each image behind them. */
const longestPointer = 2000;

/**
 * The slots of an object by a rule's own extractors, as Kyverno finds them (pkg/utils/api/image.go). What is absent names no image; what
 * Kyverno would overwrite or skip without a word is refused: two of one key, and what is no text where an image is looked for. Two ways to
 * one field find one image.
 * @throws Refusal `object-malformed` naming the field
 */
export function extractedSlots(extractors: readonly ImageExtractor[], object: JsonObject): ImageSlot[] {
  const slots = new Map<string, ImageSlot>();
  // Nothing but a text is asked, so no time goes into it.
  const run = createRun(0);
  for (const extractor of extractors) {
    for (const [holder, pointer] of holdersOf(object, extractor.path)) {
      const slot = slotIn(extractor, holder, pointer, run);
      if (slot === undefined) continue;
      const id = slotId(slot);
      const known = slots.get(id);
      if (known !== undefined && known.jsonPointer !== slot.jsonPointer)
        throw malformed(slot.jsonPointer, `is a second ${quoted(slot.name, 63)} of ${extractor.list}`);
      if (known !== undefined) continue;
      if (slots.size === maxSlots) throw malformed(slot.jsonPointer, `is one of more than ${maxSlots} images`);
      slots.set(id, slot);
    }
  }
  return [...slots.values()];
}

/** The way of an extractor to its images, as policies write it. */
export function pathOf({ path, value }: ImageExtractor): string {
  return `/${[...path, value].join('/')}`;
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

/** What stands somewhere in an object, with its JSON pointer. */
type Found = readonly [unknown, string];

/** The objects at a path: `*` stands for each element of a list or a map. */
function holdersOf(object: JsonObject, path: readonly string[]): readonly Held[] {
  let found: readonly Found[] = [[object, '']];
  for (const step of path) {
    const next: Found[] = [];
    for (const one of found) {
      for (const each of step === '*' ? elementsOf(one) : fieldOf(one, step)) {
        if (next.length === maxElements) throw malformed(each[1], `is one of more than ${maxElements} elements`);
        next.push(each);
      }
    }
    found = next;
  }
  return found.map(([value, pointer]): Held => {
    if (!isJsonObject(value)) throw malformed(pointer, 'must be an object');
    return [value, pointer];
  });
}

function* elementsOf([value, pointer]: Found): Generator<Found> {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) if (element !== null) yield [element, `${pointer}/${index}`];
    return;
  }
  if (!isJsonObject(value)) throw malformed(pointer, 'must be a list or an object');
  for (const name of Object.keys(value)) {
    const element = own(value, name);
    if (element !== undefined) yield [element, behind(pointer, name)];
  }
}

function* fieldOf([value, pointer]: Found, name: string): Generator<Found> {
  if (value === undefined || value === null) return;
  if (!isJsonObject(value)) throw malformed(pointer, 'must be an object');
  const field = own(value, name);
  if (field !== undefined) yield [field, behind(pointer, name)];
}

function slotIn(
  { list, key, value, jmesPath }: ImageExtractor,
  holder: JsonObject,
  pointer: string,
  run: Run,
): ImageSlot | undefined {
  const jsonPointer = behind(pointer, value);
  const written = own(holder, value) ?? '';
  if (typeof written !== 'string') throw malformed(jsonPointer, 'must be a string: an image is looked for there');
  if (written.trim() === '') return undefined;
  const name = key === undefined ? jsonPointer : own(holder, key);
  if (typeof name !== 'string' || name === '')
    throw malformed(
      behind(pointer, key ?? ''),
      'must be a string that is not empty: by it images are told from each other',
    );
  return {
    list,
    name,
    jsonPointer,
    text: jmesPath === undefined ? written : transformed(jmesPath, written, jsonPointer, run),
  };
}

/** The image that a text stands for. */
function transformed(
  jmesPath: NonNullable<ImageExtractor['jmesPath']>,
  text: string,
  pointer: string,
  run: Run,
): string {
  let value: Json;
  try {
    value = jmesPath.evaluateOn(text, nothing, run);
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    throw malformed(pointer, `comes to no image by the rule's jmesPath: ${shortened(thrown.message, 300)}`);
  }
  if (typeof value !== 'string') throw malformed(pointer, "comes to no text by the rule's jmesPath");
  return value;
}

/** RFC 6901. */
function behind(pointer: string, name: string): string {
  const longer = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (longer.length > longestPointer)
    throw malformed(pointer, `has a key behind which a JSON pointer is longer than ${longestPointer} characters`);
  return longer;
}

/** The pointer is quoted: names of a map's fields are its author's, spaces and all. */
function malformed(jsonPointer: string, what: string): Refusal {
  return new Refusal('object-malformed', `${quoted(jsonPointer, 200)} ${what}`);
}
