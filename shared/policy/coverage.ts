import { compilePatterns } from '../image/pattern.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Spellings } from '../image/spellings.ts';
import type { Entry } from './policy.ts';

export type Coverage = 'covered' | 'skipped' | 'uncovered';

/**
 * Whether an entry is about an image. A text that did not parse (`undefined`) is covered by every entry: it must end in
 * `invalid`, never in nobody having asked.
 */
export function coverage(entry: Entry, spellings: Spellings | undefined): Coverage {
  if (spellings === undefined) return 'covered';
  for (const pattern of compilePatterns(entry.imageReferences)) {
    if (pattern.covers(spellings)) return isSkipped(entry, spellings.reference) ? 'skipped' : 'covered';
  }
  return 'uncovered';
}

function isSkipped(entry: Entry, reference: ImageReference): boolean {
  for (const pattern of compilePatterns(entry.skipImageReferences)) if (pattern.skips(reference)) return true;
  return false;
}
