import { ExpressionError, isSwallowed, told } from '../expression/error.ts';
import { unionOf } from '../expression/nested.ts';
import type { Query } from '../expression/query.ts';
import type { Run } from '../expression/run.ts';
import { layered, lazily, type Scope } from '../expression/scope.ts';
import type { Template } from '../expression/template.ts';
import type { Json } from '../expression/value.ts';
import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import { ChosenImageRefusal } from './chosen-image.ts';

/** An element of a rule's `context`: a name that the rule's expressions may begin with. */
export type ContextEntry = VariableEntry | ConfigMapEntry | ImageRegistryEntry;

/** `value`, `jmesPath` or both are there. */
export interface VariableEntry {
  readonly kind: 'variable';
  readonly name: string;
  readonly value?: Template;
  /** About the value, or else about the scope. */
  readonly jmesPath?: Query;
  readonly default?: Template;
}

export interface ConfigMapEntry {
  readonly kind: 'config-map';
  readonly name: string;
  /** Both come to a string; an empty namespace is the policy's own, else `default`. */
  readonly configMap: { readonly name: Template; readonly namespace: Template };
}

/** What a registry says of an image. Whoever may ask one does so ahead of evaluation. */
export interface ImageRegistryEntry {
  readonly kind: 'image-registry';
  readonly name: string;
  /** Comes to a string. */
  readonly reference: Template;
  /** The same as it is written. */
  readonly written: string;
  /** The object, or another image, may say which one it is. */
  readonly chosen: boolean;
  readonly jmesPath?: Query;
}

/** A ConfigMap among the policies. */
export interface ConfigMap {
  readonly metadata: Json;
  /** Null where the ConfigMap has none. */
  readonly data: { readonly [key: string]: string } | null;
}

/** Where the entries' values come from. */
export interface ContextSources {
  /** By `namespace/name`. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  /** By the reference that is asked for: what a registry said, or why it did not. */
  readonly imageData: ImageData;
  /** Of a namespaced Policy, which reads ConfigMaps of its namespace alone; `undefined`: a ClusterPolicy. */
  readonly policyNamespace: string | undefined;
}

export type ImageData = ReadonlyMap<string, Json | Refusal>;

/** That an expression asks for an image which no registry was asked about yet. Nothing swallows it: whoever may ask does, and begins anew. */
export class ImageNeeded extends Error {
  override readonly name = 'ImageNeeded';
  readonly reference: string;
  /** Not by the policies: the object may say which image it is. */
  readonly chosen: boolean;

  constructor(reference: string, chosen: boolean) {
    super(`${reference} is needed`);
    this.reference = reference;
    this.chosen = chosen;
  }
}

/** What a request gives a name. */
export const requestNames = ['request', 'images', 'serviceAccountName', 'serviceAccountNamespace'] as const;
const taken = [...requestNames, 'element', 'elementIndex'];

/**
 * The name of Kyverno's own that an entry's name would hide, or stand inside of; `undefined`: the name is free. Kyverno refuses all but
 * `image`, which means something else as soon as an image is under verification.
 */
export function takenName(name: string): string | undefined {
  return [...taken, 'image'].find((each) => name === each || name.startsWith(`${each}.`));
}

/**
 * The names of `base`, and those of the entries over them. An entry is loaded when its name is first asked for, and once; it sees the
 * entries before it, and of two with one name the later one counts for what comes after it. One that cannot be loaded is an
 * ExpressionError wherever its name is asked for. `run` pays for loading.
 */
export function contextScope(entries: readonly ContextEntry[], base: Scope, sources: ContextSources, run: Run): Scope {
  return entries.reduce<Scope>((before, entry) => {
    const load = () => told(`failed to load context: ${entry.name}`, () => loaded(entry, before, sources, run));
    return layered(lazily(new Map([[entry.name, load]])), before);
  }, base);
}

/** Which of the entries may be loaded, in their order, where `names` are asked for (`undefined`: any) and what those ask for in turn. */
export function entriesFor(
  names: ReadonlySet<string> | undefined,
  entries: readonly ContextEntry[],
): readonly ContextEntry[] {
  let asked = names;
  const needed: ContextEntry[] = [];
  for (const entry of entries.toReversed()) {
    if (asked?.has(entry.name) === false) continue;
    needed.unshift(entry);
    // Another one of this name, before it, is asked for by this one alone.
    asked = unionOf([asked?.difference(new Set([entry.name])), namesOf(entry)]);
  }
  return needed;
}

