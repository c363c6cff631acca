import { readFile } from 'node:fs/promises';
import { isJsonObject, own } from '../shared/admission/json.ts';
import { type AdmissionRequest, parseReview } from '../shared/admission/review.ts';
import { printProblem, Report } from '../shared/policy/report.ts';
import { readObjects } from '../shared/policy/yaml/objects.ts';
import { UsageError } from './usage.ts';

/** One resource from a file, and the review that its creation would be. */
export interface Resource {
  /** `Kind/namespace/name`. */
  readonly title: string;
  readonly request: AdmissionRequest;
}

/** Reads the resources of a YAML or JSON file; a List's items are resources of their own. Throws UsageError. */
export async function readResources(file: string): Promise<Resource[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`cannot read ${file}: ${Error.isError(thrown) ? thrown.message : thrown}`);
  }
  const report = new Report(file);
  const objects = readObjects(text, report);
  if (report.problems.length > 0) throw new UsageError(report.problems.map(printProblem).join('\n'));
  const resources = objects.flatMap(({ value }) => itemsOf(value)).map((one) => resourceOf(file, one));
  if (resources.length === 0) throw new UsageError(`${file} holds no resource`);
  return resources;
}

function itemsOf(value: unknown): readonly unknown[] {
  if (!isJsonObject(value)) return [value];
  const kind = own(value, 'kind');
  const items = own(value, 'items');
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items : [value];
}

/** The review of a CREATE of `object`, as the API server would send it. */
function resourceOf(file: string, object: unknown): Resource {
  if (!isJsonObject(object)) throw new UsageError(`${file}: a resource is an object`);
  const apiVersion = own(object, 'apiVersion');
  const kind = own(object, 'kind');
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new UsageError(`${file}: a resource needs apiVersion and kind`);
  }
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  if (kind === 'AdmissionReview') {
    throw new UsageError(
      `${file}: an AdmissionReview is no resource: send it to serve, or give the object that is in it`,
    );
  }
  const metadata = own(object, 'metadata');
  const text = (key: string) => {
    const value = isJsonObject(metadata) ? own(metadata, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const name = text('name');
  const namespace = text('namespace') || 'default';
  const request = reviewOf({ group: group ?? '', version: version ?? '', kind, name, namespace, object });
  return { title: `${kind}/${namespace}/${name || '(generated)'}`, request };
}

function reviewOf(what: {
  group: string;
  version: string;
  kind: string;
  name: string;
  namespace: string;
  object: unknown;
}): AdmissionRequest {
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
      userInfo: { username: 'countersign apply' },
      object,
      oldObject: null,
      dryRun: true,
    },
  });
  if (parsed.kind !== 'review') throw new UsageError(`${kind} ${name}: ${parsed.problem}`);
  return parsed.request;
}
