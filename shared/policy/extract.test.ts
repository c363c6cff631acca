import fc from 'fast-check';
import { Refusal } from '../reasons.ts';
import { extractedSlots, pathOf, slotsFor } from './extract.ts';
import type { ImageExtractor } from './policy.ts';
import { loadRule } from './testing/policies.ts';

type Json = Record<string, unknown>;

/** What a policy's `imageExtractors` for a kind come to. */
function extractors(...fields: Json[]): readonly ImageExtractor[] {
  const match = { any: [{ resources: { kinds: ['Thing'] } }] };
  const verifyImages = [{ imageReferences: ['*'], mutateDigest: false, attestors: [] }];
  return loadRule({ match, verifyImages, imageExtractors: { Thing: fields } }).extractors.get('Thing') ?? [];
}

const slotsOf = (object: Json, ...fields: Json[]) =>
  extractedSlots(extractors(...fields), object).map(({ list, name, jsonPointer, text }) => {
    return `${list} ${name} ${jsonPointer} ${text}`;
  });

function refusal(object: Json, ...fields: Json[]): string {
  try {
    return `none: ${slotsOf(object, ...fields)}`;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return `${thrown.reason}: ${thrown.message}`;
  }
}

describe('finds', () => {
  test.each<[string, Json, Json[], string[]]>([
    ['a field', { spec: { image: 'a' } }, [{ path: '/spec/image' }], ['custom /spec/image /spec/image a']],
    ['a field of the root', { image: 'a' }, [{ path: 'image' }], ['custom /image /image a']],
    [
      'elements of a list, and what the rule calls it',
      { spec: { steps: [{ image: 'a' }, { name: 'none' }, { image: 'b' }] } },
      [{ path: '/spec/steps/*/image', name: 'steps' }],
      ['steps /spec/steps/0/image /spec/steps/0/image a', 'steps /spec/steps/2/image /spec/steps/2/image b'],
    ],
    [
      'elements of a map, by a field beside the image',
      { images: { db: { id: 'x', ref: 'a' }, web: { id: 'y', ref: 'b' } } },
      [{ path: '/images/*', value: 'ref', key: 'id' }],
      ['custom x /images/db/ref a', 'custom y /images/web/ref b'],
    ],
    [
      'lists in lists',
      { spec: { templates: [{ steps: [[{ image: 'a' }], [{ image: 'b' }, { image: 'c' }]] }, {}] } },
      [{ path: '/spec/templates/*/steps/*/*/image' }],
      [
        'custom /spec/templates/0/steps/0/0/image /spec/templates/0/steps/0/0/image a',
        'custom /spec/templates/0/steps/1/0/image /spec/templates/0/steps/1/0/image b',
        'custom /spec/templates/0/steps/1/1/image /spec/templates/0/steps/1/1/image c',
      ],
    ],
    [
      'names with characters that JSON pointers escape',
      { images: { 'a/b~c': { image: 'x' } } },
      [{ path: '/images/*/image' }],
      ['custom /images/a~1b~0c/image /images/a~1b~0c/image x'],
    ],
    [
      'names that objects of JavaScript have by themselves',
      JSON.parse('{"images": {"__proto__": {"image": "x"}, "constructor": {"image": "y"}}}'),
      [{ path: '/images/*/image' }, { path: '/images/toString/image' }],
      [
        'custom /images/__proto__/image /images/__proto__/image x',
        'custom /images/constructor/image /images/constructor/image y',
      ],
    ],
    [
      'what a jmesPath makes of a text',
      { spec: { url: 'docker://ghcr.io/acme/app:1' } },
      [{ path: '/spec/url', jmesPath: "trim_prefix(@, 'docker://')" }],
      ['custom /spec/url /spec/url ghcr.io/acme/app:1'],
    ],
    [
      'with blanks around the steps, as Kyverno does',
      { spec: { image: 'a' } },
      [{ path: '/ spec / image' }],
      ['custom /spec/image /spec/image a'],
    ],
    [
      'one image once where two ways lead to it',
      { spec: { a: { image: 'x' } } },
      [{ path: '/spec/*/image' }, { path: '/spec/a/image' }],
      ['custom /spec/a/image /spec/a/image x'],
    ],
    [
      'one key in two lists of the rule',
      { a: [{ name: 'x', image: 'i' }], b: [{ name: 'x', image: 'j' }] },
      [
        { path: '/a/*/image', key: 'name', name: 'a' },
        { path: '/b/*/image', key: 'name', name: 'b' },
      ],
      ['a x /a/0/image i', 'b x /b/0/image j'],
    ],
  ])('%s', (_, object, fields, expected) => {
    expect(slotsOf(object, ...fields)).toEqual(expected);
  });

  test.each<[string, Json]>([
    ['nothing', {}],
    ['no list', { spec: {} }],
    ['null where the list stands', { spec: { steps: null } }],
    ['an empty list', { spec: { steps: [] } }],
    ['null in the list', { spec: { steps: [null] } }],
    ['an element without image', { spec: { steps: [{ name: 'a' }] } }],
    ['null as image', { spec: { steps: [{ image: null }] } }],
    ['an empty image', { spec: { steps: [{ image: '' }] } }],
    ['blanks as image', { spec: { steps: [{ image: '  ' }] } }],
  ])('no image in an object with %s', (_, object) => {
    expect(slotsOf(object, { path: '/spec/steps/*/image', key: 'name' })).toEqual([]);
  });
});

