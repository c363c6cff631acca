import { possibleIn } from '../../image/possible.ts';
import { hasWildcard } from '../../image/wildcard.ts';
import type { Filter, KindPattern, LabelSelector, RequestSubject, ResourceFilter } from '../policy.ts';
import type { BlockFields, FilterFields, SelectorFields } from './fields.ts';
import { resourcesIn } from './filter-places.ts';
import { parseKind } from './kinds.ts';
import { type ImpossibleName, impossibleNames } from './object-names.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const nothing: Filter = { mode: 'any', blocks: [] };

/** A rule's `match`, with Kyverno's lint: what it matches must be said, and by kind. */
export function readMatch(fields: FilterFields | undefined, place: Place, namespaced: boolean, report: Report): Filter {
  const filter = readFilter(fields, place, namespaced ? 'namespaced' : 'cluster', report);
  if (!report.clean(place)) return nothing;
  if (filter.blocks.length === 0) report.problem(place, 'match resources not specified');
  for (const { block, at } of filter.blocks) {
    if (block === undefined) report.problem(at, 'match resources not specified');
    else if (block.kinds === undefined) report.problem(at, 'the kind attribute is mandatory: at least one kind');
  }
  tellImpossible(filter, report);
  return withoutPlaces(filter);
}

/** A rule's `exclude`. An empty block excludes nothing, and with `all` then nothing is excluded at all, as in Kyverno. */
export function readExclude(
  fields: FilterFields | undefined,
  place: Place,
  namespaced: boolean,
  report: Report,
): Filter {
  const filter = readFilter(fields, place, namespaced ? 'namespaced' : 'cluster', report);
  for (const { at, message } of filter.blocks.flatMap(({ impossible }) => impossible)) {
    report.warning(at, `${message}, so it excludes nothing`);
  }
  if (filter.mode === 'all' && filter.blocks.some(({ block }) => block === undefined)) return nothing;
  return withoutPlaces(filter);
}

/** The `match` of an exception. Kyverno asks for no kind in it, and one that asks nothing matches nothing. */
export function readExceptionMatch(fields: FilterFields | undefined, place: Place, report: Report): Filter {
  const filter = readFilter(fields, place, 'exception', report);
  for (const resources of resourcesIn(place)) {
    if (!resources.field('namespaceSelector').given) continue;
    report.problem(
      resources.field('namespaceSelector'),
      'cannot be known: a review does not tell the labels of a namespace, and no webhook is called by those of an exception; write namespaces',
    );
  }
  for (const { at, message } of filter.blocks.flatMap(({ impossible }) => impossible)) {
    report.warning(at, `${message}, so it excepts nothing`);
  }
  const asksNothing = filter.blocks.filter(({ block }) => block === undefined);
  for (const { at } of asksNothing) report.warning(at, 'asks nothing, so it excepts nothing');
  if (place.given && filter.blocks.length === 0) report.warning(place, 'lists nothing, so it excepts nothing');
  return filter.mode === 'all' && asksNothing.length > 0 ? nothing : withoutPlaces(filter);
}

/**
 * Names that nothing in a cluster can have: warnings, but problems where for them the whole match lets nothing in. Such a rule asks
 * nothing, and nobody would be told.
 */
function tellImpossible({ mode, blocks }: PlacedFilter, report: Report): void {
  const isEmpty = mode === 'any' ? blocks.every(({ isEmpty }) => isEmpty) : blocks.some(({ isEmpty }) => isEmpty);
  for (const { at, message } of blocks.flatMap(({ impossible }) => impossible)) {
    if (isEmpty) report.problem(at, message);
    else report.warning(at, message);
  }
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
  readonly blocks: readonly PlacedBlock[];
}

interface PlacedBlock {
  readonly at: Place;
  /** `undefined` for a block that asks nothing. */
  readonly block: ResourceFilter | undefined;
  readonly impossible: readonly ImpossibleName[];
  /** The block is about no object, since none can have a name or a namespace that it asks for. */
  readonly isEmpty: boolean;
}

function withoutPlaces({ mode, blocks }: PlacedFilter): Filter {
  return { mode, blocks: blocks.flatMap(({ block }) => (block === undefined ? [] : [block])) };
}

