import { imagePlaces, podResources } from '../../admission/slots.ts';
import { ExpressionError } from '../../expression/error.ts';
import { compileQuery } from '../../expression/expressions.ts';
import { pathOf } from '../extract.ts';
import { nearestName } from '../nearest-name.ts';
import type { Filter, ImageExtractor, Rule } from '../policy.ts';
import { mayBe } from '../resources.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { constant, list, object, plainText } from './schema.ts';

const most = 32;
const mostSteps = 64;
const fieldsOf = list(object({ path: constant, value: constant, name: constant, key: constant, jmesPath: plainText }));

/** A rule's `imageExtractors`, by kind, with Kyverno's lint. */
export function readExtractors(place: Place, report: Report): ReadonlyMap<string, readonly ImageExtractor[]> {
  const extractors = new Map<string, readonly ImageExtractor[]>();
  if (place.empty && place.names.length === 0) return extractors;
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
  const place = at.field('path');
  // As in Kyverno, which cuts at slashes and takes no notice of blanks.
  const steps = written
    .split('/')
    .map((step) => step.replace(/^ +| +$/g, ''))
    .filter((step) => step !== '');
  const last = value || steps.at(-1);
  if (!at.field('path').given) report.problem(at, 'path is required: /spec/steps/*/image');
  else if (last === undefined) report.problem(place, 'names no field with an image: write /spec/steps/*/image');
  else if (last === '*' && !value) {
    report.problem(place, 'ends in *, and names no field with an image: write value, or the field behind it');
  }
  if (steps.length > mostSteps) report.problem(place, `has ${steps.length} steps: more than ${mostSteps}`);
  for (const field of ['path', 'value', 'key'] as const) warnOfOtherSyntax(field, at.field(field), report);
  const query = jmesPath ? readQuery(jmesPath, at.field('jmesPath'), report) : undefined;
  if (last === undefined || !report.clean(at)) return undefined;
  return {
    list: name || 'custom',
    path: value ? steps : steps.slice(0, -1),
    value: last,
    ...(key && { key }),
    ...(query !== undefined && { jmesPath: query }),
  };
}

/** A step of JSONPath (`[*]`), of a JSON pointer (`~1`) or with a wildcard in it, a path of dots, and a path where a field is asked for. */
const otherSyntax = {
  path: /[[\]]|~[01]|[^/ ]\*|\*[^/ ]|^[^/]*\.[^/]*$/,
  value: /[[\]*/]|~[01]/,
  key: /[[\]*/]|~[01]/,
} as const;

/** Such a name no field has, and an object in which nothing is found is admitted. */
function warnOfOtherSyntax(field: keyof typeof otherSyntax, at: Place, report: Report): void {
  if (!otherSyntax[field].test(at.text ?? '')) return;
  const how =
    field === 'path' ? 'write steps with a / between them, * alone for each element' : 'write the name of one field';
  report.warning(at, `is looked for letter by letter, and no field is likely to have such a name: ${how}`);
}

function readQuery(text: string, at: Place, report: Report): ImageExtractor['jmesPath'] {
  try {
    const query = compileQuery(text);
    if (query.variableNames?.size === 0) return query;
    report.problem(at, 'has a variable: it is asked about the text alone, before any variable has a value');
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    report.problem(at, thrown.message);
    return undefined;
  }
}

/** What a rule's extractors are likely not to be meant to do. Nothing of it would be told when an object comes. */
export function lintExtractors(
  { extractors, match, entries }: Pick<Rule, 'extractors' | 'match' | 'entries'>,
  place: Place,
  report: Report,
): void {
  const transforms = [...extractors.values()].some((each) => each.some(({ jmesPath }) => jmesPath !== undefined));
  if (transforms && entries.some(({ mutateDigest }) => mutateDigest)) {
    // An image that is made of a text cannot be written back into it.
    report.problem(
      place,
      'jmespath may not be used in an image extractor when mutating digests with verify images: write mutateDigest: false',
    );
  }
  for (const [kind, each] of extractors) {
    const at = place.field(kind);
    warnOfOtherKind(kind, match, at, report);
    warnOfSharedKeys(each, at, report);
    const unseen = isOfPods(kind, match) ? imagePlaces(kind).filter((place) => !each.some(is(place))) : [];
    if (unseen.length > 0) {
      report.warning(at, `a ${kind} is looked at nowhere else: not in ${unseen.join(', ')}, as without extractors`);
    }
  }
}

function warnOfOtherKind(kind: string, { blocks }: Filter, at: Place, report: Report): void {
  const patterns = blocks.flatMap(({ kinds = [] }) => kinds);
  const resource = { group: '*', version: '*', kind, subresource: '' };
  if (patterns.some((pattern) => mayBe(pattern, resource))) return;
  const matched = patterns.map((pattern) => pattern.kind);
  const nearest = nearestName(kind, matched);
  const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  report.warning(at, `has no effect: match names no kind '${kind.slice(0, 60)}'${meant}`);
}

function warnOfSharedKeys(extractors: readonly ImageExtractor[], at: Place, report: Report): void {
  const lists = extractors.map(({ list }) => list);
  for (const [index, { list, key }] of extractors.entries()) {
    if (key === undefined || lists.indexOf(list) === index) continue;
    report.warning(
      at.item(index),
      `shares the name '${list.slice(0, 60)}' with another extractor, so that an object with one key in both is refused: write a name for each`,
    );
  }
}

/** Whether match can be about a kind as one of those that make Pods, which are looked at without extractors too. */
function isOfPods(kind: string, { blocks }: Filter): boolean {
  const patterns = blocks.flatMap(({ kinds = [] }) => kinds);
  return podResources.some((row) => row.kind === kind && patterns.some((pattern) => mayBe(pattern, row)));
}

function is(place: string): (extractor: ImageExtractor) => boolean {
  return (extractor) => pathOf(extractor) === place;
}
