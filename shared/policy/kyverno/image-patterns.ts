import { skipsOpenHost, skipsOpenOwner } from '../../image/open-hosts.ts';
import { namesSomeTags, withoutRegistry } from '../../image/pattern.ts';
import { canCover, canSkip, skipsAll } from '../../image/pattern-reach.ts';
import type { EntryFields } from './fields.ts';
import { imageAdvice } from './pattern-advice.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

interface Written {
  readonly pattern: string;
  readonly at: Place;
}

/**
 * An entry's imageReferences; `image` is one more, as Kyverno converts it. A pattern that no image can match is a warning, and
 * where none of them can match any, each is a problem: such an entry asks nothing, and nobody would be told.
 */
export function readImageReferences(fields: EntryFields, place: Place, report: Report): readonly string[] {
  const written = patternsAt(fields.imageReferences ?? [], place.field('imageReferences'));
  if (fields.image) {
    report.warning(place.field('image'), 'is deprecated: write imageReferences');
    written.push({ pattern: fields.image, at: place.field('image') });
  }
  if (written.length === 0 && report.clean(place)) report.problem(place, 'An image reference is required');
  const dead = new Set(written.filter(({ pattern, at }) => report.clean(at) && !canCover(pattern)));
  for (const each of written) {
    if (each.pattern === '') report.problem(each.at, 'is empty, and so matches no image');
    else if (!dead.has(each)) warnOfReach(each, report);
    else {
      const message = `${JSON.stringify(each.pattern)} matches no image that there can be`;
      const words = message + imageAdvice(each.pattern, 'imageReferences');
      if (dead.size === written.length) report.problem(each.at, words);
      else report.warning(each.at, words);
    }
  }
  return written.map(({ pattern }) => pattern);
}

/** A pattern that binds fewer images than people mean by it. */
function warnOfReach({ pattern, at }: Written, report: Report): void {
  if (warnOfRegistry({ pattern, at }, report)) return;
  const proposed = namesSomeTags(pattern);
  if (proposed !== undefined) {
    report.warning(
      at,
      `${JSON.stringify(pattern)} asks only those who write such a tag or digest, and anyone may write ` +
        `another one: ${JSON.stringify(proposed)} asks all of them`,
    );
  }
}

function warnOfRegistry({ pattern, at }: Written, report: Report): boolean {
  const proposed = withoutRegistry(pattern);
  if (proposed === undefined) return false;
  report.warning(
    at,
    `${JSON.stringify(pattern)} names no registry, and every image is compared with its registry written out: for Docker Hub, write ` +
      JSON.stringify(proposed),
  );
  return true;
}

/** An entry's skipImageReferences, with warnings of those that skip nothing, everything, or what an image's author chooses. */
export function readSkipImageReferences(
  fields: EntryFields,
  covering: readonly string[],
  place: Place,
  report: Report,
): readonly string[] {
  const skipping = fields.skipImageReferences ?? [];
  const at = place.field('skipImageReferences');
  if (skipsAll(covering, skipping)) {
    report.warning(at, 'skip every image that the entry covers, so that it asks nothing');
    return skipping;
  }
  for (const each of patternsAt(skipping, at)) {
    const { pattern, at: item } = each;
    if (!canSkip(pattern)) {
      const advice = imageAdvice(pattern, 'skipImageReferences');
      report.warning(item, `${JSON.stringify(pattern)} skips no image that there can be${advice}`);
    } else if (!warnOfRegistry(each, report)) {
      const words = openSkip(pattern);
      if (words !== undefined) report.warning(item, `${JSON.stringify(pattern)} skips images of ${words}`);
    }
  }
  return skipping;
}

function openSkip(pattern: string): string | undefined {
  if (skipsOpenHost(pattern)) {
    return 'whatever registry their author sets up: begin it with a host and a /, the owner or account in it written out';
  }
  return skipsOpenOwner(pattern) ? 'whoever takes a name there that fits: write the owner out, and a /' : undefined;
}

function patternsAt(patterns: readonly string[], at: Place): Written[] {
  return patterns.map((pattern, index) => ({ pattern, at: at.item(index) }));
}