/** Whether any of these names comes to something of the request, by itself or by an entry. `undefined`: any name may. */
export function asksRequest(names: ReadonlySet<string> | undefined, entries: readonly ContextEntry[]): boolean {
  const asked = unionOf([names, ...entriesFor(names, entries).map(namesOf)]);
  return asked === undefined || requestNames.some((name) => asked.has(name));
}

/** The names that an entry asks for; `undefined`: any. */
export function namesOf(entry: ContextEntry): ReadonlySet<string> | undefined {
  switch (entry.kind) {
    case 'config-map':
      return unionOf([entry.configMap.name.names, entry.configMap.namespace.names]);
    case 'image-registry':
      return unionOf([entry.reference.names, namesOfQuery(entry.jmesPath, true)]);
    case 'variable': {
      const { value, jmesPath } = entry;
      return unionOf([
        namesOfTemplate(value),
        namesOfQuery(jmesPath, value !== undefined),
        namesOfTemplate(entry.default),
      ]);
    }
  }
}

const none: ReadonlySet<string> = new Set();

function namesOfTemplate(template: Template | undefined): ReadonlySet<string> | undefined {
  return template === undefined ? none : template.names;
}

function namesOfQuery(query: Query | undefined, onValue: boolean): ReadonlySet<string> | undefined {
  if (query === undefined) return none;
  return onValue ? query.variableNames : query.names;
}

function loaded(entry: ContextEntry, scope: Scope, sources: ContextSources, run: Run): Json {
  switch (entry.kind) {
    case 'variable':
      return variable(entry, scope, run);
    case 'config-map':
      return configMap(entry, scope, sources, run);
    case 'image-registry':
      return imageData(entry, scope, sources, run);
  }
}

/**
 * As Kyverno's pkg/engine/context/loaders/variable.go: the default counts where the jmesPath is in error, or is about the scope and
 * comes to null. A value is never null.
 */
function variable({ value, jmesPath, default: written }: VariableEntry, scope: Scope, run: Run): Json {
  const instead = written?.render(scope, run) ?? null;
  let result: Json;
  if (value === undefined) {
    result = attempt(() => jmesPath?.evaluate(scope, run) ?? instead, instead);
  } else {
    const given = value.render(scope, run);
    result = jmesPath === undefined ? given : attempt(() => jmesPath.evaluateOn(given, scope, run), instead);
  }
  if (result === null) throw new ExpressionError('it comes to null');
  return result;
}

function attempt(work: () => Json, instead: Json): Json {
  try {
    return work();
  } catch (thrown) {
    if (!isSwallowed(thrown) || instead === null) throw thrown;
    return instead;
  }
}

/** As Kyverno gives it: what is binary is not there. */
function configMap(
  { configMap: { name, namespace } }: ConfigMapEntry,
  scope: Scope,
  { configMaps, policyNamespace }: ContextSources,
  run: Run,
): Json {
  const named = textOf(name, 'the name of the ConfigMap', scope, run);
  const place = textOf(namespace, 'the namespace of the ConfigMap', scope, run) || (policyNamespace ?? 'default');
  if (policyNamespace !== undefined && place !== policyNamespace) {
    throw new ExpressionError(`the ConfigMap is in another namespace, ${quoted(place, 63)}, than the policy`);
  }
  const found = configMaps.get(`${place}/${named}`);
  if (found === undefined) {
    throw new ExpressionError(`there is no ConfigMap ${quoted(`${place}/${named}`, 320)} among the policies`);
  }
  return { data: found.data, metadata: found.metadata };
}

function textOf(template: Template, what: string, scope: Scope, run: Run): string {
  const text = template.render(scope, run);
  if (typeof text !== 'string') throw new ExpressionError(`${what} comes to something other than a string`);
  return text;
}

/** Throws ImageNeeded, and the Refusal of a registry that did not say it: whose doing that is is no matter of expressions. */
function imageData(
  { reference, chosen, jmesPath }: ImageRegistryEntry,
  scope: Scope,
  { imageData: known }: ContextSources,
  run: Run,
): Json {
  const image = textOf(reference, 'the reference', scope, run);
  const data = known.get(image);
  if (data === undefined) throw new ImageNeeded(image, chosen);
  if (data instanceof Refusal) throw chosen ? new ChosenImageRefusal(image, data) : data;
  return jmesPath === undefined ? data : jmesPath.evaluateOn(data, scope, run);
}
