import { basename } from 'node:path';
import { filesBelow } from '../../local/files.ts';
import { expanded } from '../../local/globs.ts';
import { suiteFolder } from '../../shared/policy-set/layout.ts';
import { UsageError } from '../usage.ts';

/** What suites are called where nobody says otherwise. */
export const suiteNames: readonly string[] = ['kyverno-test.yaml', 'kyverno-test.yml'];

/**
 * The suites' files in these folders and in theirs, in the order of their names; a file stands for itself, a pattern for what it
 * matches. Throws FileError, UsageError.
 */
export async function findSuites(named: readonly string[], names: readonly string[]): Promise<readonly string[]> {
  const inNetwork = named.find((name) => /^https?:\/\//.test(name));
  if (inNetwork !== undefined) {
    throw new UsageError(
      `suites are read from folders, not from '${inNetwork}': clone the repository, and name its folder`,
    );
  }
  const found = new Set<string>();
  for (const name of await expanded(named)) {
    const below = await filesBelow(name, [suiteFolder]);
    for (const file of below ?? [name]) if (below === undefined || names.includes(basename(file))) found.add(file);
  }
  return [...found];
}
