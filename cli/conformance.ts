import { readFile } from 'node:fs/promises';
import { readTrustRoot } from '../shared/trust/root/read.ts';
import { readArguments, single } from './arguments.ts';
import { digestOfFile, type Subject, type Trusted, verifyBundle } from './bundle.ts';
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
    single: ['bundle', 'certificate-identity', 'certificate-oidc-issuer', 'key', 'trusted-root'],
    several: [],
    bare: { instead: `write ${form}` },
  });
  const bundle = single(found, 'bundle', undefined);
  if (subject === undefined || bundle === undefined) throw new UsageError(`write ${form}`);
  const trustedRoot = single(found, 'trusted-root', undefined);
  if (trustedRoot === undefined) throw new UsageError('--trusted-root F is missing');
  const outcome = verifyBundle({
    bundle: await readFile(bundle),
    subject: await subjectFrom(subject),
    root: readTrustRoot(await readFile(trustedRoot)).root,
    trusted: await trustedFrom(found),
    now: Date.now(),
  });
  if (!outcome.pass) process.stderr.write(`${outcome.reason}: ${outcome.message}\n`);
  return outcome.pass ? 0 : 1;
}

async function trustedFrom(found: ReturnType<typeof readArguments>): Promise<Trusted> {
  const key = single(found, 'key', undefined);
  if (key !== undefined) return { key: await readFile(key, 'utf8') };
  const subject = single(found, 'certificate-identity', undefined);
  const issuer = single(found, 'certificate-oidc-issuer', undefined);
  if (subject === undefined || issuer === undefined) throw new UsageError(`write ${form}`);
  return { subject, issuer };
}

/** A file, or the digest of one that is not here. */
async function subjectFrom(text: string): Promise<Subject> {
  const digest = digestOfFile(text);
  if (digest !== undefined) return { digest, bytes: undefined };
  return { digest: undefined, bytes: await readFile(text) };
}
