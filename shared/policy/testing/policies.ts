import { generateKeyPairSync } from 'node:crypto';
import type { Subject } from '../../admission/subject.ts';
import { loadExpressions } from '../../expression/expressions.ts';
import { loadRegExps } from '../../regexp.ts';
import { loadPolicies } from '../kyverno/load.ts';
import type { PolicySet, Rule } from '../policy.ts';
import { PolicyLoadError } from '../problems.ts';

type Json = Record<string, unknown>;

// As whoever loads policies does.
await loadRegExps();
await loadExpressions();

/** Public keys of P-256 as PEM, made for one run of tests. */
export const [keyA, keyB, keyC] = [makeKey(), makeKey(), makeKey()];

function makeKey(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

export function keys(pem: string = keyA, more: Json = {}): Json {
  return { keys: { publicKeys: pem, rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }, ...more };
}

/** A signer of GitHub Actions, whose policy loads without a warning. */
export function keyless(changes: Json = {}, more: Json = {}): Json {
  return {
    keyless: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'https://github.com/acme/*',
      rekor: { url: 'https://rekor.sigstore.dev' },
      ...changes,
    },
    ...more,
  };
}

export function entry(changes: Json = {}): Json {
  return { imageReferences: ['ghcr.io/acme/*'], attestors: [{ entries: [keys()] }], ...changes };
}

export function pods(resources: Json = {}): Json {
  return { any: [{ resources: { kinds: ['Pod'], ...resources } }] };
}

export function rule(changes: Json = {}): Json {
  return { name: 'signed', match: pods(), verifyImages: [entry()], ...changes };
}

/** A ClusterPolicy that enforces, with one rule unless `spec` says otherwise. */
export function clusterPolicy(spec: Json = {}, changes: Json = {}): Json {
  return {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'signed-images' },
    spec: { validationFailureAction: 'Enforce', rules: [rule()], ...spec },
    ...changes,
  };
}

/** The documents as one file, one field a line. JSON is YAML. */
export function asFile(...documents: readonly Json[]): { name: string; text: string } {
  return { name: 'policy.yaml', text: documents.map((each) => JSON.stringify(each, null, 1)).join('\n---\n') };
}

export function load(...documents: readonly Json[]): PolicySet {
  return loadPolicies([asFile(...documents)]);
}

/** A policy's first rule, as loaded. */
export function loadRule(changes: Json = {}, spec: Json = {}): Rule {
  const [first] = load(clusterPolicy({ rules: [rule(changes)], ...spec })).rules;
  if (first === undefined) throw new Error('no rule');
  return first;
}

/** `field: message` of every problem; empty if the documents load. */
export function problemsOf(...documents: readonly Json[]): string[] {
  try {
    load(...documents);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof PolicyLoadError)) throw thrown;
    return thrown.problems.map(({ field, message }) => `${field}: ${message}`);
  }
}

export function warningsOf(...documents: readonly Json[]): string[] {
  return load(...documents).warnings.map(({ message }) => message);
}

/** A Pod being created, unless `changes` say otherwise. */
export function pod(changes: Partial<Subject> = {}): Subject {
  return {
    group: '',
    version: 'v1',
    kind: 'Pod',
    subresource: '',
    operation: 'CREATE',
    namespace: 'shop',
    name: 'web',
    generateName: '',
    labels: {},
    annotations: {},
    size: 0,
    ...changes,
  };
}

export function deployment(changes: Partial<Subject> = {}): Subject {
  return pod({ group: 'apps', kind: 'Deployment', ...changes });
}
