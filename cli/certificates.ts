import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import {
  type Certificates,
  CertificatesError,
  largestBundle,
  readCertificates,
  whyUnread,
} from '../shared/net/certificates.ts';
import { printable } from '../shared/printable.ts';
import { messageOf } from '../shared/reasons.ts';
import { type Arguments, single } from './arguments.ts';
import { UsageError } from './usage.ts';

/**
 * PEM certificates that registries may be certified by, beside the default roots: those of `--ca FILE` and of `SSL_CERT_FILE`. Node
 * itself adds those of NODE_EXTRA_CA_CERTS to the default roots. Warnings go to standard error. Throws UsageError for `--ca`.
 */
export async function rootsFrom(found: Arguments): Promise<() => readonly string[]> {
  const named = single(found, 'ca', undefined);
  if (named === undefined) return rootsOfEnvironment;
  const { pem, warnings } = await certificatesIn(named, '--ca');
  for (const warning of warnings) process.stderr.write(`countersign: ${printable(`--ca: ${named}: ${warning}`)}\n`);
  return () => [...pem, ...rootsOfEnvironment()];
}

/**
 * Read when TLS is first spoken, since a bundle of the system's takes some time. A wrong variable is often not the doing of who runs
 * this: it costs trust, not the run. That some root of such a bundle has expired is usual, and no news.
 */
function rootsOfEnvironment(): readonly string[] {
  const file = process.env['SSL_CERT_FILE'] ?? '';
  if (file === '') return [];
  try {
    return readCertificates(readFileSync(file), Date.now()).pem;
  } catch (thrown) {
    process.stderr.write(
      `countersign: ${printable(`SSL_CERT_FILE: ${file} ${whyUnread(thrown)}; its certificates are not trusted`)}\n`,
    );
    return [];
  }
}

/** The certificates of a file that `setting` names. Throws UsageError, which names both. */
export async function certificatesIn(file: string, setting: string): Promise<Certificates> {
  const bytes = await fileIn(file, setting);
  try {
    return readCertificates(bytes, Date.now());
  } catch (thrown) {
    if (thrown instanceof CertificatesError) throw new UsageError(`${setting}: ${file} ${thrown.message}`);
    throw thrown;
  }
}

/** The bytes of a file that `setting` names. Throws UsageError, which names both. */
export async function fileIn(file: string, setting: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size <= largestBundle) return await readFile(file);
  } catch (thrown) {
    throw new UsageError(`${setting}: cannot read ${file}: ${messageOf(thrown)}`);
  }
  throw new UsageError(`${setting}: ${file} is larger than ${largestBundle} bytes`);
}
