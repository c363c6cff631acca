import { controllerKinds, cronJob } from '../../admission/slots.ts';
import type { Filter, KindPattern, Rule } from '../policy.ts';
import { resourcesIn } from './filter-places.ts';
import type { PodPath } from './for-controllers.ts';
import { namesKind } from './kinds.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

export const controllersAnnotation = 'pod-policies.kyverno.io/autogen-controllers';

const maxRuleName = 63;

/**
 * Which Pod controllers the rules of a policy are also made for: the annotation's, else all. As in Kyverno one rule that is
 * not eligible, of whatever type, leaves the whole policy without; Pods themselves are asked about all the same.
 */
export function controllersOf(
  rules: readonly Place[],
  annotation: string | undefined,
  report: Report,
): readonly string[] {
  if (annotation === 'none' || annotation === '') return [];
  const reason = rules.map((rule) => [rule, ineligible(rule)] as const).find(([, why]) => why !== undefined);
  if (reason !== undefined) {
    if (annotation !== undefined) report.warning(reason[0], `no rules are made for Pod controllers: ${reason[1]}`);
    return [];
  }
  if (!rules.some(namesPods)) return [];
  return annotation === undefined ? controllerKinds : annotation.split(',').map((kind) => kind.trim());
}

/** Kyverno's own lint of the annotation, and ours: a kind that is no controller would be left out without a word. */
export function lintControllers(annotation: Place, report: Report): void {
  const value = annotation.text;
  if (value === undefined || value === 'none' || value === '') return;
  if (value === 'all') {
    report.problem(annotation, "Autogen annotation does not support 'all' anymore, remove the annotation");
    return;
  }
  for (const kind of value.split(',').map((each) => each.trim())) {
    if (!controllerKinds.includes(kind)) {
      report.problem(
        annotation,
        `'${kind.slice(0, 60)}' is not a Pod controller: write some of ${controllerKinds.join(', ')}, or none`,
      );
    }
  }
}

/** Reads what a rule says of the object once more, as it is meant for controllers in which the Pod stands at a path. */
export type Reread = (podPath: PodPath) => Partial<Rule>;

/** `autogen-x` for the controllers and `autogen-cronjob-x` for CronJob, made of a rule `x` that matches Pod. */
export function controllerRules(rule: Rule, written: Place, controllers: readonly string[], reread: Reread): Rule[] {
  if (rule.name.startsWith('autogen-') || !namesKind(kindsIn(written.field('match')), 'Pod')) return [];
  const excluded = kindsIn(written.field('exclude'));
  if (excluded.length > 0 && !namesKind(excluded, 'Pod')) return [];
  const made: Rule[] = [];
  const kinds = controllers.filter((kind) => kind !== cronJob).map(kindPattern);
  if (kinds.length > 0) {
    const forKinds = (filter: Filter) => withKinds(filter, kinds, matchesPod);
    made.push({
      ...rule,
      extractors: new Map(),
      ...reread('spec.template'),
      name: named('autogen', rule),
      autogenOf: rule.name,
      match: forKinds(rule.match),
      exclude: forKinds(rule.exclude),
    });
  }
  if (controllers.includes(cronJob)) {
    const forCronJob = (filter: Filter) => withKinds(filter, [kindPattern(cronJob)], () => true);
    const name = named('autogen-cronjob', rule);
    made.push({
      ...rule,
      extractors: new Map(),
      ...reread('spec.jobTemplate.spec.template'),
      name,
      autogenOf: rule.name,
      match: forCronJob(rule.match),
      exclude: forCronJob(rule.exclude),
    });
  }
  return made;
}

function named(prefix: string, rule: Rule): string {
  return `${prefix}-${rule.name}`.slice(0, maxRuleName);
}

/** Any group and version that the table of slots knows the kind in. */
function kindPattern(kind: string): KindPattern {
  return { group: '*', version: '*', kind, subresource: '' };
}

type Block = Filter['blocks'][number];

function withKinds(filter: Filter, kinds: readonly KindPattern[], replaces: (block: Block) => boolean): Filter {
  return { mode: filter.mode, blocks: filter.blocks.map((block) => (replaces(block) ? { ...block, kinds } : block)) };
}

function matchesPod({ kinds = [] }: Block): boolean {
  return kinds.some(({ kind }) => kind === 'Pod');
}

/** Why Kyverno makes no rules of a policy that holds this rule; `undefined`: nothing stands against it. */
function ineligible(rule: Place): string | undefined {
  if (!rule.field('generate').empty) return 'the policy has a generate rule';
  const mutate = rule.field('mutate');
  const patches = [mutate, ...mutate.field('foreach').items].map((each) => each.field('patchesJson6902'));
  if (patches.some((patch) => !patch.empty)) return 'the policy has a mutate rule with patchesJson6902';
  for (const resources of resourcesIn(rule.field('match')).concat(resourcesIn(rule.field('exclude')))) {
    const kinds = textsOf(resources.field('kinds'));
    if (!resources.field('name').empty || !resources.field('names').empty) return 'a filter asks for names';
    if (resources.field('selector').given) return 'a filter has a selector';
    if (resources.field('annotations').given) return 'a filter asks for annotations';
    if (kinds.length > 1 && namesKind(kinds, 'Pod')) return 'a filter has Pod among other kinds';
  }
  return undefined;
}

/** By its plain name, which is what Kyverno looks at: `v1/Pod` is not enough. */
function namesPods(rule: Place): boolean {
  const kinds = [...kindsIn(rule.field('match')), ...kindsIn(rule.field('exclude'))];
  return kinds.some((kind) => kind === 'Pod' || controllerKinds.includes(kind));
}

function kindsIn(filter: Place): string[] {
  return resourcesIn(filter).flatMap((resources) => textsOf(resources.field('kinds')));
}

function textsOf(list: Place): string[] {
  return list.items.flatMap((item) => item.text ?? []);
}
