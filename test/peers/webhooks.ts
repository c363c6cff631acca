/** A MutatingWebhookConfiguration or a ValidatingWebhookConfiguration. */
export interface WebhookConfiguration {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly Readonly<Record<string, unknown>>[];
}

export type Step = 'mutate' | 'validate';
export type ScopeName = 'fail' | 'ignore' | 'audit';

export interface WebhookOptions {
  /** Of the configurations, and the last part of the webhooks' names. */
  readonly name: string;
  /** Where the handler is: scheme, host and port. */
  readonly url: string;
  /** PEM of the authority of its certificate. */
  readonly ca: string;
  readonly cluster: string;
  readonly token: string;
  readonly scopes: readonly ScopeName[];
  /** The only namespace that the webhooks see. */
  readonly namespace: string;
  readonly steps?: readonly Step[];
  /** 1 to 30; Kubernetes' own default is 10. */
  readonly timeoutSeconds?: number;
}

const rules = [
  { group: '', resources: ['pods', 'pods/ephemeralcontainers', 'replicationcontrollers'] },
  { group: 'apps', resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'] },
  { group: 'batch', resources: ['cronjobs', 'jobs'] },
].map(({ group, resources }) => ({
  apiGroups: [group],
  apiVersions: ['*'],
  operations: ['CREATE', 'UPDATE'],
  resources,
  scope: 'Namespaced',
}));

/** Whatever the rules are: an update that leaves spec, labels and annotations alone is nobody's business. */
const somethingChanged =
  "request.operation != 'UPDATE' || object.spec != oldObject.spec || " +
  'object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({}) || ' +
  'object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})';

/** The configurations of one cluster: one webhook a scope, for each step. */
export function configurations(options: WebhookOptions): WebhookConfiguration[] {
  const { name, steps = ['mutate', 'validate'] } = options;
  return steps.map((step) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: step === 'mutate' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: options.scopes.map((scope) => ({
      name: `${scope}.${step}.${name}.example.com`,
      clientConfig: {
        url: `${options.url}/${options.cluster}/${step}/${scope}/${options.token}`,
        caBundle: Buffer.from(options.ca).toString('base64'),
      },
      failurePolicy: scope === 'fail' ? 'Fail' : 'Ignore',
      ...(step === 'mutate' ? { reinvocationPolicy: 'IfNeeded' } : {}),
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: options.timeoutSeconds ?? 10,
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': options.namespace } },
      matchConditions: [{ name: 'something-changed', expression: somethingChanged }],
      rules,
    })),
  }));
}
