import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { documentFile } from '../shared/policy-set/layout.ts';
import { FileError, mostFiles } from './files.ts';

const magic = /[*?[{]/;

/**
 * What files and folders are meant where a name is a pattern that no shell has expanded, as in a CI's configuration: `*`, `**`, `?`,
 * `[ab]`, `{a,b}`. A pattern stands for the .yaml, .yml and .json files that it matches, and for the folders; none of them begins with a
 * dot. A name that is there is meant as it is. Throws FileError where a pattern matches nothing.
 */
export async function expanded(named: readonly string[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of named) {
    if (!magic.test(name) || (await isThere(name))) names.push(name);
    else names.push(...(await matching(name)));
  }
  return [...new Set(names)];
}

async function isThere(name: string): Promise<boolean> {
  return stat(name).then(
    () => true,
    () => false,
  );
}

async function matching(pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  const folders: string[] = [];
  for await (const name of glob(pattern)) {
    const isFolder = (await stat(name).catch(() => undefined))?.isDirectory();
    if (isFolder === true) folders.push(name);
    else if (isFolder === false && documentFile.test(name)) files.push(name);
    if (files.length + folders.length > mostFiles)
      throw new FileError(pattern, `${pattern} matches over ${mostFiles} files`);
  }
  const whole = folders.filter((folder) => !folders.some((other) => other !== folder && isBelow(folder, other)));
  const found = [...whole, ...files.filter((file) => !whole.some((folder) => isBelow(file, folder)))];
  if (found.length === 0) throw new FileError(pattern, `${pattern} matches no .yaml, .yml or .json file and no folder`);
  return found.sort();
}

function isBelow(name: string, folder: string): boolean {
  return name.startsWith(join(folder, '/'));
}
