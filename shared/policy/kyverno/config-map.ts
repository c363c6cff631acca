import type { ConfigMap } from '../context.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { asWritten, dictionary, flag, object, plainText, readOver } from './schema.ts';
import { jsonOf } from './tree-json.ts';

const configMap = object({
  apiVersion: plainText,
  kind: plainText,
  metadata: asWritten,
  data: dictionary(plainText),
  /** Kyverno gives none of it to a rule. */
  binaryData: readOver,
  immutable: flag,
});

/** A ConfigMap that stands among the policies, for rules whose context names it. */
export function readConfigMap(place: Place, configMaps: Map<string, ConfigMap>, report: Report): void {
  const fields = configMap(place, report);
  const metadata = place.field('metadata');
  const name = metadata.field('name').text;
  const namespace = metadata.field('namespace').text || 'default';
  if (!name) report.problem(metadata, 'a ConfigMap must have a name');
  if (fields === undefined || !name || !report.clean(place)) return;
  const key = `${namespace}/${name}`;
  if (configMaps.has(key))
    report.problem(metadata.field('name'), `ConfigMap ${key} is already defined: one of a name is read`);
  else
    configMaps.set(key, {
      metadata: metadata.tree === undefined ? {} : jsonOf(metadata.tree),
      data: fields.data ?? null,
    });
}
