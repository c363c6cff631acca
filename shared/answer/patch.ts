import { isJsonObject, own } from '../admission/json.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { formatReference } from '../image/reference.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { proofAnnotation, proofOf, scopedProofAnnotation } from './proof.ts';

/** One operation of a JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'replace'; readonly path: string; readonly value: string }
  | { readonly op: 'add'; readonly path: string; readonly value: string | Readonly<Record<string, never>> };

/**
 * Pins every verified slot to `repository:tag@digest` and writes the proof annotations, `metadata.annotations` first where
 * the object has none. Nothing is written that is there already, so that a second call patches nothing.
 */
export function patchOf(request: AdmissionRequest, verdicts: readonly Verdict[]): PatchOperation[] {
  const edits: PatchOperation[] = [];
  const pinned = new Set<string>();
  for (const { pin, digest, reference, question } of verdicts) {
    // Only a slot can be written: an image that someone named stands in no object, and the object as a whole names none.
    if (question.about.kind !== 'slot') continue;
    const { jsonPointer, text } = question.about.slot;
    if (!pin || digest === undefined || reference === undefined || reference.digest !== undefined) continue;
    if (pinned.has(jsonPointer)) continue;
    pinned.add(jsonPointer);
    const value = formatReference({ ...reference, digest });
    if (value !== text) edits.push({ op: 'replace', path: jsonPointer, value });
  }
  // The API server drops annotations that are written through a subresource.
  if (request.subResource === '') edits.push(...annotate(request, verdicts));
  return edits;
}

function annotate(request: AdmissionRequest, verdicts: readonly Verdict[]): PatchOperation[] {
  const proof = proofOf(verdicts);
  if (proof === undefined) return [];
  const edits: PatchOperation[] = [];
  const metadata = request.object === undefined ? undefined : own(request.object, 'metadata');
  const annotations = isJsonObject(metadata) ? own(metadata, 'annotations') : undefined;
  if (metadata === undefined) edits.push({ op: 'add', path: '/metadata', value: {} });
  if (!isJsonObject(annotations)) edits.push({ op: 'add', path: '/metadata/annotations', value: {} });
  const wanted = [
    [proofAnnotation, proof.flat],
    [scopedProofAnnotation, proof.scoped],
  ] as const;
  for (const [name, value] of wanted) {
    if (isJsonObject(annotations) && own(annotations, name) === value) continue;
    edits.push({ op: 'add', path: `/metadata/annotations/${name.replace('/', '~1')}`, value });
  }
  return edits;
}
