import type { SigningKey } from '../../local/signer/keys.ts';

export interface PolicyParts {
  readonly name?: string;
  readonly images: string | readonly string[];
  readonly keys?: readonly SigningKey[];
  readonly action?: 'Enforce' | 'Audit';
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** Further lines of the verifyImages entry, each a `name: value`. */
  readonly entry?: readonly string[];
  /** Further lines of the attestor set, before its entries. */
  readonly set?: readonly string[];
  /** All of `attestors`, in place of `keys` and `set`. */
  readonly attestors?: readonly unknown[];
  /** Further lines of the spec. */
  readonly spec?: readonly string[];
  readonly kinds?: readonly string[];
  /** Replaces the match. */
  readonly match?: string;
}

/** A ClusterPolicy with one rule, `check`. */
export function policy(parts: PolicyParts): string {
  const { name = 'signed', action = 'Enforce', failurePolicy = 'Fail', kinds = ['Pod'], keys = [] } = parts;
  const images = typeof parts.images === 'string' ? [parts.images] : parts.images;
  const audit = action === 'Audit' ? ['mutateDigest: false'] : [];
  const entry = [...audit, ...(parts.entry ?? [])].map((line) => `          ${line}\n`).join('');
  const set = (parts.set ?? []).map((line) => `              ${line}\n`).join('');
  const spec = (parts.spec ?? []).map((line) => `  ${line}\n`).join('');
  const attestors =
    parts.attestors !== undefined
      ? `          attestors: ${JSON.stringify(parts.attestors)}\n`
      : keys.length === 0
        ? ''
        : `          attestors:\n            -\n${set}              entries:\n${keys.map(keyEntry).join('')}`;
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ${name}
spec:
  validationFailureAction: ${action}
  failurePolicy: ${failurePolicy}
${spec}  rules:
    - name: check
      match:
        ${parts.match ?? `any: [{resources: {kinds: [${kinds.join(', ')}]}}]`}
      verifyImages:
        - imageReferences: ${JSON.stringify(images)}
${entry}${attestors}`;
}

/** An attestor entry for `attestors`: a PEM of one key or of several, without the log. */
export function byKey(key: SigningKey | string, more: Readonly<Record<string, unknown>> = {}) {
  const publicKeys = typeof key === 'string' ? key : key.publicKeyPem;
  return { keys: { publicKeys, rekor: { ignoreTlog: true } }, ...more };
}

/** One attestor entry of a static key, without the log. */
function keyEntry(key: SigningKey): string {
  const indent = '                      ';
  return `                - keys:
                    rekor: {ignoreTlog: true}
                    publicKeys: |-
${key.publicKeyPem
  .trim()
  .split('\n')
  .map((line) => `${indent}${line}`)
  .join('\n')}
`;
}

export interface PodParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly generateName?: string;
  readonly finalizers?: readonly string[];
  readonly initContainers?: readonly string[];
  /** Image volumes, v0, v1, …. */
  readonly volumes?: readonly string[];
}

/** A Pod with one container an image, c0, c1, …. */
export function pod(images: readonly string[], parts: PodParts = {}) {
  const { name = 'web', namespace = 'default', initContainers = [], volumes = [], ...metadata } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata },
    spec: {
      containers: images.map((image, index) => ({ name: `c${index}`, image })),
      ...(initContainers.length === 0
        ? {}
        : { initContainers: initContainers.map((image, index) => ({ name: `i${index}`, image })) }),
      ...(volumes.length === 0
        ? {}
        : { volumes: volumes.map((reference, index) => ({ name: `v${index}`, image: { reference } })) }),
    },
  };
}

/** The review of a CREATE, or of an UPDATE where there is an old object. */
export function review(object: unknown, oldObject?: unknown, more: Readonly<Record<string, unknown>> = {}) {
  const {
    kind = '',
    apiVersion = 'v1',
    metadata,
  } = object as {
    kind?: string;
    apiVersion?: string;
    metadata?: { name?: string; namespace?: string };
  };
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'b7b0d6ac-0001',
      kind: { group, version, kind },
      resource: { group, version, resource: `${kind.toLowerCase()}s` },
      operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
      name: metadata?.name ?? '',
      namespace: metadata?.namespace ?? 'default',
      userInfo: { username: 'tester', groups: [] },
      object,
      oldObject: oldObject ?? null,
      dryRun: false,
      ...more,
    },
  };
}
