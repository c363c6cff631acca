import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type LoadedClusters, loadClusters } from '../../shared/policy-set/clusters.ts';
import { isOfNotary } from '../../shared/policy-set/layout.ts';
import type { SetOptions } from '../../shared/policy-set/load.ts';
import { largestNotaryFile } from '../../shared/policy-set/notary.ts';
import { largestFile, mostNames, type PolicySource } from '../../shared/policy-set/source.ts';
import { utf8Problem } from '../../shared/utf8.ts';

export interface DeployedPolicies extends Pick<SetOptions, 'trust' | 'registries'> {
  readonly clusters: readonly string[];
}

/**
 * Loads the policies that a zip holds, for each configured cluster. A rule with an image pattern whose host is open does not load where
 * no registries are configured: the webhook token is no secret, and its holder could have any host called. Never rejects.
 */
export function loadDeployed(folder: string, options: DeployedPolicies): Promise<LoadedClusters> {
  return loadClusters(zipSource(folder), { ...options, namespace: undefined, unasked: 'refuse', openHosts: 'refuse' });
}

/**
 * The folder of policies in a zip, `policies/`; names are relative to it. A folder that is not there holds none. Reads synchronously: it
 * is called once, while nothing else could run.
 */
function zipSource(folder: string): PolicySource {
  return {
    title: undefined,
    list() {
      if (!existsSync(folder)) return { files: [], folders: [] };
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .map((entry) => ({ entry, name: relative(folder, join(entry.parentPath, entry.name)) }))
        // A link among trust policies is refused when it is read, and not left out.
        .filter(({ entry, name }) => entry.isFile() || (entry.isSymbolicLink() && isOfNotary(name)))
        .map(({ name }) => name)
        .sort();
      if (files.length > mostNames) throw new RangeError(`there are over ${mostNames} files`);
      return { files, folders: [] };
    },
    read(name) {
      const bytes = readFileSync(join(folder, name));
      if (bytes.length > largestFile) throw new RangeError(`${name} is larger than ${largestFile} bytes`);
      const problem = utf8Problem(bytes);
      if (problem !== undefined) throw new RangeError(`${name} ${problem}`);
      return { name, text: bytes.toString('utf8') };
    },
    bytes(name) {
      const found = lstatSync(join(folder, name));
      if (!found.isFile()) throw new RangeError(`${name} is no file of its own: notation takes no links`);
      if (found.size > largestNotaryFile) throw new RangeError(`${name} is larger than ${largestNotaryFile} bytes`);
      return { name, bytes: readFileSync(join(folder, name)) };
    },
  };
}
