import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

/** A structural schema, as far as these tests write one. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'boolean';
  readonly default?: string | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
}

export interface CustomKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Any object by default. */
  readonly schema?: Schema;
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** An object that may have other fields than these. */
export function anyObject(properties: Readonly<Record<string, Schema>> = {}): Schema {
  return { type: 'object', properties, 'x-kubernetes-preserve-unknown-fields': true };
}

/** Makes a kind known to the API server, and waits until it serves it. */
export async function defineKind(cluster: Cluster, custom: CustomKind): Promise<void> {
  const { group, version, kind, plural, scope, schema = anyObject() } = custom;
  const { status, body } = await cluster.api('POST', definitions, {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase() },
      scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
        },
      ],
    },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  while ((await cluster.api('GET', `/apis/${group}/${version}/${plural}`)).status !== 200) await delay(50);
}
