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
  /** Who makes the request. */
  readonly user: Pick<AdmissionRequest['userInfo'], 'username' | 'groups'>;
  /** Of its namespace, where they are known: no review tells them. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
  /** Characters of labels and annotations: what filters may have to look at. */
  readonly size: number;
}

/**
 * Kubernetes' bounds, in characters. An API server refuses what is beyond, but asks webhooks first: a filter would look at
 * megabytes, while nobody else has a turn.
 */
const longestName = 253;
const longestKey = 317;
const longestLabel = 63;
/** Of all annotations of an object together; an API server counts bytes. For labels it has no such bound, and nobody writes so many. */
const longestPairs = 256 * 1024;
/** Labels, or annotations, of one object: far over what anybody writes, and a bound on what is copied. */
const maxEntries = 10_000;

/**
 * The subject of a request's `object` or `oldObject`. The namespace is the request's, which the API server vouches for; the
 * name is the object's, else the request's. Through `ephemeralcontainers` no metadata can be written: what is there the API
 * server drops after mutate (`dropNonEphemeralContainerUpdates`), so that the old object's counts for both. `labels` and
 * `annotations` have no prototype: any key may be asked of them.
 * @throws Refusal `object-malformed` where metadata is not what Kubernetes' types say, since a filter would read past it, and
 *   where names, labels or annotations are over Kubernetes' bounds, or over 10,000.
 */
export function subjectOf(request: AdmissionRequest, object: JsonObject): Subject {
  const holder = request.subResource === 'ephemeralcontainers' ? (request.oldObject ?? object) : object;
  const metadata = own(holder, 'metadata') ?? {};
  if (!isJsonObject(metadata)) throw malformed('metadata', 'must be an object');
  const name = text(metadata, 'name');
  const counted = { size: 0 };
  return {
    group: request.kind.group,
    version: request.kind.version,
    kind: request.kind.kind,
    subresource: request.subResource,
    operation: request.operation,
    namespace: request.namespace,
    name: name === '' ? within('name', request.name, longestName) : name,
    generateName: text(metadata, 'generateName'),
    labels: textMap(metadata, 'labels', longestLabel, counted),
    annotations: textMap(metadata, 'annotations', longestPairs, counted),
    user: request.userInfo,
    namespaceLabels: request.namespaceLabels,
    size: counted.size,
  };
}

const nothing: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

function text(metadata: JsonObject, key: string): string {
  const value = own(metadata, key) ?? '';
  if (typeof value !== 'string') throw malformed(`metadata.${key}`, 'must be a string');
  return within(key, value, longestName);
}

function within(key: string, value: string, most: number): string {
  if (value.length > most) throw malformed(`metadata.${key}`, `is longer than ${most} characters`);
  return value;
}

function textMap(
  metadata: JsonObject,
  key: string,
  longestValue: number,
  counted: { size: number },
): Readonly<Record<string, string>> {
  const map = own(metadata, key);
  if (map === undefined) return nothing;
  if (!isJsonObject(map)) throw malformed(`metadata.${key}`, 'must be an object');
  const result: Record<string, string> = Object.create(null);
  let entries = 0;
  let size = 0;
  for (const name in map) {
    entries += 1;
    if (entries > maxEntries) throw malformed(`metadata.${key}`, `has more than ${maxEntries} entries`);
    const value = map[name];
    if (typeof value !== 'string') throw malformed(pathOf(key, name), 'must be a string');
    if (name.length > longestKey) throw malformed(pathOf(key, name), `has a key longer than ${longestKey} characters`);
    size += name.length + value.length;
    if (size > longestPairs) throw malformed(`metadata.${key}`, `is longer than ${longestPairs} characters in all`);
    if (value.length > longestValue) throw malformed(pathOf(key, name), `is longer than ${longestValue} characters`);
    result[name] = value;
  }
  counted.size += size;
  return result;
}

function pathOf(key: string, name: string): string {
  return `metadata.${key}[${quoted(name, 63)}]`;
}

function malformed(path: string, what: string): Refusal {
  return new Refusal('object-malformed', `${path} ${what}`);
}
