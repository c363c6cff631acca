import { isBeingDeleted, unchangedSlots } from './changes.ts';
import type { ImageSlot } from './slots.ts';

function slot(list: ImageSlot['list'], name: string, text: string): ImageSlot {
  return { list, name, jsonPointer: '', text };
}

describe('an UPDATE leaves a slot alone if list, name and text are the same', () => {
  const old = [
    slot('containers', 'web', 'a:1'),
    slot('initContainers', 'setup', 'b:1'),
    slot('volumes', 'model', 'c:1'),
  ];

  test.each<[string, ImageSlot, boolean]>([
    ['the same', slot('containers', 'web', 'a:1'), true],
    ['an image volume', slot('volumes', 'model', 'c:1'), true],
    ['another text', slot('containers', 'web', 'a:2'), false],
    ['another spelling of the same image', slot('containers', 'web', 'docker.io/a:1'), false],
    ['a new name', slot('containers', 'web2', 'a:1'), false],
    ["another list's container", slot('ephemeralContainers', 'web', 'a:1'), false],
  ])('%s', (_, changed, unchanged) => {
    expect(unchangedSlots(old, [changed]).has(changed)).toBe(unchanged);
  });

  test('the order does not count', () => {
    const reversed = [...old].reverse();
    expect(unchangedSlots(old, reversed)).toEqual(new Set(reversed));
  });

  test('without old slots everything is changed', () => {
    expect(unchangedSlots([], old).size).toBe(0);
  });
});

test('an object is being deleted once it has a deletionTimestamp', () => {
  expect(isBeingDeleted({ metadata: { deletionTimestamp: '2026-11-24T09:00:00Z' } })).toBe(true);
  for (const deletionTimestamp of [undefined, null, '', 7, {}]) {
    expect(isBeingDeleted({ metadata: { deletionTimestamp } })).toBe(false);
  }
  expect(isBeingDeleted({})).toBe(false);
  expect(isBeingDeleted({ metadata: 'deletionTimestamp' })).toBe(false);
});
