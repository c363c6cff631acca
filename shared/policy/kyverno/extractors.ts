import { ExpressionError } from '../../expression/error.ts';
import { compileQuery } from '../../expression/expressions.ts';
import type { Entry, ImageExtractor } from '../policy.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { list, object, plainText } from './schema.ts';

const most = 32;
const fieldsOf = list(
  object({ path: plainText, value: plainText, name: plainText, key: plainText, jmesPath: plainText }),
);

/** A rule's `imageExtractors`, by kind, with Kyverno's lint. */
export function readExtractors(place: Place, report: Report): ReadonlyMap<string, readonly ImageExtractor[]> {
  const extractors = new Map<string, readonly ImageExtractor[]>();
  if (place.empty) return extractors;
  if (place.tree?.kind !== 'mapping') {
    report.problem(place, `a mapping is expected, this is ${place.is}`);
    return extractors;
  }
  for (const kind of place.names) {
    const at = place.field(kind);
    const fields = fieldsOf(at, report) ?? [];
    if (fields.length === 0 && report.clean(at))
      report.problem(at, `no extractors found for ${kind.slice(0, 60)}: write one, or leave the kind out`);
    if (fields.length > most) report.problem(at, `has ${fields.length} extractors: more than ${most}`);
    extractors.set(
      kind,
      fields.flatMap((each, index) => readExtractor(each, at.item(index), report) ?? []),
    );
  }
  return extractors;
}

type Fields = NonNullable<ReturnType<typeof fieldsOf>>[number];

function readExtractor(fields: Fields, at: Place, report: Report): ImageExtractor | undefined {
  const { path: written = '', value, name, key, jmesPath } = fields;
  const steps = written
    .split('/')
    .map((step) => step.trim())
    .filter((step) => step !== '');
  const last = value || steps.at(-1);
  if (!written.startsWith('/') || last === undefined) {
    report.problem(at.field('path'), 'is no path: write /spec/steps/*/image');
    return undefined;
  }
  if (last === '*') {
    report.problem(
      at.field('path'),
      'ends in *, and names no field with an image: write value, or the field behind it',
    );
    return undefined;
  }
  const path = value ? steps : steps.slice(0, -1);
  const query = jmesPath ? readQuery(jmesPath, at.field('jmesPath'), report) : undefined;
  if (!report.clean(at)) return undefined;
  return {
    list: name || 'custom',
    path,
    value: last,
    ...(key && { key }),
    ...(query !== undefined && { jmesPath: query }),
  };
}

function readQuery(text: string, at: Place, report: Report): ImageExtractor['jmesPath'] {
  try {
    return compileQuery(text);
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    report.problem(at, thrown.message);
    return undefined;
  }
}

/** Kyverno's lint: an image that is made of a text cannot be written back into it. */
export function lintPinned(
  extractors: ReadonlyMap<string, readonly ImageExtractor[]>,
  entries: readonly Entry[],
  place: Place,
  report: Report,
): void {
  const transforms = [...extractors.values()].some((each) => each.some(({ jmesPath }) => jmesPath !== undefined));
  if (transforms && entries.some(({ mutateDigest }) => mutateDigest)) {
    report.problem(
      place,
      'jmespath may not be used in an image extractor when mutating digests with verify images: write mutateDigest: false',
    );
  }
}
