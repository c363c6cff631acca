import { createReadStream, type Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf } from '../shared/reasons.ts';
import { utf8Problem } from '../shared/utf8.ts';

/** A file or folder that a user named cannot be read, or is more than is read; the message says which and why. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly file: string;

  constructor(file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}

/** Folders in folders, and files in all, that are looked at: far more than anyone means, and an end for links that go round. */
const deepest = 16;
export const mostFiles = 10_000;

/**
 * The files below a folder, in its folders too, each as `folder/…`, sorted. A link stands for what it leads to, and what begins
 * with a dot is passed over, but for folders that are named in `entered`: so does Kubernetes mount a ConfigMap. `undefined` where
 * `folder` is a file. Throws FileError.
 */
export async function filesBelow(
  folder: string,
  entered: readonly string[] = [],
): Promise<readonly string[] | undefined> {
  if (!(await statOf(folder)).isDirectory()) return undefined;
  const files: string[] = [];
  const walk = async (at: string, depth: number): Promise<void> => {
    if (depth > deepest) throw new FileError(folder, `${folder} is nested over ${deepest} folders deep, at ${at}`);
    for (const entry of await readdir(at)) {
      const name = join(at, entry);
      if (entry.startsWith('.') && !(entered.includes(entry) && (await statOf(name)).isDirectory())) continue;
      if ((await statOf(name)).isDirectory()) await walk(name, depth + 1);
      else files.push(name);
      if (files.length > mostFiles) throw new FileError(folder, `${folder} holds over ${mostFiles} files`);
    }
  };
  await walk(folder, 0);
  return files.sort();
}

/** The folders right in a folder, by the same rules, sorted. Throws FileError. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const entry of await readdir(folder).catch((thrown: unknown) => unreadable(folder, thrown))) {
    if (!entry.startsWith('.') && (await statOf(join(folder, entry))).isDirectory()) folders.push(entry);
  }
  return folders.sort();
}

/** A file as UTF-8; a pipe is one too. `limit` is in bytes. Throws FileError. */
export async function readBounded(file: string, limit: number): Promise<string> {
  const found = await statOf(file);
  if (!found.isFile() && !found.isDirectory()) return readStream(createReadStream(file), file, limit);
  if (found.size > limit) throw tooLarge(file, limit);
  const bytes = await readFile(file).catch((thrown: unknown) => unreadable(file, thrown));
  if (bytes.length > limit) throw tooLarge(file, limit);
  return textOf(file, bytes);
}

/** What comes out of a stream, as UTF-8. `name` is what messages call it, `limit` is in bytes. Throws FileError. */
export async function readStream(stream: Readable, name: string, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > limit) throw tooLarge(name, limit);
      chunks.push(bytes);
    }
  } catch (thrown) {
    if (thrown instanceof FileError) throw thrown;
    unreadable(name, thrown);
  }
  return textOf(name, Buffer.concat(chunks));
}

function textOf(name: string, bytes: Buffer): string {
  const problem = utf8Problem(bytes);
  if (problem !== undefined) throw new FileError(name, `${name} ${problem}`);
  return bytes.toString('utf8');
}

function tooLarge(name: string, limit: number): FileError {
  return new FileError(name, `${name} is larger than ${limit} bytes`);
}

/** Throws FileError. */
export function statOf(file: string): Promise<Stats> {
  return stat(file).catch((thrown: unknown) => unreadable(file, thrown));
}

/** Throws FileError for what the system said of a file or folder. */
export function unreadable(file: string, thrown: unknown): never {
  throw new FileError(file, `cannot read ${file}: ${messageOf(thrown)}`, { cause: thrown });
}
