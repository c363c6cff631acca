import { podResources } from '../admission/slots.ts';
import { compileKind } from './match.ts';
import { nearestName } from './nearest-name.ts';
import type { KindPattern, Rule } from './policy.ts';
import { type LoadProblem, PolicyLoadError } from './problems.ts';
import { extractedKindsOf, resourcesOf } from './resources.ts';

/*
 * Rules that are about nothing which holds an image. Custom resources have any name, so a kind that is not known is no error by
 * itself; but a misspelt one is as good as no rule, and nobody would be told.
 */

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
  const meanings = meant.map(([pattern, kind]) => ` (kind '${written(pattern)}': did you mean ${kind}?)`);
  const message =
    `rule '${name}' of ${policy} matches no Pod and no Pod controller${meanings.join('')}, ` +
    'nor does another rule: everything would be admitted';
  return { file, line, field: '', message };
}

/** Whether the rule can match nothing that holds an image. */
export function asksNothing(rule: Rule): boolean {
  return resourcesOf(rule).length === 0 && extractedKindsOf(rule).length === 0;
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
