import { hasWildcard } from '../image/wildcard.ts';
import type { BlockFields, FilterFields, ResourceFields, SelectorFields } from './fields.ts';
import { parseKind } from './kinds.ts';
import type { Place } from './place.ts';
import type { Filter, KindPattern, LabelSelector, ResourceFilter } from './policy.ts';
import type { Report } from './report.ts';

const nothing: Filter = { mode: 'any', blocks: [] };

/** A rule's `match`, with Kyverno's lint: what it matches must be said, and by kind. */
export function readMatch(fields: FilterFields | undefined, place: Place, namespaced: boolean, report: Report): Filter {
  const filter = readFilter(fields, place, namespaced, report);
  if (!report.clean(place)) return nothing;
  if (filter.blocks.length === 0) report.problem(place, 'match resources not specified');
  for (const { block, at } of filter.blocks) {
    if (block === undefined) report.problem(at, 'match resources not specified');
    else if (block.kinds === undefined) report.problem(at, 'the kind attribute is mandatory: at least one kind');
  }
  return withoutPlaces(filter);
}

/** A rule's `exclude`. An empty block excludes nothing, and with `all` then nothing is excluded at all, as in Kyverno. */
export function readExclude(
  fields: FilterFields | undefined,
  place: Place,
  namespaced: boolean,
  report: Report,
): Filter {
  const filter = readFilter(fields, place, namespaced, report);
  if (filter.mode === 'all' && filter.blocks.some(({ block }) => block === undefined)) return nothing;
  return withoutPlaces(filter);
}

/** Kyverno refuses a rule of which an exclude block takes away just what a match block lets in. */
export function refuseEmptySet(match: Filter, exclude: Filter, place: Place, report: Report): void {
  if (match.mode === 'all' || exclude.mode === 'all') return;
  const excluded = new Set(exclude.blocks.map((block) => JSON.stringify(block)));
  if (match.blocks.some((block) => excluded.has(JSON.stringify(block)))) {
    report.problem(place, 'Rule is matching an empty set');
  }
}

interface PlacedFilter {
  readonly mode: 'any' | 'all';
  /** `undefined` for a block that asks nothing. */
  readonly blocks: readonly { readonly block: ResourceFilter | undefined; readonly at: Place }[];
}

function withoutPlaces({ mode, blocks }: PlacedFilter): Filter {
  return { mode, blocks: blocks.flatMap(({ block }) => (block === undefined ? [] : [block])) };
}

function readFilter(fields: FilterFields | undefined, place: Place, namespaced: boolean, report: Report): PlacedFilter {
  const any = fields?.any ?? [];
  const all = fields?.all ?? [];
  if (any.length > 0 && all.length > 0) report.problem(place, "can't specify any and all together");
  if (any.length + all.length > 0 && !place.field('resources').empty) {
    report.problem(place, "can't specify any/all together with resources, the older form");
  }
  const read = (block: BlockFields, at: Place) => ({ block: readBlock(block, at, namespaced, report), at });
  if (any.length > 0) {
    return { mode: 'any', blocks: any.map((block, index) => read(block, place.field('any').item(index))) };
  }
  if (all.length > 0) {
    return { mode: 'all', blocks: all.map((block, index) => read(block, place.field('all').item(index))) };
  }
  return fields?.resources === undefined ? { mode: 'any', blocks: [] } : { mode: 'any', blocks: [read(fields, place)] };
}

function readBlock(fields: BlockFields, place: Place, namespaced: boolean, report: Report): ResourceFilter | undefined {
  const resources = fields.resources ?? {};
  const at = place.field('resources');
  if (resources.name && resources.names && resources.names.length > 0) {
    report.problem(at, 'Both name and names can not be specified together');
  }
  if (namespaced && nonEmpty(resources.namespaces) !== undefined) {
    report.problem(at.field('namespaces'), 'Filtering namespaces not allowed in namespaced policies');
  }
  const kinds = readKinds(resources.kinds ?? [], at.field('kinds'), report);
  const names = resources.name ? [resources.name] : nonEmpty(resources.names);
  const namespaces = nonEmpty(resources.namespaces);
  const operations = nonEmpty(resources.operations);
  const annotations = resources.annotations;
  const selector = readSelector(resources, at.field('selector'), report);
  const filter: ResourceFilter = {
    ...(kinds.length > 0 && { kinds }),
    ...(names && { names }),
    ...(namespaces && { namespaces }),
    ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
    ...(selector && { selector }),
    ...(operations && { operations }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list !== undefined && list.length > 0 ? list : undefined;
}

function readKinds(texts: readonly string[], place: Place, report: Report): KindPattern[] {
  const kinds: KindPattern[] = [];
  for (const [index, text] of texts.entries()) {
    const at = place.item(index);
    const kind = parseKind(text);
    if (text === '*') report.problem(at, "wildcard policy does not support rule type: name the kinds, '*' is none");
    else if (kind === undefined || kind.kind === '') report.problem(at, 'is not a kind: write group/version/Kind');
    else if (kind.subresource !== kind.subresource.toLowerCase()) {
      report.problem(at, `reads as '${kind.subresource}', a subresource of ${kind.kind}: write group/version/Kind`);
    } else kinds.push(kind);
  }
  return kinds;
}

const labelName = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** Kubernetes' label selector; Kyverno adds wildcards, in `matchLabels` alone. */
function readSelector(resources: ResourceFields, place: Place, report: Report): LabelSelector | undefined {
  const fields = resources.selector;
  if (fields === undefined) return undefined;
  const matchLabels = fields.matchLabels ?? {};
  for (const [name, value] of Object.entries(matchLabels)) {
    const at = place.field('matchLabels').field(name);
    if (!hasWildcard(name) && !labelName.test(name)) report.problem(at, 'is not a valid label name');
    if (!hasWildcard(value) && !labelValue.test(value)) report.problem(at, 'is not a valid label value');
  }
  const expressions = fields.matchExpressions ?? [];
  const matchExpressions = expressions.map((expression, index) =>
    readExpression(expression, place.field('matchExpressions').item(index), report),
  );
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    report.problem(place, 'The requirements are not specified in selector');
  }
  return { matchLabels, matchExpressions };
}

type ExpressionFields = NonNullable<SelectorFields['matchExpressions']>[number];

function readExpression(
  fields: ExpressionFields,
  place: Place,
  report: Report,
): LabelSelector['matchExpressions'][number] {
  const { key = '', operator = 'In', values = [] } = fields;
  if (!place.field('operator').given) report.problem(place, 'operator is required');
  if (!labelName.test(key)) report.problem(place.field('key'), 'is not a valid label name');
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0) report.problem(place, `values must be given for ${operator}`);
  if (!takesValues && values.length > 0) report.problem(place.field('values'), `must be empty for ${operator}`);
  for (const [index, value] of values.entries()) {
    if (!labelValue.test(value)) report.problem(place.field('values').item(index), 'is not a valid label value');
  }
  return { key, operator, values };
}
