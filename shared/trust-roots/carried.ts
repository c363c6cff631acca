import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { FoundRoot } from './found.ts';
import { carriedRecord } from './record.ts';

/** Set by the build: the file lies beside the bundle. */
declare const COUNTERSIGN_BUNDLED: true | undefined;

/** By this name it lies beside a bundle. */
export const carriedFile = 'trusted_root.json';
/** The TUF repository of Sigstore's public-good instance. */
export const publicMirror = 'https://tuf-repo-cdn.sigstore.dev';

/** The trust root of Sigstore's public-good instance as this build carries it. Throws where it is not the one that is recorded. */
export function carriedBytes(): Buffer {
  return asRecorded(typeof COUNTERSIGN_BUNDLED === 'boolean' ? ofBundle() : ofPackage());
}

/** The bytes, if they are what is recorded; others nobody has looked at, so it throws, and says what to do. */
export function asRecorded(bytes: Buffer): Buffer {
  const sha256 = hash('sha256', bytes);
  if (sha256 === carriedRecord.sha256) return bytes;
  throw new Error(
    `${carriedFile} of @sigstore/tuf has the SHA-256 ${sha256}, and ${carriedRecord.sha256} is recorded: look at what has changed in it, ` +
      'and write its hash and the day of its package into shared/trust-roots/record.ts',
  );
}

function ofBundle(): Buffer {
  return readFileSync(join(import.meta.dirname, carriedFile));
}

/** In a clone: what @sigstore/tuf would begin with. Nothing of that package is run. */
function ofPackage(): Buffer {
  const seeds = createRequire(import.meta.filename).resolve('@sigstore/tuf/seeds.json');
  const parsed: Seeds = JSON.parse(readFileSync(seeds, 'utf8'));
  const target = parsed[publicMirror]?.targets?.[carriedFile];
  if (target === undefined) throw new Error(`@sigstore/tuf has no ${carriedFile} of ${publicMirror}`);
  return Buffer.from(target, 'base64');
}

type Seeds = Readonly<Record<string, { readonly targets?: Readonly<Record<string, string>> } | undefined>>;

/** The carried root, read. Its reader is loaded with it: most policies need neither. */
export async function carriedRoot(): Promise<FoundRoot> {
  const { readTrustRoot } = await import('../trust/root/read.ts');
  return { ...readTrustRoot(carriedBytes()), title: 'the carried trust root', date: Date.parse(carriedRecord.date) };
}
