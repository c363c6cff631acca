import type { Leaves, PolicyFile } from '../../shared/policy/kyverno/load.ts';
import type { Place } from '../../shared/policy/kyverno/place.ts';
import { Report } from '../../shared/policy/kyverno/report.ts';
import { readDocuments } from '../../shared/policy/kyverno/yaml/document.ts';
import type { LoadProblem } from '../../shared/policy/problems.ts';
import type { Expected } from './suite.ts';

/** A policy of any kind among a suite's files, as far as it says whose its rules are. */
export interface KnownPolicy {
  readonly kind: string;
  /** `name`, or `namespace/name` where a namespace is written. */
  readonly name: string;
  /** Rules by name; of kinds without rules, none. */
  readonly rules: ReadonlyMap<string, RuleType>;
}

type RuleType = 'verifyImages' | 'validate' | 'mutate' | 'generate' | 'unknown';

/**
 * Whose an expected result is: Countersign's, or why it is left to Kyverno, or why it is nobody's. `beside`: rules of other types that
 * it is about as well.
 */
export type Whose = { readonly beside: readonly string[] } | { readonly left: string } | { readonly missing: string };

/** What is no policy of images, by its apiVersion and kind: of Kyverno, and of Kubernetes. */
const foreign =
  /^(?:policies\.kyverno\.io\/\S+ \w*Policy(?:Exception)?|kyverno\.io\/\S+ (?:PolicyException|(?:Cluster)?CleanupPolicy|GlobalContextEntry)|admissionregistration\.k8s\.io\/\S+ (?:Validating|Mutating)AdmissionPolicy(?:Binding)?)$/;

/** Documents of a suite's policies that are left to Kyverno, whatever is in them. */
export const leftToKyverno: Leaves = (document) => {
  const what = kindOf(document);
  if (isPolicy(what)) return ![...rulesOf(document).values()].includes('verifyImages');
  return foreign.test(what);
};

/** The policies in a suite's files, and why files, or documents in them, cannot be read. */
export interface PoliciesIn {
  readonly known: readonly KnownPolicy[];
  readonly unreadable: readonly LoadProblem[];
}

export function policiesIn(files: readonly PolicyFile[]): PoliciesIn {
  const known: KnownPolicy[] = [];
  const unreadable: LoadProblem[] = [];
  for (const { name, text } of files) {
    const report = new Report(name);
    known.push(...readDocuments(text, report).flatMap(knownIn));
    unreadable.push(...report.problems);
  }
  return { known, unreadable };
}

function knownIn(document: Place): KnownPolicy[] {
  const what = kindOf(document);
  if (/^(?:v1 List|kyverno\.io\/\S+ (?:Cluster)?PolicyList)$/.test(what))
    return document.field('items').items.flatMap(knownIn);
  if (!isPolicy(what) && !foreign.test(what)) return [];
  const metadata = document.field('metadata');
  const [name = '', namespace = ''] = [metadata.field('name').text, metadata.field('namespace').text];
  return [
    {
      kind: document.field('kind').text ?? '',
      name: namespace === '' ? name : `${namespace}/${name}`,
      rules: isPolicy(what) ? rulesOf(document) : new Map(),
    },
  ];
}

function kindOf(document: Place): string {
  return `${document.field('apiVersion').text ?? ''} ${document.field('kind').text ?? ''}`;
}

function isPolicy(what: string): boolean {
  return /^kyverno\.io\/\S+ (?:Cluster)?Policy$/.test(what);
}

function rulesOf(policy: Place): Map<string, RuleType> {
  const rules = new Map<string, RuleType>();
  for (const rule of policy.field('spec').field('rules').items) {
    const type = (['verifyImages', 'validate', 'mutate', 'generate'] as const).find((each) => !rule.field(each).empty);
    rules.set(rule.field('name').text ?? '', type ?? 'unknown');
  }
  return rules;
}

/** Whose a result is that is expected of one of these policies. */
export function whoseIs({ policy, rule }: Expected, known: readonly KnownPolicy[]): Whose {
  const named = known.filter(({ name }) => isNamed(name, policy));
  if (named.length === 0) {
    const others = known.map(({ name }) => name).join(', ');
    return { missing: `no policy of this name is among the suite's: ${others === '' ? 'it has none' : others}` };
  }
  const types = named.flatMap(({ kind, rules }) => [...rules].map(([name, type]) => ({ kind, name, type })));
  const ruleless = named.find(({ kind }) => kind !== 'ClusterPolicy' && kind !== 'Policy');
  const matching = types.filter(({ name }) => rule === '' || isRule(name, rule));
  if (matching.some(({ type }) => type === 'verifyImages')) {
    return { beside: matching.filter(({ type }) => type !== 'verifyImages').map(({ name }) => name) };
  }
  const [first] = matching;
  if (first !== undefined)
    return { left: first.type === 'unknown' ? 'a rule of no known type' : `a ${first.type} rule` };
  if (ruleless !== undefined) return { left: `a ${ruleless.kind}` };
  return {
    missing: `the policy has no rule of this name: ${types.map(({ name }) => name).join(', ') || 'it has none'}`,
  };
}

/** A namespace need not be written; one that is has to be the policy's, `default` where it names none. */
export function isNamed(name: string, written: string): boolean {
  if (name === written) return true;
  const [own = '', namespace = 'default'] = name.split('/').toReversed();
  return written === own || written === `${namespace}/${own}`;
}

/** The rule itself, or the one that auto-gen makes of it for a controller. */
function isRule(name: string, written: string): boolean {
  return name === written || written === `autogen-${name}` || written === `autogen-cronjob-${name}`;
}
