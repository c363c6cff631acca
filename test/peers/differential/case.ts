import type { Reason } from './reasons.ts';
import type { World } from './world.ts';

/** One policy and what it is asked about: it is about nothing else, since each case has namespaces of its own. */
export interface Case {
  /** The policy's name, and how the namespaces begin: `c1` or `c1-prod`. */
  readonly name: string;
  /** For people who read of a difference. */
  readonly about: string;
  readonly policy: object;
  readonly resources: readonly object[];
  readonly exceptions?: readonly object[];
  /** Labels of namespaces by their names. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What stands in a values file for this policy. */
  readonly values?: Readonly<Record<string, string>>;
  /** Why the two may differ about it: a heading of docs/differences.md. */
  readonly reason?: Reason;
}

/** A case without its name, which its place gives. */
export type Draft = (name: string, world: World) => Omit<Case, 'name'>;

export type Fields = Readonly<Record<string, unknown>>;

/** A ClusterPolicy of one rule; `spec` and `rule` add to it. */
export function policyFor(
  name: string,
  verifyImages: readonly Fields[],
  {
    spec = {},
    rule = {},
    annotations = {},
  }: { spec?: Fields; rule?: Fields; annotations?: Record<string, string> } = {},
): object {
  return {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name, annotations },
    spec: {
      validationFailureAction: 'Enforce',
      background: false,
      webhookTimeoutSeconds: 30,
      rules: [{ name: 'signed', match: { any: [pods(name)] }, verifyImages, ...rule }],
      ...spec,
    },
  };
}

/** A filter for Pods in the case's namespaces; what `more` says counts over that. */
export function pods(name: string, more: Fields = {}): Fields {
  return { resources: { kinds: ['Pod'], namespaces: [`${name}`, `${name}-*`], ...more } };
}

export type Kind = 'Pod' | 'Deployment' | 'StatefulSet' | 'Job' | 'CronJob';

export interface Holding {
  readonly kind?: Kind;
  readonly containers: readonly string[];
  readonly init?: readonly string[];
  readonly ephemeral?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const apiVersions: Readonly<Record<Kind, string>> = {
  Pod: 'v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

/** An object that runs images. */
export function workload(namespace: string, name: string, held: Holding): object {
  const { kind = 'Pod', labels = {}, annotations = {} } = held;
  const spec = podSpec(held);
  const template = { metadata: { labels: { app: name } }, spec };
  const metadata = { name, namespace, labels, annotations };
  const whole = { apiVersion: apiVersions[kind], kind, metadata };
  if (kind === 'Pod') return { ...whole, spec };
  if (kind === 'CronJob') return { ...whole, spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } } };
  const selector = kind === 'Job' ? {} : { selector: { matchLabels: { app: name } } };
  return { ...whole, spec: { ...selector, template } };
}

function podSpec({ containers, init = [], ephemeral = [] }: Holding): object {
  const named = (prefix: string, images: readonly string[]) =>
    images.map((image, index) => ({ name: `${prefix}-${index}`, image }));
  return {
    containers: named('main', containers),
    ...(init.length === 0 ? {} : { initContainers: named('init', init) }),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainers: named('debug', ephemeral) }),
  };
}
