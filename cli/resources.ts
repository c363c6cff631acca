import type { Readable } from 'node:stream';
import { filesBelow, readBounded, readStream } from '../local/files.ts';
import { expanded } from '../local/globs.ts';
import { isJsonObject, type JsonObject, own } from '../shared/admission/json.ts';
import { type AdmissionRequest, parseReview } from '../shared/admission/review.ts';
import { shownName } from '../shared/answer/message.ts';
import { Report } from '../shared/policy/kyverno/report.ts';
import { readObjects } from '../shared/policy/kyverno/yaml/objects.ts';
import { PolicyLoadError } from '../shared/policy/problems.ts';
import { documentFile } from '../shared/policy-set/layout.ts';
import { quoted } from '../shared/printable.ts';
import { ResourceError } from './resource-error.ts';
import { refuseSecondStandardInput } from './standard-input.ts';

/** One resource from a file, and the review that its creation would be. */
export interface Resource {
  /** `Kind/namespace/name`. */
  readonly title: string;
  readonly request: AdmissionRequest;
}

/** In bytes, of a file and of standard input. An object of a cluster has 1.5 MB at most. */
const largest = 32 * 1024 * 1024;

/**
 * Reads the resources of YAML or JSON files, each with several documents; a List's items are resources of their own. A folder
 * stands for the .yaml, .yml and .json files below it, a pattern for what it matches, `-` for standard input. Throws ResourceError,
 * PolicyLoadError, FileError, UsageError.
 */
export async function readResources(named: readonly string[], stdin: Readable = process.stdin): Promise<Resource[]> {
  refuseSecondStandardInput(named);
  const resources: Resource[] = [];
  for (const name of await expanded(named)) {
    const below = name === '-' ? undefined : await filesBelow(name);
    const files = below === undefined ? [name] : below.filter((file) => documentFile.test(file));
    let found = 0;
    for (const file of files) {
      const text = file === '-' ? await readStream(stdin, standardInput, largest) : await readBounded(file, largest);
      const inFile = resourcesIn(file === '-' ? standardInput : file, text);
      found += inFile.length;
      resources.push(...inFile);
    }
    if (found === 0) throw new ResourceError('holds no resource', { file: name === '-' ? standardInput : name });
  }
  return resources;
}

const standardInput = 'standard input';

function resourcesIn(file: string, text: string): Resource[] {
  const report = new Report(file);
  const objects = readObjects(text, report);
  if (report.problems.length > 0) throw new PolicyLoadError(report.problems);
  return objects.flatMap(({ value, line }) =>
    itemsOf({ file, line }, value).map((one) => resourceOf({ file, line }, one)),
  );
}

interface Position {
  readonly file: string;
  readonly line: number;
}

/**
 * The resources in a document. kubectl takes every object with `items` for a list and creates what is in it, whatever its kind
 * says: one that may be no list is refused, since it could not be told what will be created.
 */
function itemsOf(position: Position, value: unknown): readonly unknown[] {
  if (!hasItems(value)) return [value];
  const kind = own(value, 'kind');
  const items = own(value, 'items');
  if (typeof kind !== 'string' || !kind.endsWith('List')) {
    const what = typeof kind === 'string' ? `a ${quoted(kind, 63)}` : 'an object';
    throw new ResourceError(
      `kubectl takes ${what} with a field items for a list, and creates what is in it: write kind: List, or leave items out`,
      { ...position, field: 'items' },
    );
  }
  // null, which is an empty list
  if (items === undefined) return [];
  if (!Array.isArray(items)) throw new ResourceError('must be a list of resources', { ...position, field: 'items' });
  const nested = items.findIndex(hasItems);
  if (nested >= 0) {
    throw new ResourceError('a list in a list, which kubectl refuses: give what is in it one by one', {
      ...position,
      field: `items[${nested}].items`,
    });
  }
  return items;
}

function hasItems(value: unknown): value is JsonObject {
  return isJsonObject(value) && Object.hasOwn(value, 'items');
}

/** The review of a CREATE of `object`, as the API server would send it. `position` is where its document begins. */
function resourceOf(position: Position, object: unknown): Resource {
  if (!isJsonObject(object)) throw new ResourceError('a resource is an object with apiVersion and kind', position);
  const apiVersion = own(object, 'apiVersion');
  const kind = own(object, 'kind');
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    const field = typeof apiVersion !== 'string' ? 'apiVersion' : 'kind';
    throw new ResourceError('a resource needs apiVersion and kind, each a text', { ...position, field });
  }
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  if (kind === 'AdmissionReview') {
    throw new ResourceError(
      'an AdmissionReview is no resource: send it to serve, or give the object that is in it',
      position,
    );
  }
  const metadata = own(object, 'metadata');
  const text = (key: string) => {
    const value = isJsonObject(metadata) ? own(metadata, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const name = text('name');
  const namespace = text('namespace') || 'default';
  const request = reviewOf(position, { group: group ?? '', version: version ?? '', kind, name, namespace, object });
  const title = [kind, namespace, name || '(generated)'].map(shownName).join('/');
  return { title, request };
}

function reviewOf(
  position: Position,
  what: { group: string; version: string; kind: string; name: string; namespace: string; object: unknown },
): AdmissionRequest {
  const { group, version, kind, name, namespace, object } = what;
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'apply',
      kind: { group, version, kind },
      resource: { group, version, resource: `${kind.toLowerCase()}s` },
      operation: 'CREATE',
      name,
      namespace,
      // Nobody, until a file says who asks.
      userInfo: {},
      object,
      oldObject: null,
      dryRun: true,
    },
  });
  if (parsed.kind !== 'review')
    throw new ResourceError(`${shownName(kind)} ${shownName(name)}: ${parsed.problem}`, position);
  return parsed.request;
}
