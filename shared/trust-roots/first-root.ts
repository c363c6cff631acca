import { readFile } from 'node:fs/promises';
import { messageOf } from '../reasons.ts';
import { TrustUpdateError } from './update-error.ts';

/** The root.json of a TUF repository, with which trust in it begins. Throws TrustUpdateError where a file is another one. */
export async function readFirstRoot(file: string): Promise<Buffer> {
  let bytes: Buffer;
  let document: unknown;
  try {
    bytes = await readFile(file);
    document = JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    throw new TrustUpdateError(`${file} is no root.json of a TUF repository: ${messageOf(thrown)}`);
  }
  if (typeOf(document) === 'root') return bytes;
  throw new TrustUpdateError(`${file} is no root.json of a TUF repository: it has no signed root`);
}

function typeOf(document: unknown): unknown {
  const { signed } = (document ?? {}) as { readonly signed?: { readonly _type?: unknown } | null };
  return signed?._type;
}