describe('refuses', () => {
  const steps = { path: '/spec/steps/*/image', key: 'name' };
  test.each<[string, Json, Json, string]>([
    ['a text where a list is looked for', { spec: { steps: 'x' } }, steps, '"/spec/steps" must be a list or an object'],
    ['a number as element', { spec: { steps: [1] } }, steps, '"/spec/steps/0" must be an object'],
    ['a list where an object is looked for', { spec: [] }, steps, '"/spec" must be an object'],
    [
      'a number as image',
      { spec: { steps: [{ name: 'a', image: 1 }] } },
      steps,
      '"/spec/steps/0/image" must be a string',
    ],
    [
      'a list as image',
      { spec: { steps: [{ name: 'a', image: [] }] } },
      steps,
      '"/spec/steps/0/image" must be a string',
    ],
    [
      'an image without its key',
      { spec: { steps: [{ image: 'a' }] } },
      steps,
      '"/spec/steps/0/name" must be a string that is not empty',
    ],
    ['a number as key', { spec: { steps: [{ name: 1, image: 'a' }] } }, steps, '"/spec/steps/0/name" must be a string'],
    [
      'equal keys, of which Kyverno looks at the last alone',
      {
        spec: {
          steps: [
            { name: 'a', image: 'x' },
            { name: 'a', image: 'y' },
          ],
        },
      },
      steps,
      '"/spec/steps/1/image" is a second "a" of custom',
    ],
    [
      'what a jmesPath makes no text of',
      { spec: { image: 'abc' } },
      { path: '/spec/image', jmesPath: 'length(@)' },
      '"/spec/image" comes to no text by the rule\'s jmesPath',
    ],
    [
      'what a jmesPath fails on',
      { spec: { image: 'abc' } },
      { path: '/spec/image', jmesPath: 'parse_json(@)' },
      '"/spec/image" comes to no image by the rule\'s jmesPath',
    ],
  ])('%s', (_, object, fields, expected) => {
    expect(refusal(object, fields)).toContain(`object-malformed: ${expected}`);
  });

  test('equal keys of two extractors that share a name', () => {
    const object = { a: [{ name: 'x', image: 'i' }], b: [{ name: 'x', image: 'j' }] };
    const fields = ['a', 'b'].map((list) => ({ path: `/${list}/*/image`, key: 'name' }));
    expect(refusal(object, ...fields)).toBe('object-malformed: "/b/0/image" is a second "x" of custom');
  });

  test('a name of a map is its author’s, and stands in quotes', () => {
    const name = `a' must be fine; policy p allowed. "The`;
    expect(refusal({ map: { [name]: 'x' } }, { path: '/map/*/image' })).toBe(
      String.raw`object-malformed: "/map/a' must be fine; policy p allowed. \"The" must be an object`,
    );
  });

  test('a name that ends as another list begins is no other one', () => {
    const object = { a: [{ name: 'b c', image: 'i' }], b: [{ name: 'c', image: 'j' }] };
    const fields = [
      { path: '/a/*/image', key: 'name', name: 'x' },
      { path: '/b/*/image', key: 'name', name: 'x b' },
    ];
    expect(slotsOf(object, ...fields)).toEqual(['x b c /a/0/image i', 'x b c /b/0/image j']);
  });
});

