import { podResources } from '../admission/slots.ts';
import { parseKind } from './kinds.ts';
import { compileKind } from './match.ts';
import type { Place } from './place.ts';
import type { KindPattern, Rule } from './policy.ts';
import { type LoadProblem, PolicyLoadError, type Report } from './report.ts';
import { resourcesOf } from './resources.ts';
import { nearestName } from './schema.ts';

/*
 * Rules that are about nothing which holds an image. Custom resources have any name, so a kind that is not known is no error by
 * itself; but a misspelt one is as good as no rule, and nobody would be told.
 */

/**
 * Warns of what a written rule asks about nothing: a kind in its match, a misspelt kind in its exclude, else the rule as a whole.
 * `made`: what auto-gen made of the rule.
 */
export function warnOfUnasked(rule: Rule, made: readonly Rule[], place: Place, report: Report): void {
  const unknown = kindPlaces(place.field('match')).filter(isUnknown);
  for (const kind of unknown) {
    report.warning(
      kind,
      `kind '${kind.text}' holds no image that is known here: ${hint(kind) ?? 'nothing is asked about it'}`,
    );
  }
  for (const kind of kindPlaces(place.field('exclude')).filter(isUnknown)) {
    const meant = hint(kind);
    if (meant !== undefined) report.warning(kind, `kind '${kind.text}' excludes nothing that is asked about: ${meant}`);
  }
  if (unknown.length === 0 && [rule, ...made].every(asksNothing)) {
    report.warning(
      place,
      `rule '${rule.name}' matches no Pod and no Pod controller that is created or updated: nothing is asked`,
    );
  }
}

/**
 * A set with rules of which none can ask about anything would admit everything.
 * @throws PolicyLoadError with a problem for each written rule, naming the kinds that were likely meant
 */
export function refuseUnasked(rules: readonly Rule[]): void {
  if (rules.length === 0 || !rules.every(asksNothing)) return;
  throw new PolicyLoadError(rules.filter(({ autogenOf }) => autogenOf === undefined).map(unaskedProblem));
}

function unaskedProblem({ file, line, name, policy, match }: Rule): LoadProblem {
  const patterns = match.blocks.flatMap(({ kinds = [] }) => kinds);
  const meant = patterns.map((pattern) => [pattern, likely(pattern)] as const).filter(([, kind]) => kind !== undefined);
  const hints = meant.map(([pattern, kind]) => ` (kind '${written(pattern)}': did you mean ${kind}?)`);
  const message =
    `rule '${name}' of ${policy} matches no Pod and no Pod controller${hints.join('')}, ` +
    'nor does another rule: everything would be admitted';
  return { file, line, field: '', message };
}

function asksNothing(rule: Rule): boolean {
  return resourcesOf(rule).length === 0;
}

/** Each kind that a filter names, in its blocks and in the older form without. */
function kindPlaces(filter: Place): Place[] {
  const blocks = [filter, ...filter.field('any').items, ...filter.field('all').items];
  return blocks.flatMap((block) => block.field('resources').field('kinds').items);
}

function isUnknown({ text = '' }: Place): boolean {
  const pattern = parseKind(text);
  return pattern !== undefined && !podResources.some(compileKind(pattern));
}

function hint({ text = '' }: Place): string | undefined {
  const pattern = parseKind(text);
  const kind = pattern && likely(pattern);
  return kind && `did you mean ${kind}?`;
}

const debug = 'ephemeralcontainers';
const kinds = podResources.filter(({ subresource }) => subresource === '');
const kindNames = kinds.map(({ kind }) => kind);

/** The kind that a pattern which fits none was likely to name, as specific as the pattern is; `undefined` for other kinds. */
export function likely({ group, version, kind, subresource }: KindPattern): string | undefined {
  // A group with a dot in it is somebody's own, and may have a kind of any name.
  if (group.includes('.')) return undefined;
  const ofKind = nearestName(kind, kindNames);
  const name = ofKind ?? nearestName(subresource, kindNames);
  const row = kinds.find((each) => each.kind === name);
  if (row === undefined) return undefined;
  const behind = row.kind === 'Pod' && nearestName(subresource, [debug]) !== undefined ? `/${debug}` : '';
  const fits = compileKind({ group, version, kind: row.kind, subresource: '' })(row);
  // The kind is right, and so is what stands before it: a subresource that brings no image.
  if (fits && kind === row.kind && behind === '') return undefined;
  const qualified = `${row.group === '' ? '' : `${row.group}/`}${row.version}/${row.kind}`;
  const asBare = group === '*' && version === '*' && ofKind !== undefined;
  return (asBare ? row.kind : qualified) + behind;
}

/** The selector in its shortest form: `Kind`, `version/Kind` or `group/version/Kind`, with `/subresource`. */
function written({ group, version, kind, subresource }: KindPattern): string {
  const parts = group !== '*' ? [group, version, kind] : version !== '*' ? [version, kind] : [kind];
  return [...parts, ...(subresource === '' ? [] : [subresource])].join('/');
}
