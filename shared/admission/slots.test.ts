import type { JsonObject } from './json.ts';
import { controllerKinds, cronJob, imageSlots, podSpecPath } from './slots.ts';

/** Every field of a PodSpec (Kubernetes 1.36) that names an image. A new one in the API belongs here and in slots.ts. */
const imageFields = [
  { list: 'containers', at: (image: unknown) => ({ name: 'x', image }), jsonPointer: 'image' },
  { list: 'initContainers', at: (image: unknown) => ({ name: 'x', image }), jsonPointer: 'image' },
  { list: 'ephemeralContainers', at: (image: unknown) => ({ name: 'x', image }), jsonPointer: 'image' },
  {
    list: 'volumes',
    at: (image: unknown) => ({ name: 'x', image: { reference: image } }),
    jsonPointer: 'image/reference',
  },
] as const;

const kinds = [
  ['', 'Pod', '/spec'],
  ['apps', 'Deployment', '/spec/template/spec'],
  ['apps', 'DaemonSet', '/spec/template/spec'],
  ['apps', 'ReplicaSet', '/spec/template/spec'],
  ['apps', 'StatefulSet', '/spec/template/spec'],
  ['', 'ReplicationController', '/spec/template/spec'],
  ['batch', 'Job', '/spec/template/spec'],
  ['batch', 'CronJob', '/spec/jobTemplate/spec/template/spec'],
] as const;

/** An object that holds `podSpec` at a JSON pointer such as `/spec/template/spec`. */
function objectWith(jsonPointer: string, podSpec: unknown): JsonObject {
  return jsonPointer
    .split('/')
    .slice(1)
    .reduceRight((inner: unknown, key) => ({ [key]: inner }), podSpec) as JsonObject;
}

describe.each(kinds)('%s/%s', (group, kind, spec) => {
  test.each(imageFields)('$list: its image is a slot', ({ list, at, jsonPointer }) => {
    const object = objectWith(spec, { [list]: [{ name: 'none' }, at('ghcr.io/org/app:1')] });
    expect(imageSlots(group, kind, object)).toEqual([
      { list, name: 'x', jsonPointer: `${spec}/${list}/1/${jsonPointer}`, text: 'ghcr.io/org/app:1' },
    ]);
  });

  test('all fields at once: one slot each, in order', () => {
    const podSpec = Object.fromEntries(imageFields.map(({ list, at }) => [list, [at(`${list.toLowerCase()}:1`)]]));
    const found = imageSlots(group, kind, objectWith(spec, podSpec));
    expect(found.map((slot) => slot.list)).toEqual(imageFields.map(({ list }) => list));
  });

  test('an absent or empty image is no slot, and an absent spec has none', () => {
    for (const { list, at } of imageFields) {
      for (const image of [undefined, null, '']) {
        expect(imageSlots(group, kind, objectWith(spec, { [list]: [at(image)] }))).toEqual([]);
      }
    }
    for (const podSpec of [undefined, null, {}, { containers: null, volumes: null }]) {
      expect(imageSlots(group, kind, objectWith(spec, podSpec))).toEqual([]);
    }
    expect(imageSlots(group, kind, {})).toEqual([]);
  });

  test.each(imageFields)('$list of another shape is refused, naming the field', ({ list, at, jsonPointer }) => {
    const shapes: [unknown, string][] = [
      ['text', `${spec}/${list} must be a list`],
      [{ 0: at('a') }, `${spec}/${list} must be a list`],
      [['text'], `${spec}/${list}/0 must be an object`],
      [[null], `${spec}/${list}/0 must be an object`],
      [[at(7)], `${spec}/${list}/0/${jsonPointer} must be a string`],
      [[at(['a'])], `${spec}/${list}/0/${jsonPointer} must be a string`],
      [[{ ...at('a'), name: undefined }], `${spec}/${list}/0 has no name`],
      [[{ ...at('a'), name: '' }], `${spec}/${list}/0 has no name`],
      [[at('a'), at('b')], `${spec}/${list}/1/name is a second "x" in its list`],
    ];
    for (const [value, message] of shapes) {
      expect(() => imageSlots(group, kind, objectWith(spec, { [list]: value }))).toThrow(
        expect.objectContaining({ reason: 'object-malformed', message }),
      );
    }
  });

  test('a spec of another shape is refused', () => {
    for (const podSpec of ['text', 7, []]) {
      expect(() => imageSlots(group, kind, objectWith(spec, podSpec))).toThrow(
        expect.objectContaining({ reason: 'object-malformed', message: `${spec} must be an object` }),
      );
    }
  });
});

test('volumes without an image are left alone', () => {
  const volumes = [
    { name: 'a', emptyDir: {} },
    { emptyDir: {} },
    JSON.parse('{"csi":{"volumeAttributes":{"__proto__":"x"}}}'),
  ];
  expect(imageSlots('', 'Pod', { spec: { volumes } })).toEqual([]);
});

test('equal names in different lists are different slots', () => {
  const spec = { containers: [{ name: 'x', image: 'a' }], initContainers: [{ name: 'x', image: 'b' }] };
  expect(imageSlots('', 'Pod', { spec }).map((slot) => slot.text)).toEqual(['a', 'b']);
});

test('a field that is only inherited is no field', () => {
  expect(imageSlots('', 'Pod', JSON.parse('{"__proto__":{"spec":{"containers":[{"name":"x","image":"a"}]}}}'))).toEqual(
    [],
  );
});

test('1000 images are listed, one more is refused', () => {
  const containers = Array.from({ length: 1000 }, (_, index) => ({ name: `c${index}`, image: 'a' }));
  expect(imageSlots('', 'Pod', { spec: { containers } })).toHaveLength(1000);
  const more = { containers, volumes: [{ name: 'v', image: { reference: 'a' } }] };
  expect(() => imageSlots('', 'Pod', { spec: more })).toThrow(expect.objectContaining({ reason: 'object-malformed' }));
});

test('other kinds, and equal names of other groups, have no slots', () => {
  for (const [group, kind] of [
    ['', 'ConfigMap'],
    ['example.com', 'Pod'],
    ['', 'Deployment'],
    ['apps', 'constructor'],
  ] as const) {
    expect(podSpecPath(group, kind)).toBe(undefined);
    expect(imageSlots(group, kind, { spec: { containers: [{ name: 'x', image: 'a' }] } })).toEqual([]);
  }
});

test('seven kinds make Pods', () => {
  const table = kinds.map(([, kind]) => kind).filter((kind) => kind !== 'Pod');
  expect([...controllerKinds].sort()).toEqual(table.sort());
  expect(controllerKinds).toContain(cronJob);
});

test('a list of more elements than fit any Pod is refused without a look at them; one that is as long is not', () => {
  const volumes = (count: number) => ({
    spec: { volumes: Array.from({ length: count }, (_, index) => ({ name: `v${index}` })) },
  });
  expect(() => imageSlots('', 'Pod', volumes(10_001))).toThrow('/spec/volumes has more than 10000 elements');
  expect(imageSlots('', 'Pod', volumes(10_000))).toEqual([]);
});
