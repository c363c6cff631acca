import { isJsonObject, own, type JsonObject as ReviewObject } from '../admission/json.ts';
import type { AdmissionRequest, RequestKind, RequestResource, UserInfo } from '../admission/review.ts';
import type { ImageSlot } from '../admission/slots.ts';
import { ExpressionError } from '../expression/error.ts';
import { namesOf } from '../expression/order.ts';
import type { Run } from '../expression/run.ts';
import { lazily, type Scope } from '../expression/scope.ts';
import { emptyObject, fieldOf, isObject, type Json, type JsonObject } from '../expression/value.ts';
import { Refusal } from '../reasons.ts';
import { requestNames } from './context.ts';
import { slotsFor } from './extract.ts';
import { variableImage, variableOfImages } from './image-variables.ts';
import type { ImageExtractor } from './policy.ts';

/** Image volumes are not among Kyverno's images. */
const imageLists: readonly ImageSlot['list'][] = ['initContainers', 'containers', 'ephemeralContainers'];
const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * What a policy may name of the request under review, as Kyverno has it: `request` (an AdmissionRequest as Go writes it: what is empty is
 * not there, but for the objects), `images.<list>.<container>` (of a rule's own `extractors` for the object's kind what they find, by key
 * or by JSON pointer), `serviceAccountName` and `serviceAccountNamespace`. The roles
 * of a user are not known to a webhook: `request.roles` and `request.clusterRoles` are not there. On DELETE `request.object` is the
 * object that was there, as Kyverno reads it as `request.oldObject`.
 */
export function variablesOf(request: AdmissionRequest, extractors?: readonly ImageExtractor[]): Scope {
  const [, namespace = '', name = ''] = serviceAccount.exec(request.userInfo.username) ?? [];
  return lazily(
    new Map<string, () => Json | undefined>([
      ['request', () => requestOf(request)],
      ['images', () => imagesOf(request, extractors)],
      ['serviceAccountName', () => name],
      ['serviceAccountNamespace', () => namespace],
    ]),
  );
}

/** `image`: the one under verification, by its text in the object. */
export function imageScope(text: string): Scope {
  return lazily(new Map([['image', () => variableImage(text)]]));
}

/**
 * A scope in which a predicate is looked at: its fields are names of the root, as in Kyverno. Where Kyverno lets the predicate
 * win, a name that is there already keeps what it says, the whole of it: who signs a predicate adds nothing to what the
 * request says, neither a label that the object does not have nor a container. Only `image`, of which every field is
 * there, is a name for both: a predicate's other fields of that name can be asked for. How many fields it has
 * is its signer's doing: `run` pays for listing them.
 */
export function withPredicate(scope: Scope, predicate: JsonObject, run: Run): Scope {
  let image: Json | undefined;
  return {
    get(name) {
      const said = scope.get(name);
      // What a request says nobody else says, where there is none either.
      if (isOfRequest(name)) return said;
      const stated = fieldOf(predicate, name);
      if (said === undefined) return stated;
      if (name !== 'image') return said;
      image ??= withOthers(said, stated, run);
      return image;
    },
    names() {
      const names = namesOf(predicate, run);
      run.spend(stepsOfName * names.length);
      return new Set([...scope.names(), ...names.filter((name) => !isOfRequest(name))]);
    },
  };
}

const ofRequest: readonly string[] = requestNames;

function isOfRequest(name: string): boolean {
  return ofRequest.includes(name);
}

/** What keeping a name among others takes, in the scopes around this one as well. */
const stepsOfName = 4;

/** The fields of `said`, and those of `stated` that it does not have. */
function withOthers(said: Json, stated: Json | undefined, run: Run): Json {
  if (!isObject(said) || stated === undefined || !isObject(stated)) return said;
  const all = emptyObject();
  const names = namesOf(stated, run);
  run.spend(stepsOfName * names.length);
  for (const name of names) all[name] = stated[name] ?? null;
  for (const name of Object.keys(said)) all[name] = said[name] ?? null;
  return all;
}

/**
 * What comes of the object. Through `ephemeralcontainers` nothing but those can be written: whatever else is there the API server drops after
 * mutate, so that the old object's counts, as it does for filters.
 */
function objectOf({ subResource, object, oldObject }: AdmissionRequest): AdmissionRequest['object'] {
  if (subResource !== 'ephemeralcontainers' || object === undefined || oldObject === undefined) return object;
  const [spec, written] = [own(oldObject, 'spec'), own(object, 'spec')];
  if (!isJsonObject(spec) || !isJsonObject(written)) return oldObject;
  return withField(oldObject, 'spec', withField(spec, 'ephemeralContainers', written['ephemeralContainers']));
}

function withField(object: ReviewObject, name: string, value: unknown): ReviewObject {
  const copy: Record<string, unknown> = Object.create(null);
  for (const each of Object.keys(object)) copy[each] = object[each];
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}

function requestOf(request: AdmissionRequest): Json {
  const old = asJson(request.oldObject);
  return present({
    uid: request.uid,
    kind: copied(request.kind),
    resource: copied(request.resource),
    subResource: request.subResource,
    requestKind: copied(request.requestKind),
    requestResource: copied(request.requestResource),
    requestSubResource: request.requestSubResource,
    name: request.name,
    namespace: request.namespace,
    operation: request.operation,
    userInfo: userOf(request.userInfo),
    object: request.operation === 'DELETE' ? old : asJson(objectOf(request)),
    oldObject: old,
    dryRun: request.dryRun,
    options: asJson(request.options),
  });
}

function userOf({ username, uid, groups, extra }: UserInfo): Json {
  return present({ username, uid, groups: groups.length === 0 ? undefined : groups, extra });
}

function copied(gvk: RequestKind | RequestResource | undefined): Json | undefined {
  return gvk === undefined ? undefined : { ...gvk };
}

/** Go's `omitempty`. */
function present(fields: Readonly<Record<string, Json | undefined>>): Json {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(entries) as Json;
}

/** What JSON.parse made; Go writes what is not there as null. */
function asJson(object: AdmissionRequest['object']): Json {
  return (object ?? null) as Json;
}

/** There is no such name where the object has no images. */
function imagesOf(request: AdmissionRequest, extractors: readonly ImageExtractor[] | undefined): Json | undefined {
  const slots = slotsOf(request, extractors);
  const names = extractors === undefined ? imageLists : extractors.map(({ list }) => list);
  const lists = emptyObject();
  for (const name of new Set(names)) {
    const listed = slots.filter(({ list }) => list === name);
    if (listed.length > 0) lists[name] = byName(listed);
  }
  return Object.keys(lists).length === 0 ? undefined : lists;
}

function byName(slots: readonly ImageSlot[]): Json {
  const images = emptyObject();
  for (const { name, text, jsonPointer } of slots) images[name] = variableOfImages(text, jsonPointer);
  return images;
}

function slotsOf(request: AdmissionRequest, extractors: readonly ImageExtractor[] | undefined): readonly ImageSlot[] {
  const { kind } = request;
  const object = objectOf(request);
  if (object === undefined) return [];
  try {
    return slotsFor(extractors, kind, object);
  } catch (thrown) {
    if (thrown instanceof Refusal) throw new ExpressionError(thrown.message, { cause: thrown });
    throw thrown;
  }
}
