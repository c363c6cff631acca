import { createHash } from 'node:crypto';
import type { Filter, LabelSelector, MatchCondition, Override, ResourceFilter, Rule } from './policy.ts';

/** One requirement of a label selector, as `matchExpressions` writes it. */
export type Requirement = LabelSelector['matchExpressions'][number];

/** What an API server decides before it calls: the labels of the namespace, and conditions in CEL. */
export interface Selection {
  readonly requirements: readonly Requirement[];
  readonly matchConditions: readonly MatchCondition[];
}

/** A rule as it is where the selection holds: what it says of namespaces' labels has been decided. */
export interface SelectedRule {
  readonly rule: Rule;
  readonly selection: Selection;
}

/** Different selectors in one rule: each doubles the ways in which a namespace can have labels. */
const mostSelectors = 4;

/** Why an API server cannot be asked what a rule says of namespaces. */
export class Unselectable extends Error {}

/**
 * A rule as an API server can be asked about it: once for each way in which its selectors of namespaces may hold, since a review does not
 * tell the labels of a namespace. A selector is negated by its requirement's opposite, so it has to have one alone where the rule asks
 * anything of the namespaces that it does not select. `together`: rules of which one is asked depending on another, so that wherever some of
 * them are asked, all are that say anything there. Throws Unselectable.
 */
export function selectedRules(rule: Rule, together: readonly Rule[] = [rule]): readonly SelectedRule[] {
  const { matchConditions } = rule;
  const selectors = selectorsOf(together);
  if (selectors.size === 0) return [{ rule, selection: { requirements: [], matchConditions } }];
  if (selectors.size > mostSelectors) {
    throw new Unselectable(`has ${selectors.size} different namespaceSelectors: more than ${mostSelectors}`);
  }
  return assignments([...selectors.values()]).flatMap((holding) => {
    const decided = decide(rule, holding);
    if (decided === undefined) return [];
    const requirements = [...selectors.values()].flatMap((used) => requirementsOf(used, holding.has(used.id)));
    return [{ rule: decided, selection: { requirements: sorted(requirements), matchConditions } }];
  });
}

/** The name of a selection in URLs, 16 hex digits; `undefined`: it selects everything. */
export function selectionHash({ requirements, matchConditions }: Selection): string | undefined {
  if (requirements.length + matchConditions.length === 0) return undefined;
  const conditions = matchConditions.map(({ name, expression }) => [name, expression]);
  return createHash('sha256')
    .update(JSON.stringify([requirements.map(textOf), conditions]))
    .digest('hex')
    .slice(0, 16);
}

interface UsedSelector {
  readonly id: string;
  readonly requirements: readonly Requirement[];
  /** Whether the rule asks something of the namespaces that it does not select which it must not ask of those that it does. */
  exact: boolean;
}

function selectorsOf(rules: readonly Rule[]): ReadonlyMap<string, UsedSelector> {
  const found = new Map<string, UsedSelector>();
  const depend = rules.length > 1;
  const use = (selector: LabelSelector | undefined, exact: boolean) => {
    if (selector === undefined) return;
    const id = idOf(selector);
    const used = found.get(id) ?? { id, requirements: requirementsIn(selector), exact: depend };
    used.exact ||= exact;
    found.set(id, used);
  };
  for (const { match, exclude, overrides } of rules) {
    for (const { namespaceSelector } of match.blocks) use(namespaceSelector, false);
    for (const { namespaceSelector } of [...exclude.blocks, ...overrides]) use(namespaceSelector, true);
  }
  return found;
}

/** Every way in which selectors may hold or not: the ids of those that do. */
function assignments(selectors: readonly UsedSelector[]): readonly ReadonlySet<string>[] {
  return selectors.reduce<readonly ReadonlySet<string>[]>(
    (ways, { id }) => ways.flatMap((way) => [new Set([...way, id]), way]),
    [new Set()],
  );
}

/** What stands for a selector that holds, or does not. Nothing: the rule asks there what it asks elsewhere too. */
function requirementsOf({ requirements, exact }: UsedSelector, holds: boolean): readonly Requirement[] {
  if (holds) return requirements;
  const [only, another] = requirements;
  if (only !== undefined && another === undefined) return [opposite(only)];
  if (!exact) return [];
  throw new Unselectable(
    'has a namespaceSelector of several requirements in exclude or in an override, or in one of several rules of which one is applied: write one alone, since an API server selects by all of them, never by their opposite',
  );
}

const opposites = { In: 'NotIn', NotIn: 'In', Exists: 'DoesNotExist', DoesNotExist: 'Exists' } as const;

function opposite({ key, operator, values }: Requirement): Requirement {
  return { key, operator: opposites[operator], values };
}

/** The rule where these selectors hold and the others do not; `undefined`: it is about nothing there. */
function decide(rule: Rule, holding: ReadonlySet<string>): Rule | undefined {
  const match = decided(rule.match, holding);
  const exclude = decided(rule.exclude, holding);
  if (match === 'nothing' || exclude === 'everything') return undefined;
  const excluded: Filter = exclude === 'nothing' ? { mode: 'any', blocks: [] } : exclude;
  const overrides = rule.overrides.flatMap((override) => decidedOverride(override, holding));
  // A block of match asks for kinds, so none is about everything.
  return match === 'everything' ? undefined : { ...rule, match, exclude: excluded, overrides };
}

function decided({ mode, blocks }: Filter, holding: ReadonlySet<string>): Filter | 'everything' | 'nothing' {
  const left: ResourceFilter[] = [];
  for (const { namespaceSelector, ...block } of blocks) {
    if (namespaceSelector === undefined) left.push(block);
    else if (holding.has(idOf(namespaceSelector))) {
      const saysMore = Object.keys(block).length > 0;
      if (saysMore) left.push(block);
      else if (mode === 'any') return 'everything';
    } else if (mode === 'all') return 'nothing';
  }
  if (left.length > 0) return { mode, blocks: left };
  return mode === 'all' && blocks.length > 0 ? 'everything' : 'nothing';
}

function decidedOverride({ namespaceSelector, ...override }: Override, holding: ReadonlySet<string>): Override[] {
  if (namespaceSelector === undefined) return [override];
  return holding.has(idOf(namespaceSelector)) ? [override] : [];
}

function requirementsIn({ matchLabels, matchExpressions }: LabelSelector): readonly Requirement[] {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] }));
  return sorted([...labels, ...matchExpressions]);
}

function idOf(selector: LabelSelector): string {
  return JSON.stringify(requirementsIn(selector).map(textOf));
}

function textOf({ key, operator, values }: Requirement): string {
  return JSON.stringify([key, operator, values.toSorted()]);
}

function sorted(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}
