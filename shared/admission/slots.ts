import { quoted } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import { isJsonObject, type JsonObject, own } from './json.ts';

/** A field of an object that names an image. */
export interface ImageSlot {
  /** Where it stands: `containers`, `initContainers`, `ephemeralContainers` or `volumes`, or what a rule's extractor calls it. */
  readonly list: string;
  /** The container's or the volume's name; unique within its list in a valid object. */
  readonly name: string;
  /** The JSON pointer (RFC 6901) to the text in the object. */
  readonly jsonPointer: string;
  readonly text: string;
}

/** Tells a slot from the object's others, and knows it again in the old object. */
export function slotId({ list, name }: Pick<ImageSlot, 'list' | 'name'>): string {
  // Either may hold any character where a rule's extractors choose them.
  return `${list.length} ${list} ${name}`;
}

const inTemplate: readonly string[] = ['spec', 'template', 'spec'];

/**
 * The one table kind → pod spec path. The first group is where API servers serve version v1 of the kind, under the name
 * `resource`; `extensions` is where the workloads' kinds lived before `apps`.
 */
const kinds: readonly {
  readonly groups: readonly [string, ...string[]];
  readonly kind: string;
  readonly resource: string;
  readonly path: readonly string[];
}[] = [
  { groups: [''], kind: 'Pod', resource: 'pods', path: ['spec'] },
  { groups: ['apps', 'extensions'], kind: 'DaemonSet', resource: 'daemonsets', path: inTemplate },
  { groups: ['apps', 'extensions'], kind: 'Deployment', resource: 'deployments', path: inTemplate },
  { groups: ['batch'], kind: 'Job', resource: 'jobs', path: inTemplate },
  { groups: ['apps', 'extensions'], kind: 'ReplicaSet', resource: 'replicasets', path: inTemplate },
  { groups: [''], kind: 'ReplicationController', resource: 'replicationcontrollers', path: inTemplate },
  { groups: ['apps'], kind: 'StatefulSet', resource: 'statefulsets', path: inTemplate },
  {
    groups: ['batch'],
    kind: 'CronJob',
    resource: 'cronjobs',
    path: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  },
];

/** A resource whose requests bring images to a cluster, and what the reviews of such requests say in `kind` and `subResource`. */
export interface PodResource {
  readonly group: string;
  readonly version: 'v1';
  readonly kind: string;
  readonly subresource: '' | 'ephemeralcontainers';
  /** As a webhook's rules name it: `deployments`, `pods/ephemeralcontainers`. */
  readonly resource: string;
}

/**
 * The resources of every kind in the table, as API servers from 1.25 on serve them, and the subresource through which a
 * debug container comes to a Pod. No other subresource, status and scale among them, can change an image.
 */
export const podResources: readonly PodResource[] = kinds.flatMap(({ groups: [group], kind, resource }) => {
  const row = { group, version: 'v1', kind, subresource: '', resource } as const;
  const debug = { ...row, subresource: 'ephemeralcontainers', resource: `${resource}/ephemeralcontainers` } as const;
  return kind === 'Pod' ? [row, debug] : [row];
});

/** The kinds that make Pods, CronJob among them, whose pod spec stands a level deeper than the others'. */
export const controllerKinds: readonly string[] = kinds.map((row) => row.kind).filter((kind) => kind !== 'Pod');
export const cronJob = 'CronJob';

const podSpecPaths: ReadonlyMap<string, readonly string[]> = new Map(
  kinds.flatMap(({ groups, kind, path }) => groups.map((group) => [`${group}/${kind}`, path])),
);

/** Where an object of this kind holds its pod spec; `undefined` for a kind that has none. The group of Pod is empty. */
export function podSpecPath(group: string, kind: string): readonly string[] | undefined {
  return podSpecPaths.get(`${group}/${kind}`);
}

/** Every place of a kind where an image may stand, as a path with wildcards; none for a kind that is not known. */
export function imagePlaces(kind: string): readonly string[] {
  const path = kinds.find((row) => row.kind === kind)?.path;
  if (path === undefined) return [];
  const places = [...containerLists.map((list) => `${list}/*/image`), 'volumes/*/image/reference'];
  return places.map((place) => `/${path.join('/')}/${place}`);
}

