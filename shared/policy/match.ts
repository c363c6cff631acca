import type { Subject } from '../admission/subject.ts';
import { compileWildcard, hasWildcard } from '../image/wildcard.ts';
import { everyNameFits, someNameFits } from './generated-name.ts';
import type { Filter, KindPattern, LabelSelector, RequestSubject, ResourceFilter, Rule } from './policy.ts';

export type Test = (subject: Subject) => boolean;
type Matches = (text: string) => boolean;

/** Rules live as long as their policy set; their filters are compiled once. */
const compiled = new WeakMap<Rule, Test>();

/**
 * Whether a rule is about an object, by match and exclude: an exclude takes away what the match lets in. Image rules are
 * asked on CREATE and UPDATE alone, and a namespaced Policy only in its own namespace, as in Kyverno. An object whose name is yet to
 * be made of its generateName is one of the rule's if under any name it could be: validate sees the name, and must not ask what
 * mutate was never asked.
 */
export function ruleApplies(rule: Rule, subject: Subject): boolean {
  let test = compiled.get(rule);
  if (test === undefined) {
    test = compileRule(rule);
    compiled.set(rule, test);
  }
  return test(subject);
}

function compileRule({ namespace, match, exclude }: Rule): Test {
  const matches = compileFilter(match, letsIn);
  const excludes = compileExclusion(exclude);
  return (subject) => {
    if (subject.operation !== 'CREATE' && subject.operation !== 'UPDATE') return false;
    if (namespace !== undefined && subject.namespace !== namespace) return false;
    return matches(subject) && !excludes(subject);
  };
}

/** What a filter makes of what is not known yet: where there is doubt a rule is about the object. */
interface Doubt {
  /** Of names that can be made of a generateName, which ones must fit. */
  readonly names: typeof someNameFits;
  /** Whether a namespace is selected whose labels nobody tells. */
  readonly namespace: boolean;
  /** Whether somebody is meant whom nobody tells: an API server always does, and the command line where it is told. */
  readonly user: boolean;
}

const letsIn: Doubt = { names: someNameFits, namespace: true, user: true };
const takesAway: Doubt = { names: everyNameFits, namespace: false, user: false };

/** What takes an object away from a rule: an exclude, and what an exception is about. */
export function compileExclusion(filter: Filter): Test {
  return compileFilter(filter, takesAway);
}

function compileFilter({ mode, blocks }: Filter, doubt: Doubt): Test {
  const tests = blocks.map((block) => compileBlock(block, doubt));
  if (tests.length === 0) return () => false;
  return mode === 'any' ? anyOf(tests) : allOf(tests);
}

function anyOf(tests: readonly Test[]): Test {
  const only = tests.length === 1 ? tests[0] : undefined;
  if (only !== undefined) return only;
  return (subject) => {
    for (const test of tests) if (test(subject)) return true;
    return false;
  };
}

function allOf(tests: readonly Test[]): Test {
  const only = tests.length === 1 ? tests[0] : undefined;
  if (only !== undefined) return only;
  return (subject) => {
    for (const test of tests) if (!test(subject)) return false;
    return true;
  };
}

/** A block that asks nothing matches nothing: what would match everything is never written by leaving something out. */
function compileBlock(filter: ResourceFilter, doubt: Doubt): Test {
  const tests: Test[] = [];
  const { operations, kinds, names, namespaces, annotations, selector, namespaceSelector, subjects } = filter;
  if (operations !== undefined) tests.push((subject) => operations.includes(subject.operation));
  if (kinds !== undefined) tests.push(anyOf(kinds.map(compileKind)));
  if (names !== undefined) {
    const matches = anyText(names);
    const mayMatch = doubt.names(names);
    tests.push(({ name, generateName }) =>
      name === '' && generateName !== '' ? mayMatch(generateName) : matches(name),
    );
  }
  if (namespaces !== undefined) {
    const matches = anyText(namespaces);
    tests.push((subject) => matches(subject.kind === 'Namespace' ? subject.name : subject.namespace));
  }
  if (annotations !== undefined) {
    const wanted = Object.entries(annotations).map(([name, value]) => compilePair(name, value));
    tests.push((subject) => allHold(wanted, subject.annotations));
  }
  if (selector !== undefined) {
    const selects = compileSelector(selector);
    tests.push(({ labels }) => selects(labels));
  }
  if (namespaceSelector !== undefined) {
    const selects = compileNamespaceSelector(namespaceSelector);
    tests.push(({ namespace, namespaceLabels }) => selects(namespace, namespaceLabels) ?? doubt.namespace);
  }
  if (subjects !== undefined) {
    const isMeant = anyOf(subjects.map(compileSubject));
    tests.push((subject) => isMeant(subject) || (doubt.user && isUntold(subject)));
  }
  return tests.length === 0 ? () => false : allOf(tests);
}