/** Whose a filter is: of a namespaced Policy it names no namespaces, and an exception alone may be about every kind. */
type Whose = 'cluster' | 'namespaced' | 'exception';

function readFilter(fields: FilterFields | undefined, place: Place, whose: Whose, report: Report): PlacedFilter {
  const any = fields?.any ?? [];
  const all = fields?.all ?? [];
  if (any.length > 0 && all.length > 0) report.problem(place, "can't specify any and all together");
  if (any.length + all.length > 0 && !place.field('resources').empty) {
    report.problem(place, "can't specify any/all together with resources, the older form");
  }
  const read = (fields: BlockFields, at: Place): PlacedBlock => {
    const block = readBlock(fields, at, whose, report);
    return { at, block, ...impossibleIn(block ?? {}, at.field('resources')) };
  };
  if (any.length > 0) {
    return { mode: 'any', blocks: any.map((block, index) => read(block, place.field('any').item(index))) };
  }
  if (all.length > 0) {
    return { mode: 'all', blocks: all.map((block, index) => read(block, place.field('all').item(index))) };
  }
  const isWritten = fields?.resources !== undefined || fields?.subjects !== undefined;
  return isWritten ? { mode: 'any', blocks: [read(fields, place)] } : { mode: 'any', blocks: [] };
}

