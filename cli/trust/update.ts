import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../../shared/printable.ts';
import { messageOf } from '../../shared/reasons.ts';
import { readTrustRoot } from '../../shared/trust/root/read.ts';
import { unreadWarnings } from '../../shared/trust-roots/found.ts';
import { fetchTrustedRoot } from '../../shared/trust-roots/tuf.ts';
import { TrustUpdateError } from '../../shared/trust-roots/update-error.ts';
import { type Arguments, readArguments, single } from '../arguments.ts';
import { UsageError } from '../usage.ts';

/** `countersign trust update [--mirror URL --root FILE] [--out FILE] [--cache DIR]`: fetches the trust root that is published now. */
export async function update(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: ['mirror', 'root', 'out', 'cache'],
    several: [],
    bare: { instead: 'write countersign trust update [--mirror URL --root FILE] [--out FILE]' },
    elsewhere: { 'trusted-root': 'the file that is written is that of --out' },
  });
  const out = single(found, 'out', 'trusted_root.json');
  const cache = await cacheFrom(found);
  const bytes = await fetchTrustedRoot({
    mirror: single(found, 'mirror', undefined),
    rootFile: single(found, 'root', undefined),
    cache,
  });
  const { root, unread } = readFetched(bytes);
  await writeWhole(out, bytes);
  for (const warning of unreadWarnings({ root, unread, title: out, date: undefined }))
    process.stderr.write(`countersign: ${printable(warning)}\n`);
  process.stdout.write(`${printable(out)}: SHA-256 ${root.hash}; use it with --trusted-root ${printable(out)}\n`);
  return 0;
}

/** What a repository signs may still be no trust root, or one of a kind that is not known here. */
function readFetched(bytes: Buffer): ReturnType<typeof readTrustRoot> {
  try {
    return readTrustRoot(bytes);
  } catch (thrown) {
    throw new TrustUpdateError(`what the mirror publishes is no trust root: ${messageOf(thrown)}`);
  }
}

/** Beside it and moved, so that nobody reads half of it. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  try {
    await writeFile(part, bytes);
    await rename(part, file);
  } catch (thrown) {
    await rm(part, { force: true });
    throw new UsageError(`--out: cannot write ${file}: ${messageOf(thrown)}`);
  }
}

/** Whoever may write there says whom the next update believes: so nobody but the user may. */
async function cacheFrom(found: Arguments): Promise<string> {
  const windows = process.platform === 'win32';
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const caches = XDG_CACHE_HOME || (windows && LOCALAPPDATA) || join(homedir(), '.cache');
  const folder = single(found, 'cache', join(caches, 'countersign', 'tuf'));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await stat(folder);
    if (windows || (uid === process.getuid?.() && (mode & 0o022) === 0)) return folder;
  } catch (thrown) {
    throw new UsageError(
      `the folder for what is known of the mirror cannot be made: ${messageOf(thrown)}; give --cache DIR`,
    );
  }
  throw new UsageError(
    `others may write to ${folder}, and so say whom to believe: give --cache DIR, a folder of your own`,
  );
}