/** What a kind's pattern is compared with. */
export type KindOf = Pick<Subject, 'group' | 'version' | 'kind' | 'subresource'>;

/**
 * A kind's pattern, of match and of exclude alike. One that names no subresource and is about Pods is about Pod/ephemeralcontainers
 * too, as in Kyverno: a debug container's image is one of the Pod's. One that names a subresource is about that alone.
 */
export function compileKind(pattern: KindPattern): (subject: KindOf) => boolean {
  const group = textTest(pattern.group);
  const version = textTest(pattern.version);
  const kind = textTest(pattern.kind);
  const subresource = textTest(pattern.subresource);
  const namesNone = pattern.subresource === '';
  return (subject) => {
    if (!kind(subject.kind) || !group(subject.group) || !version(subject.version)) return false;
    return subresource(subject.subresource) || (namesNone && isEphemeralContainers(subject));
  };
}

function isEphemeralContainers({ group, version, kind, subresource }: KindOf): boolean {
  return subresource === 'ephemeralcontainers' && kind === 'Pod' && group === '' && version === 'v1';
}

function anyText(patterns: readonly string[]): Matches {
  const tests = patterns.map(textTest);
  return (text) => {
    for (const matches of tests) if (matches(text)) return true;
    return false;
  };
}

function textTest(pattern: string): Matches {
  return hasWildcard(pattern) ? compileWildcard(pattern) : (text) => text === pattern;
}

type Pairs = Readonly<Record<string, string>>;
type PairTest = (pairs: Pairs) => boolean;

function allHold(tests: readonly PairTest[], pairs: Pairs): boolean {
  for (const holds of tests) if (!holds(pairs)) return false;
  return true;
}

/** One label or annotation asked for; with wildcards any pair that fits both name and value is enough. */
function compilePair(name: string, value: string): PairTest {
  if (!hasWildcard(name)) {
    const matches = textTest(value);
    return (pairs) => {
      const found = Object.hasOwn(pairs, name) ? pairs[name] : undefined;
      return found !== undefined && matches(found);
    };
  }
  const matchesName = textTest(name);
  const matchesValue = textTest(value);
  return (pairs) => {
    for (const each of Object.keys(pairs)) {
      if (matchesName(each) && matchesValue(pairs[each] ?? '')) return true;
    }
    return false;
  };
}

/** Kubernetes' label selector, all requirements; NotIn holds where the label is absent. */
export function compileSelector({ matchLabels, matchExpressions }: LabelSelector): PairTest {
  const labels = Object.entries(matchLabels).map(([name, value]) => compilePair(name, value));
  const requirements = [...labels, ...matchExpressions.map(compileExpression)];
  return (pairs) => allHold(requirements, pairs);
}

function isUntold({ user: { username, groups } }: Subject): boolean {
  return username === '' && groups.length === 0;
}

/** API servers set this label of each namespace to its name, and let nobody change it. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** Whether a namespace is selected; `undefined` where its labels decide, and nobody tells them. */
export function compileNamespaceSelector(
  selector: LabelSelector,
): (namespace: string, labels: Pairs | undefined) => boolean | undefined {
  const selects = compileSelector(selector);
  const keys = [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
  const asksForNameAlone = keys.every((key) => key === namespaceNameLabel);
  return (namespace, labels) => {
    if (labels !== undefined) return selects(labels);
    return asksForNameAlone && namespace !== '' ? selects({ [namespaceNameLabel]: namespace }) : undefined;
  };
}

function compileSubject({ what, name }: RequestSubject): Test {
  const matches = textTest(name);
  if (what === 'user') return ({ user }) => matches(user.username);
  return ({ user }) => user.groups.some(matches);
}

function compileExpression(expression: LabelSelector['matchExpressions'][number]): PairTest {
  const { key, operator, values } = expression;
  return (labels) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const isIn = value !== undefined && values.includes(value);
    return operator === 'In' ? isIn : !isIn;
  };
}