function readBlock(fields: BlockFields, place: Place, whose: Whose, report: Report): ResourceFilter | undefined {
  const namespaced = whose === 'namespaced';
  const resources = fields.resources ?? {};
  const at = place.field('resources');
  if (resources.name && resources.names && resources.names.length > 0) {
    report.problem(at, 'Both name and names can not be specified together');
  }
  if (namespaced && nonEmpty(resources.namespaces) !== undefined) {
    report.problem(at.field('namespaces'), 'Filtering namespaces not allowed in namespaced policies');
  }
  const kinds = readKinds(resources.kinds ?? [], at.field('kinds'), whose, report);
  const names = resources.name ? [resources.name] : nonEmpty(resources.names);
  const selected = readNamespaceSelector(resources.namespaceSelector, at.field('namespaceSelector'), report);
  const namespaceSelector = selected === 'every namespace' ? undefined : selected;
  const everyNamespace = selected === 'every namespace' ? ['*'] : undefined;
  const namespaces = nonEmpty(resources.namespaces) ?? everyNamespace;
  const operations = nonEmpty(resources.operations);
  const annotations = resources.annotations;
  const selector = readSelector(resources.selector, at.field('selector'), report);
  if (selector !== undefined && isEmptySelector(selector)) {
    report.problem(at.field('selector'), 'The requirements are not specified in selector');
  }
  const subjects = readSubjects(fields.subjects ?? [], place.field('subjects'), report);
  const filter: ResourceFilter = {
    ...(kinds.length > 0 && { kinds }),
    ...(names && { names }),
    ...(namespaces && { namespaces }),
    ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
    ...(selector && { selector }),
    ...(namespaceSelector && { namespaceSelector }),
    ...(operations && { operations }),
    ...(subjects.length > 0 && { subjects }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** A selector of namespaces, which an API server evaluates: it knows no wildcards. As in Kubernetes and Kyverno `{}` selects all. */
export function readNamespaceSelector(
  fields: SelectorFields | undefined,
  place: Place,
  report: Report,
): LabelSelector | 'every namespace' | undefined {
  const selector = readSelector(fields, place, report);
  if (selector !== undefined && isEmptySelector(selector)) return 'every namespace';
  for (const [name, value] of Object.entries(selector?.matchLabels ?? {})) {
    if (hasWildcard(name) || hasWildcard(value)) {
      report.problem(
        place.field('matchLabels').field(name),
        'has a wildcard: the API server selects namespaces, and knows none; write matchExpressions',
      );
    }
  }
  return selector;
}

type SubjectFields = NonNullable<BlockFields['subjects']>[number];

/** As Kyverno compares them (pkg/utils/match/subjects.go): a service account by the user name that it has. */
function readSubjects(fields: readonly SubjectFields[], place: Place, report: Report): RequestSubject[] {
  return fields.flatMap(({ kind, name, namespace }, index) => {
    const at = place.item(index);
    if (kind === undefined) report.problem(at, 'kind is required: User, Group or ServiceAccount');
    if (!name) report.problem(at, 'name is required');
    if (kind === undefined || !name) return [];
    if (kind !== 'ServiceAccount') {
      if (namespace) report.problem(at.field('namespace'), `has no effect: a ${kind} is in no namespace`);
      return [{ what: kind === 'User' ? ('user' as const) : ('group' as const), name }];
    }
    if (!namespace) report.problem(at, 'namespace is required: of the service account');
    return [{ what: 'user' as const, name: `system:serviceaccount:${namespace ?? ''}:${name}` }];
  });
}

function impossibleIn(
  { names = [], namespaces = [], annotations = {} }: ResourceFilter,
  at: Place,
): Pick<PlacedBlock, 'impossible' | 'isEmpty'> {
  const nameAt = (index: number) => (at.field('name').given ? at.field('name') : at.field('names').item(index));
  const ofNames = impossibleNames(names, 'object', nameAt);
  const ofNamespaces = impossibleNames(namespaces, 'namespace', (index) => at.field('namespaces').item(index));
  const annotationNames = Object.keys(annotations);
  const ofAnnotations = impossibleNames(annotationNames, 'annotation', (index) =>
    at.field('annotations').field(annotationNames[index] ?? ''),
  );
  const noneOf = (impossible: readonly unknown[], all: readonly unknown[]) =>
    all.length > 0 && impossible.length === all.length;
  return {
    impossible: [...ofNames, ...ofNamespaces, ...ofAnnotations],
    isEmpty: noneOf(ofNames, names) || noneOf(ofNamespaces, namespaces) || ofAnnotations.length > 0,
  };
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list !== undefined && list.length > 0 ? list : undefined;
}

function readKinds(texts: readonly string[], place: Place, whose: Whose, report: Report): KindPattern[] {
  const kinds: KindPattern[] = [];
  for (const [index, text] of texts.entries()) {
    const at = place.item(index);
    const kind = parseKind(text);
    if (text === '*' && whose !== 'exception')
      report.problem(at, "wildcard policy does not support rule type: name the kinds, '*' is none");
    else if (kind === undefined || kind.kind === '') report.problem(at, 'is not a kind: write group/version/Kind');
    else if (kind.subresource !== kind.subresource.toLowerCase()) {
      report.problem(at, `reads as '${kind.subresource}', a subresource of ${kind.kind}: write group/version/Kind`);
    } else kinds.push(kind);
  }
  return kinds;
}

/** As Kubernetes has them for labels and elsewhere: a name of 63 characters, a domain and a slash before it or not. */
export const qualifiedName =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const possibleLabel = { name: possibleIn(qualifiedName, 317), value: possibleIn(labelValue, 63) };

/** Kubernetes' label selector; Kyverno adds wildcards, in `matchLabels` alone. */
function readSelector(fields: SelectorFields | undefined, place: Place, report: Report): LabelSelector | undefined {
  if (fields === undefined) return undefined;
  const matchLabels = fields.matchLabels ?? {};
  for (const [name, value] of Object.entries(matchLabels)) {
    const at = place.field('matchLabels').field(name);
    if (!possibleLabel.name(name)) report.problem(at, 'is not a valid label name');
    if (!possibleLabel.value(value)) report.problem(at, 'is not a valid label value');
  }
  const expressions = fields.matchExpressions ?? [];
  const matchExpressions = expressions.map((expression, index) =>
    readExpression(expression, place.field('matchExpressions').item(index), report),
  );
  return { matchLabels, matchExpressions };
}

function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

type ExpressionFields = NonNullable<SelectorFields['matchExpressions']>[number];

function readExpression(
  fields: ExpressionFields,
  place: Place,
  report: Report,
): LabelSelector['matchExpressions'][number] {
  const { key = '', operator = 'In', values = [] } = fields;
  if (!place.field('operator').given) report.problem(place, 'operator is required');
  if (!qualifiedName.test(key)) report.problem(place.field('key'), 'is not a valid label name');
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0) report.problem(place, `values must be given for ${operator}`);
  if (!takesValues && values.length > 0) report.problem(place.field('values'), `must be empty for ${operator}`);
  for (const [index, value] of values.entries()) {
    if (!labelValue.test(value)) report.problem(place.field('values').item(index), 'is not a valid label value');
  }
  return { key, operator, values };
}
