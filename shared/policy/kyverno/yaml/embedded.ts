import { Report } from '../report.ts';
import type { FileKind } from './file.ts';
import { readObjects } from './objects.ts';

/** What a text that holds YAML came to: its values as JSON has them (see ReadObject), one for each document, or what is wrong with it. */
export type EmbeddedYaml = { readonly values: readonly unknown[] } | { readonly problem: string };

/** YAML that stands in a value instead of a file, read by the same rules. Empty documents are left out. */
export function readEmbedded(text: string, bounds: Omit<FileKind, 'render'>): EmbeddedYaml {
  const report = new Report('');
  const objects = readObjects(text, report, { ...bounds, render: 'YAML that holds templates is none yet' });
  const [problem] = report.problems;
  if (problem === undefined) return { values: objects.map(({ value }) => value) };
  return { problem: problem.line > 0 ? `line ${problem.line}: ${problem.message}` : problem.message };
}
