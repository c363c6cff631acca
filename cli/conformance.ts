import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { FileError } from '../local/files.ts';
import { rootOfFile } from '../local/trust-root.ts';
import { parseDigest } from '../shared/image/digest.ts';
import { messageOf } from '../shared/reasons.ts';
import type { TrustRoot } from '../shared/trust/root/trust-root.ts';
import { carriedRoot } from '../shared/trust-roots/carried.ts';
import { type Arguments, readArguments, single } from './arguments.ts';
import { type Subject, type Trusted, verifyBundle } from './bundle.ts';
import { trustedRootOption } from './trust-root.ts';
import { UsageError } from './usage.ts';

const form =
  'countersign conformance verify-bundle --bundle F (--certificate-identity I --certificate-oidc-issuer U | --key F) [--trusted-root F] FILE|sha256:HEX';

/**
 * `countersign conformance verify-bundle`: answers the public Sigstore conformance suite (its docs/cli_protocol.md) by exit status, 0
 * where the bundle verifies. What it says otherwise stands on standard error.
 */
export async function conformance(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  if (command !== 'verify-bundle') throw new UsageError(`write ${form}`);
  const options = rest.filter((word) => word !== '--staging');
  const subject = options.at(-1);
  const found = readArguments(options.slice(0, -1), {
    single: ['bundle', 'certificate-identity', 'certificate-oidc-issuer', 'key', trustedRootOption],
    several: [],
    bare: { instead: `write ${form}` },
  });
  const bundle = single(found, 'bundle', undefined);
  if (subject === undefined || bundle === undefined) throw new UsageError(`write ${form}`);
  const outcome = verifyBundle({
    bundle: await bytesOf(bundle),
    subject: await subjectFrom(subject),
    root: await rootFrom(found),
    trusted: await trustedFrom(found),
    now: Date.now(),
  });
  if (!outcome.pass) process.stderr.write(`${outcome.reason}: ${outcome.message}\n`);
  return outcome.pass ? 0 : 1;
}

async function rootFrom(found: Arguments): Promise<TrustRoot> {
  const file = single(found, trustedRootOption, undefined);
  return (file === undefined ? await carriedRoot() : await rootOfFile(file)).root;
}

async function trustedFrom(found: Arguments): Promise<Trusted> {
  const key = single(found, 'key', undefined);
  if (key !== undefined) return { key: (await bytesOf(key)).toString('utf8') };
  const subject = single(found, 'certificate-identity', undefined);
  const issuer = single(found, 'certificate-oidc-issuer', undefined);
  if (subject === undefined || issuer === undefined) throw new UsageError(`write ${form}`);
  return { subject, issuer };
}

/** A file, or the digest of one that is not here: what is both is a file, says the suite. */
async function subjectFrom(text: string): Promise<Subject> {
  const digest = parseDigest(text);
  if (digest !== undefined && !existsSync(text)) return { digest, bytes: undefined };
  return { digest: undefined, bytes: await bytesOf(text) };
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (thrown) {
    throw new FileError(file, `cannot read ${file}: ${messageOf(thrown)}`);
  }
}