describe('an object has bounds, whoever writes it', () => {
  const listOf = (count: number, element: unknown) => ({
    spec: { steps: Array.from({ length: count }, () => element) },
  });
  const fields = { path: '/spec/steps/*/image' };

  test('10,000 elements, and not one more', () => {
    expect(slotsOf(listOf(10_000, {}), fields)).toEqual([]);
    expect(refusal(listOf(10_001, {}), fields)).toBe(
      'object-malformed: "/spec/steps/10000" is one of more than 10000 elements',
    );
  });

  test('1,000 images, and not one more', () => {
    expect(slotsOf(listOf(1000, { image: 'a' }), fields)).toHaveLength(1000);
    expect(refusal(listOf(1001, { image: 'a' }), fields)).toContain('is one of more than 1000 images');
  });

  test('elements of all lists together', () => {
    const lists = { lists: Array.from({ length: 200 }, () => Array.from({ length: 51 }, () => ({}))) };
    expect(refusal(lists, { path: '/lists/*/*/image' })).toContain('is one of more than 10000 elements');
  });

  test('a key of a megabyte does not stand in every pointer behind it', () => {
    const images = Array.from({ length: 1000 }, () => ({ image: 'a' }));
    expect(refusal({ map: { ['k'.repeat(1_000_000)]: images } }, { path: '/map/*/*/image' })).toBe(
      'object-malformed: "/map" has a key behind which a JSON pointer is longer than 2000 characters',
    );
    expect(slotsOf({ map: { ['k'.repeat(1900)]: images } }, { path: '/map/*/*/image' })).toHaveLength(1000);
  });

  test('what the jmesPath of all images takes', () => {
    const images = Array.from({ length: 900 }, () => ({ image: 'a/'.repeat(3000) }));
    const costly = { path: '/images/*/image', jmesPath: "replace_all(@, 'a/', 'b/')" };
    expect(refusal({ images }, costly)).toMatch(/comes to no image by the rule's jmesPath: .*steps/);
    expect(slotsOf({ images: images.slice(0, 3) }, costly)).toHaveLength(3);
  });
});

test('the place of an extractor as it is written, and kinds without extractors', () => {
  expect(extractors({ path: 'spec/steps/*/image' }, { path: '/spec/*', value: 'ref' }).map(pathOf)).toEqual([
    '/spec/steps/*/image',
    '/spec/*/ref',
  ]);
  const pod = { spec: { containers: [{ name: 'a', image: 'x' }], other: 'y' } };
  expect(slotsFor(undefined, { group: '', kind: 'Pod' }, pod).map(({ text }) => text)).toEqual(['x']);
  expect(
    slotsFor(extractors({ path: '/spec/other' }), { group: '', kind: 'Pod' }, pod).map(({ text }) => text),
  ).toEqual(['y']);
});

/** What stands at a JSON pointer (RFC 6901). */
function at(object: unknown, pointer: string): unknown {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>(
    (value, key) => Object.entries(value as Json).find(([name]) => name === key)?.[1],
    object,
  );
}

test('whatever an object is: each image is the text at its pointer, no two have one, or the object is refused', () => {
  const names = fc.constantFrom('a', 'b', '__proto__', 'a/b', '~', '~1', '0', '');
  const { object } = fc.letrec((tie) => ({
    object: fc
      .tuple(
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
        fc.constantFrom<unknown>('x', 'y', 'z', null),
      )
      .map(([fields, image]) => ({ ...fields, image })),
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>('x', null, {}),
      { arbitrary: fc.array(tie('object'), { maxLength: 3 }), weight: 3 },
      { arbitrary: fc.dictionary(names, tie('object'), { maxKeys: 3, noNullPrototype: true }), weight: 5 },
    ),
  }));
  const step = fc.constantFrom('a', 'a/*', 'b', 'b/*', '__proto__/*');
  const path = fc.array(step, { maxLength: 3 }).map((steps) => `/${[...steps, 'image'].join('/')}`);
  const fields = fc.record(
    { path, name: fc.constantFrom('x', 'y'), key: fc.constantFrom('image', 'b') },
    { requiredKeys: ['path'] },
  );
  let found = 0;
  fc.assert(
    fc.property(object, fc.array(fields, { minLength: 1, maxLength: 3 }), (made, written) => {
      // As it comes: read from JSON.
      const read = JSON.parse(JSON.stringify(made)) as Json;
      try {
        const slots = extractedSlots(extractors(...written), read);
        for (const { jsonPointer, text } of slots) expect(at(read, jsonPointer)).toBe(text);
        expect(new Set(slots.map(({ list, name }) => JSON.stringify([list, name]))).size).toBe(slots.length);
        found += slots.length;
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
        expect(thrown.reason).toBe('object-malformed');
      }
    }),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(20);
});
