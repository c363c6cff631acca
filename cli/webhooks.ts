import type { WebhookPurpose } from '../shared/admission/path.ts';
import type { PodResource } from '../shared/admission/slots.ts';
import type { Requirement, Selection } from '../shared/policy/namespace-scopes.ts';
import type { Rule } from '../shared/policy/policy.ts';
import { resourcesOf } from '../shared/policy/resources.ts';
import { type Scopes, timeoutSecondsOf } from '../shared/policy/scopes.ts';

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
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
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
  readonly scope: 'Namespaced';
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
 * whatever the rules, so that a change of policies changes no condition. An optional map is compared as empty where it is
 * absent, since a condition that fails to evaluate fails the request.
 */
const changed = {
  name: 'spec-labels-or-annotations-changed',
  expression: [
    "request.operation != 'UPDATE'",
    'object.spec != oldObject.spec',
    'object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})',
    'object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})',
  ].join(' || '),
};

/**
 * The webhooks that ask a cluster's rules: one per purpose and per scope that has rules, for exactly the resources that these can
 * match. The break-glass namespace is left out of them, and calls one of its own, in which every rule audits.
 */
export function webhookConfigurations(scopes: Scopes, settings: WebhookSettings): WebhookConfiguration[] {
  const { breakGlass } = settings;
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
  const { base, cluster, token, caBundle, breakGlass } = settings;
  const resources = rules.flatMap(resourcesOf);
  if (resources.length === 0) return [];
  const named = selected === undefined ? scope : `${scope}-${selected.hash}`;
  const url = [base, cluster, purpose, named, ...(token === undefined ? [] : [token])].join('/');
  const leftOut = [systemNamespace, ...(breakGlass === undefined ? [] : [breakGlass])];
  const namespaces: NamespaceRequirement = {
    key: 'kubernetes.io/metadata.name',
    ...(scope === 'audit'
      ? { operator: 'In', values: leftOut.filter((name) => name === breakGlass) }
      : { operator: 'NotIn', values: leftOut }),
  };
  return [
    {
      // Names want three segments; the top-level domain `internal` is for private use, nobody's to own.
      name: `${purpose}-${named}.countersign.internal`,
      clientConfig: { url, ...(caBundle === undefined ? {} : { caBundle }) },
      rules: webhookRules(resources),
      namespaceSelector: {
        matchExpressions: [namespaces, ...(selected?.selection.requirements ?? []).map(requirement)],
      },
      matchConditions: [changed, ...(selected?.selection.matchConditions ?? [])],
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

/** One rule per group and version. Sorted, so that the order of policies and files changes nothing. */
function webhookRules(resources: readonly PodResource[]): WebhookRule[] {
  const byGroup = new Map<string, Set<string>>();
  for (const { group, version, resource } of resources) {
    const key = `${group}/${version}`;
    byGroup.set(key, (byGroup.get(key) ?? new Set()).add(resource));
  }
  return [...byGroup].sort().map(([key, names]) => {
    const [group = '', version = ''] = key.split('/');
    return {
      apiGroups: [group],
      apiVersions: [version],
      resources: [...names].sort(),
      operations: ['CREATE', 'UPDATE'],
      scope: 'Namespaced',
    };
  });
}
