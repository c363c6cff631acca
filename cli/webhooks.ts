import type { WebhookPurpose } from '../shared/admission/path.ts';
import type { Requirement, Selection } from '../shared/policy/namespace-scopes.ts';
import { changedCondition, type MatchCondition, type Rule } from '../shared/policy/policy.ts';
import { extractedKindsOf, resourcesOf } from '../shared/policy/resources.ts';
import { type Scopes, timeoutSecondsOf } from '../shared/policy/scopes.ts';
import { type Plurals, pluralOf } from './plurals.ts';

/** Where a cluster's API server calls, and what it leaves out. */
export interface WebhookSettings {
  /** The URL that the webhooks' paths are appended to: https, without a slash at its end. */
  readonly base: string;
  readonly cluster: string;
  readonly token?: string;
  /** PEM certificates in base64; without them the API server trusts its system's roots. */
  readonly caBundle?: string;
  /** A namespace in which nothing is ever blocked, and each use is recorded. */
  readonly breakGlass?: string;
  /** Nothing is pinned and nothing is ever blocked, wherever: each admission is recorded, and warned of. */
  readonly auditOnly?: boolean;
  /** Of the kinds that rules have extractors for; what it does not name is guessed. */
  readonly plurals?: Plurals;
}

/** admissionregistration.k8s.io/v1; only what is written here. */
export interface WebhookConfiguration {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly webhooks: readonly Webhook[];
}

export interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly url: string; readonly caBundle?: string };
  readonly rules: readonly WebhookRule[];
  readonly namespaceSelector: { readonly matchExpressions: readonly NamespaceRequirement[] };
  readonly matchConditions: readonly MatchCondition[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly matchPolicy: 'Equivalent';
  readonly sideEffects: 'None';
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly ['v1'];
  readonly reinvocationPolicy?: 'IfNeeded';
}

export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly ['CREATE', 'UPDATE'];
  /** `*`: also what is in no namespace, as some custom resources. */
  readonly scope: 'Namespaced' | '*';
}

interface NamespaceRequirement {
  readonly key: string;
  readonly operator: Requirement['operator'];
  readonly values?: readonly string[];
}

type ScopeName = 'fail' | 'ignore' | 'audit';

/** What runs there starts the cluster, this project's own way into it included: no webhook is called for it. */
export const systemNamespace = 'kube-system';

/**
 * An UPDATE that changes nothing which a rule looks at is not sent: status, finalizers, owners, managed fields. The same
 * whatever the rules, so that a change of policies changes no condition, unless they have extractors. What may be absent is
 * compared as an optional value, since a condition that fails to evaluate fails the request.
 */
function changed(rules: readonly Rule[]): MatchCondition {
  const roots = new Set(rules.flatMap(rootsOf));
  const elsewhere = roots.has('*')
    ? ['object != oldObject']
    : [...roots].sort().map((root) => `object[?${celText(root)}] != oldObject[?${celText(root)}]`);
  const expression = [
    "request.operation != 'UPDATE'",
    'object.?spec != oldObject.?spec',
    'object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})',
    'object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})',
    ...elsewhere,
    ...changedAnywhere(rules),
  ].join(' || ');
  return { name: changedCondition, expression };
}

/** Fields of an object that are compared one by one: what a condition costs is bounded by the API server, and must not be the author's choice. */
const mostFields = 64;

/**
 * For kinds that rules have extractors for, and of which they ask more than images: an expression may be about any field, beside the spec
 * too. What is left out is what nobody asks of an update (leavesAll). A condition that costs too much is one that fails, for which nobody
 * is asked under Ignore, so an object of many fields is sent without looking at them.
 */
function changedAnywhere(rules: readonly Rule[]): readonly string[] {
  const kinds = new Set(rules.filter(({ varies }) => varies).flatMap(({ extractors }) => [...extractors.keys()]));
  if (kinds.size === 0) return [];
  const different = [
    'size(object) != size(oldObject)',
    `size(object) > ${mostFields}`,
    "object.exists(field, !(field in ['metadata', 'status']) && object[?field] != oldObject[?field])",
  ];
  return [`request.kind.kind in [${[...kinds].sort().map(celText).join(', ')}] && (${different.join(' || ')})`];
}

/** The fields of an object in which extractors look, beside those that are compared anyway. */
function rootsOf({ extractors }: Rule): readonly string[] {
  const roots = [...extractors.values()].flat().map(({ path, value }) => path[0] ?? value);
  return roots.filter((root) => root !== 'spec' && root !== 'metadata');
}

/** A string of CEL, whose escapes are among JSON's. */
function celText(text: string): string {
  return JSON.stringify(text);
}

