import { readdirSync, readFileSync } from 'node:fs';
import { parseReference } from '../image/reference.ts';
import { isBeingDeleted, unchangedSlots } from './changes.ts';
import { type AdmissionRequest, parseReview } from './review.ts';
import { imageSlots } from './slots.ts';

const folder = new URL('../../events/', import.meta.url);
const samples = readdirSync(folder).filter((name) => /^review-.*\.json$/.test(name));

function read(name: string): AdmissionRequest {
  const parsed = parseReview(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
  if (parsed.kind !== 'review') throw new Error(`${name}: ${parsed.problem}`);
  return parsed.request;
}

function slotsOf(request: AdmissionRequest, side: 'object' | 'oldObject' = 'object') {
  const object = request[side];
  return object === undefined ? [] : imageSlots(request.kind.group, request.kind.kind, object);
}

test('each sample review is one, names images, and has a uid of its own', () => {
  expect(samples).toHaveLength(11);
  const requests = samples.map(read);
  for (const request of requests) {
    expect(slotsOf(request).length).toBeGreaterThan(0);
    for (const { text } of slotsOf(request)) expect(text).toMatch(/^localhost:5000\/demo\//i);
  }
  expect(new Set(requests.map((request) => request.uid)).size).toBe(samples.length);
});

test('only the unparsable image does not parse', () => {
  const refused = samples.filter((name) => slotsOf(read(name)).some(({ text }) => 'problem' in parseReference(text)));
  expect(refused).toEqual(['review-pod-unparsable-image.json']);
});

test.each([
  ['review-pod-update-unchanged.json', []],
  ['review-pod-update-changed.json', ['containers/web']],
  ['review-pod-ephemeral.json', ['ephemeralContainers/debugger']],
  ['review-pod-being-deleted.json', []],
])('%s changes %j', (name, changed) => {
  const request = read(name);
  const slots = slotsOf(request);
  const unchanged = unchangedSlots(slotsOf(request, 'oldObject'), slots);
  expect(slots.filter((slot) => !unchanged.has(slot)).map((slot) => `${slot.list}/${slot.name}`)).toEqual(changed);
  expect(request.oldObject !== undefined && isBeingDeleted(request.oldObject)).toBe(name.includes('deleted'));
});

test('the two reviews of the bench are of the sizes that they are named for', () => {
  const sizes = ['review-pod-small.json', 'review-pod-10kb-six-containers.json'].map(
    (name) => JSON.stringify(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))).length,
  );
  expect(sizes[0]).toBeGreaterThan(1_500);
  expect(sizes[0]).toBeLessThan(2_200);
  expect(sizes[1]).toBeGreaterThan(9_500);
  expect(sizes[1]).toBeLessThan(11_000);
  expect(slotsOf(read('review-pod-10kb-six-containers.json'))).toHaveLength(6);
});
