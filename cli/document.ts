import { readBounded } from '../local/files.ts';
import type { Place } from '../shared/policy/kyverno/place.ts';
import { Report } from '../shared/policy/kyverno/report.ts';
import type { Schema } from '../shared/policy/kyverno/schema.ts';
import { readDocuments } from '../shared/policy/kyverno/yaml/document.ts';
import { PolicyLoadError } from '../shared/policy/problems.ts';

/** In bytes, of a file of Kyverno's command line: nobody writes so much by hand. */
const largest = 1024 * 1024;

/** The documents of such a file, with the report that takes what is wrong with them. Throws FileError, PolicyLoadError. */
export async function documentsOf(
  file: string,
): Promise<{ readonly places: readonly Place[]; readonly report: Report }> {
  const report = new Report(file);
  const places = readDocuments(await readBounded(file, largest), report);
  if (report.problems.length > 0) throw new PolicyLoadError(report.problems);
  return { places, report };
}

/** Reports an apiVersion or a kind that is missing: what a schema reads may be left out. */
export function requireHeader(place: Place, kind: string, report: Report): void {
  for (const required of ['apiVersion', 'kind']) {
    if (!place.field(required).given)
      report.problem(place, `${required} is required: cli.kyverno.io/v1alpha1, ${kind}`);
  }
}

/** The one document of a file. `what`: `a Values document`. Throws FileError, PolicyLoadError. */
export async function readOne<T>(file: string, what: string, read: Schema<T>): Promise<T> {
  const { places, report } = await documentsOf(file);
  const [place, another] = places;
  if (another !== undefined) report.problem(another, `one document is expected, ${what}: here another begins`);
  const value = place === undefined ? undefined : read(place, report);
  const { problems } = report;
  if (value === undefined || problems.length > 0) {
    throw new PolicyLoadError(
      problems.length > 0 ? problems : [{ file, line: 0, field: '', message: `holds no ${what}` }],
    );
  }
  return value;
}