/**
 * The webhooks that ask a cluster's rules: one per purpose and per scope that has rules, for exactly the resources that these can
 * match. The break-glass namespace is left out of them, and calls one of its own, in which every rule audits. With `auditOnly` that one
 * is the only one, and asks about all namespaces; a mutating one would pin.
 */
export function webhookConfigurations(scopes: Scopes, settings: WebhookSettings): WebhookConfiguration[] {
  const { breakGlass, auditOnly = false } = settings;
  if (auditOnly) {
    return [configuration('ValidatingWebhookConfiguration', webhook('validate', 'audit', scopes.audit, settings))];
  }
  const recorded = breakGlass === undefined ? [] : webhook('validate', 'audit', scopes.audit, settings);
  const asked = (purpose: WebhookPurpose) => [
    ...(['fail', 'ignore'] as const).flatMap((scope) => webhook(purpose, scope, scopes[scope], settings)),
    // Sorted, so that the order of policies and files changes nothing.
    ...[...scopes.selected]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([hash, selected]) =>
        (['fail', 'ignore'] as const).flatMap((scope) =>
          webhook(purpose, scope, selected[scope], settings, { hash, selection: selected.selection }),
        ),
      ),
  ];
  return [
    configuration('MutatingWebhookConfiguration', asked('mutate')),
    configuration('ValidatingWebhookConfiguration', [...asked('validate'), ...recorded]),
  ];
}

function configuration(kind: WebhookConfiguration['kind'], webhooks: readonly Webhook[]): WebhookConfiguration {
  const labels = { 'app.kubernetes.io/name': 'countersign', 'app.kubernetes.io/component': 'admission' };
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'countersign', labels }, webhooks };
}

/** None where the scope's rules can match nothing that holds an image. */
function webhook(
  purpose: WebhookPurpose,
  scope: ScopeName,
  rules: readonly Rule[],
  settings: WebhookSettings,
  selected?: { readonly hash: string; readonly selection: Selection },
): Webhook[] {
  const { base, cluster, token, caBundle, breakGlass, auditOnly = false } = settings;
  const emergency = scope === 'audit' && !auditOnly;
  const asked = webhookRules(rules, settings.plurals ?? new Map(), emergency);
  if (asked.length === 0) return [];
  const named = selected === undefined ? scope : `${scope}-${selected.hash}`;
  const url = [base, cluster, purpose, named, ...(token === undefined ? [] : [token])].join('/');
  const leftOut = [systemNamespace, ...(breakGlass === undefined ? [] : [breakGlass])];
  const namespaces: NamespaceRequirement = {
    key: 'kubernetes.io/metadata.name',
    ...(emergency
      ? { operator: 'In', values: leftOut.filter((name) => name === breakGlass) }
      : { operator: 'NotIn', values: leftOut }),
  };
  return [
    {
      // Names want three segments; the top-level domain `internal` is for private use, nobody's to own.
      name: `${purpose}-${named}.countersign.internal`,
      clientConfig: { url, ...(caBundle === undefined ? {} : { caBundle }) },
      rules: asked,
      namespaceSelector: {
        matchExpressions: [namespaces, ...(selected?.selection.requirements ?? []).map(requirement)],
      },
      matchConditions: [changed(rules), ...(selected?.selection.matchConditions ?? [])],
      failurePolicy: scope === 'fail' ? 'Fail' : 'Ignore',
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      timeoutSeconds: timeoutSecondsOf(rules),
      admissionReviewVersions: ['v1'],
      ...(purpose === 'mutate' ? { reinvocationPolicy: 'IfNeeded' } : {}),
    },
  ];
}

/** Exists and its opposite take no values. */
function requirement({ key, operator, values }: Requirement): NamespaceRequirement {
  return values.length === 0 ? { key, operator } : { key, operator, values };
}

/**
 * One rule per group and version. Sorted, so that the order of policies and files changes nothing. What is in no namespace is not in the
 * break-glass namespace either: an API server sends it whatever namespaces are selected.
 */
function webhookRules(rules: readonly Rule[], plurals: Plurals, emergency: boolean): WebhookRule[] {
  const ofPods = rules.flatMap(resourcesOf).map((row) => ({ ...row, scope: 'Namespaced' as const }));
  const extracted = rules.flatMap(extractedKindsOf).map((row) => {
    return {
      ...row,
      resource: pluralOf(row, plurals),
      scope: emergency ? ('Namespaced' as const) : ('*' as const),
    };
  });
  const groups = Map.groupBy([...ofPods, ...extracted], (row) => `${row.group}/${row.version} ${row.scope}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...more]]) => {
      if (first === undefined) return [];
      return {
        apiGroups: [first.group],
        apiVersions: [first.version],
        resources: [...new Set([first, ...more].map(({ resource }) => resource))].sort(),
        operations: ['CREATE', 'UPDATE'],
        scope: first.scope,
      };
    });
}