/** Far over what fits a Pod in etcd with a use for it, and a bound on the work that one review can ask for. */
export const maxSlots = 1000;
/** The same for what names no image: a volume need not, and neither need a container in a template. */
export const maxElements = 10_000;
const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/**
 * Every field where the object names an image: containers, init and ephemeral containers, image volumes. An absent or empty
 * text is no slot: Kubernetes allows it in templates and refuses it in Pods, and there is no image to look at.
 * @throws Refusal `object-malformed` naming the field whose shape is not what the kind says; two equal names in a list are
 *   refused because an image is told from its old self by its name.
 */
export function imageSlots(group: string, kind: string, object: JsonObject): ImageSlot[] {
  const path = podSpecPath(group, kind);
  if (path === undefined) return [];
  let spec = object;
  let jsonPointer = '';
  for (const key of path) {
    jsonPointer += `/${key}`;
    const next = own(spec, key);
    if (next === undefined) return [];
    if (!isJsonObject(next)) throw malformed(jsonPointer, 'must be an object');
    spec = next;
  }
  const slots: ImageSlot[] = [];
  for (const list of containerLists) readContainers(spec, jsonPointer, list, slots);
  readVolumes(spec, jsonPointer, slots);
  return slots;
}

function readContainers(spec: JsonObject, parent: string, list: (typeof containerLists)[number], slots: ImageSlot[]) {
  const names = new Set<string>();
  for (const [container, jsonPointer] of elements(spec, parent, list)) {
    const name = readName(container, jsonPointer, names);
    const text = own(container, 'image') ?? '';
    if (typeof text !== 'string') throw malformed(`${jsonPointer}/image`, 'must be a string');
    if (text !== '') add(slots, { list, name, jsonPointer: `${jsonPointer}/image`, text });
  }
}

function readVolumes(spec: JsonObject, parent: string, slots: ImageSlot[]) {
  const names = new Set<string>();
  for (const [volume, jsonPointer] of elements(spec, parent, 'volumes')) {
    const image = own(volume, 'image');
    if (image === undefined) continue;
    if (!isJsonObject(image)) throw malformed(`${jsonPointer}/image`, 'must be an object');
    const name = readName(volume, jsonPointer, names);
    const text = own(image, 'reference') ?? '';
    if (typeof text !== 'string') throw malformed(`${jsonPointer}/image/reference`, 'must be a string');
    if (text !== '') add(slots, { list: 'volumes', name, jsonPointer: `${jsonPointer}/image/reference`, text });
  }
}

function* elements(spec: JsonObject, parent: string, list: string): Generator<[JsonObject, string]> {
  const value = own(spec, list);
  if (value === undefined) return;
  if (!Array.isArray(value)) throw malformed(`${parent}/${list}`, 'must be a list');
  if (value.length > maxElements) throw malformed(`${parent}/${list}`, `has more than ${maxElements} elements`);
  for (let index = 0; index < value.length; index += 1) {
    const element: unknown = value[index];
    const jsonPointer = `${parent}/${list}/${index}`;
    if (!isJsonObject(element)) throw malformed(jsonPointer, 'must be an object');
    yield [element, jsonPointer];
  }
}

function readName(element: JsonObject, jsonPointer: string, names: Set<string>): string {
  const name = own(element, 'name');
  if (typeof name !== 'string' || name === '') throw malformed(jsonPointer, 'has no name');
  if (names.has(name)) throw malformed(`${jsonPointer}/name`, `is a second ${quoted(name, 63)} in its list`);
  names.add(name);
  return name;
}

function add(slots: ImageSlot[], slot: ImageSlot) {
  if (slots.length === maxSlots) throw malformed(slot.jsonPointer, `is one of more than ${maxSlots} images`);
  slots.push(slot);
}

function malformed(jsonPointer: string, what: string): Refusal {
  return new Refusal('object-malformed', `${jsonPointer} ${what}`);
}
