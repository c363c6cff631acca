import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { asWritten, list, object, plainText, readOver } from './schema.ts';

const envelope = object({ apiVersion: plainText, kind: plainText, metadata: readOver, items: list(asWritten) });
const kyvernosKinds = ['ClusterPolicyList', 'PolicyList', 'PolicyExceptionList'];

/** The items of a list of documents, as `kubectl get -o yaml` writes one; `undefined`: the document is none. */
export function itemsOf(place: Place, report: Report): readonly Place[] | undefined {
  const [apiVersion = '', kind = ''] = [place.field('apiVersion').text, place.field('kind').text];
  const isKyvernos = apiVersion.startsWith('kyverno.io/') && kyvernosKinds.includes(kind);
  if (!isKyvernos && !(apiVersion === 'v1' && kind === 'List')) return undefined;
  envelope(place, report);
  return place.field('items').items;
}
