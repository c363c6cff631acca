import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { codeOf } from '../shared/net/failure.ts';
import { ociDocument, olderDocument, trustStore } from '../shared/policy/notary/paths.ts';
import { isSample, readableOfNotary } from '../shared/policy-set/layout.ts';
import { largestNotaryFile, type NotaryFiles, notaryFolder, readNotaryFiles } from '../shared/policy-set/notary.ts';
import type { BytesFile } from '../shared/policy-set/source.ts';
import { FileError, filesBelow, statOf, unreadable } from './files.ts';

interface Named {
  readonly name: string;
  /** Below the folder of notation's, joined by `/`. */
  readonly path: string;
}

/** A trust store has its files in `truststore/x509/TYPE/NAME`; what is one deeper is found, and refused. */
const deepest = 6;
const mostNames = 2000;

/**
 * A trust policy with its trust store: a folder of notation's, of which nothing else is looked at, or a document whatever it is called, with
 * the `truststore` beside it. Throws FileError, PolicyLoadError.
 */
export async function readTrustPolicy(at: string): Promise<NotaryFiles> {
  const isFolder = (await statOf(at)).isDirectory();
  const folder = isFolder ? at : dirname(at);
  const documents = isFolder ? await documentsIn(folder) : [{ name: at, path: ociDocument }];
  const stored: Named[] = [];
  if (await isThere(join(folder, trustStore))) await walk(folder, trustStore, stored);
  const files = readableOfNotary([...documents, ...stored]);
  return readNotaryFiles({ folder: at, files }, readTrustFile);
}

/**
 * The trust policies beside policies that are named: those in a folder `notary` below a folder, or in the folder that a file is in. They are
 * read when they are asked for; `undefined`: there are none. Throws FileError where there are several, PolicyLoadError.
 */
export function trustPolicyBeside(named: readonly string[]): () => Promise<NotaryFiles | undefined> {
  return async () => {
    const found = new Set<string>();
    for (const name of named) for (const folder of await foldersBeside(name)) found.add(folder);
    const [first, second] = [...found];
    if (first === undefined) return undefined;
    if (second === undefined) return readTrustPolicy(first);
    const advice = 'name policies of one cluster, or (verify, apply) one of them with --trust-policy';
    throw new FileError(second, `there are trust policies in ${first} and in ${second}: ${advice}`);
  };
}

async function foldersBeside(name: string): Promise<readonly string[]> {
  const below = name === '-' ? [] : await filesBelow(name);
  if (below !== undefined) {
    return below.filter((file) => isDocument(file) && !isSample(relative(name, file))).map(dirname);
  }
  const folder = join(dirname(name), notaryFolder);
  return (await documentsIn(folder)).length > 0 ? [folder] : [];
}

/** Whether a file is a trust policy in a folder `notary`. */
function isDocument(file: string): boolean {
  const name = basename(file);
  return (name === ociDocument || name === olderDocument) && basename(dirname(file)) === notaryFolder;
}

/** A file of a folder of policies, in a folder of notation's in it, that is reached by no link. Throws FileError. */
export async function readTrustFileBelow(folder: string, name: string): Promise<BytesFile> {
  const parts = name.split(sep);
  for (let end = parts.indexOf(notaryFolder) + 1; end < parts.length; end += 1) {
    const at = join(folder, ...parts.slice(0, end));
    const found = await lstat(at).catch((thrown: unknown) => unreadable(at, thrown));
    if (found.isSymbolicLink()) throw new FileError(at, `${at} is a link: notation takes none here`);
  }
  return readTrustFile(join(folder, name));
}

/** A file of a folder of notation's, which may be no text. Throws FileError where it is a link, or too large. */
async function readTrustFile(name: string): Promise<BytesFile> {
  const found = await lstat(name).catch((thrown: unknown) => unreadable(name, thrown));
  if (!found.isFile())
    throw new FileError(
      name,
      `${name} is no file of its own: notation takes no links and folders here; put the file itself there`,
    );
  if (found.size > largestNotaryFile) throw new FileError(name, `${name} is larger than ${largestNotaryFile} bytes`);
  return { name, bytes: await readFile(name).catch((thrown: unknown) => unreadable(name, thrown)) };
}

async function documentsIn(folder: string): Promise<readonly Named[]> {
  const found: Named[] = [];
  for (const path of [ociDocument, olderDocument]) {
    const name = join(folder, path);
    if (await isThere(name)) found.push({ name, path });
  }
  return found;
}

/** Takes files, and links like files, so that they are refused and not passed over. */
async function walk(folder: string, path: string, found: Named[]): Promise<void> {
  const at = join(folder, path);
  const entries = await readdir(at, { withFileTypes: true }).catch((thrown: unknown) => unreadable(at, thrown));
  for (const entry of entries) {
    const below = `${path}/${entry.name}`;
    if (found.length >= mostNames) throw new FileError(at, `${folder} holds over ${mostNames} files`);
    if (entry.isDirectory() && below.split('/').length < deepest) await walk(folder, below, found);
    else found.push({ name: join(folder, below), path: below });
  }
}

async function isThere(name: string): Promise<boolean> {
  try {
    await lstat(name);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return false;
    return unreadable(name, thrown);
  }
}
