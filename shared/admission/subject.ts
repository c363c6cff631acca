import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import { isJsonObject, type JsonObject, own } from './json.ts';
import type { AdmissionRequest, Operation } from './review.ts';

/**
 * The object under review as a rule's match and exclude see it: what `request.kind`, the request's name and namespace, and
 * the object's own metadata say. Made for `object`, and for `oldObject` when an UPDATE asks whether the rule held before.
 */
export interface Subject {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly subresource: string;
  readonly operation: Operation;
  readonly namespace: string;
  readonly name: string;
  readonly generateName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Labels, or annotations, of one object: far over what anybody writes, and a bound on what is copied and what filters look at. */
const maxEntries = 10_000;

/**
 * The subject of a request's `object` or `oldObject`. The namespace is the request's, which the API server vouches for; the
 * name is the object's, else the request's. Through `ephemeralcontainers` no metadata can be written: what is there the API
 * server drops after mutate (`dropNonEphemeralContainerUpdates`), so that the old object's counts for both. `labels` and
 * `annotations` have no prototype: any key may be asked of them.
 * @throws Refusal `object-malformed` where metadata is not what Kubernetes' types say, since a filter would read past it, and
 *   where labels or annotations are over 10,000.
 */
export function subjectOf(request: AdmissionRequest, object: JsonObject): Subject {
  const holder = request.subResource === 'ephemeralcontainers' ? (request.oldObject ?? object) : object;
  const metadata = own(holder, 'metadata') ?? {};
  if (!isJsonObject(metadata)) throw malformed('metadata', 'must be an object');
  return {
    group: request.kind.group,
    version: request.kind.version,
    kind: request.kind.kind,
    subresource: request.subResource,
    operation: request.operation,
    namespace: request.namespace,
    name: text(metadata, 'name') || request.name,
    generateName: text(metadata, 'generateName'),
    labels: textMap(metadata, 'labels'),
    annotations: textMap(metadata, 'annotations'),
  };
}

const nothing: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

function text(metadata: JsonObject, key: string): string {
  const value = own(metadata, key) ?? '';
  if (typeof value !== 'string') throw malformed(`metadata.${key}`, 'must be a string');
  return value;
}

function textMap(metadata: JsonObject, key: string): Readonly<Record<string, string>> {
  const map = own(metadata, key);
  if (map === undefined) return nothing;
  if (!isJsonObject(map)) throw malformed(`metadata.${key}`, 'must be an object');
  const result: Record<string, string> = Object.create(null);
  let entries = 0;
  for (const name in map) {
    entries += 1;
    if (entries > maxEntries) throw malformed(`metadata.${key}`, `has more than ${maxEntries} entries`);
    const value = map[name];
    if (typeof value !== 'string') throw malformed(`metadata.${key}[${quoted(name, 63)}]`, 'must be a string');
    result[name] = value;
  }
  return result;
}

function malformed(path: string, what: string): Refusal {
  return new Refusal('object-malformed', `${path} ${what}`);
}
