import { X509Certificate } from 'node:crypto';
import { labelOf, readPem } from '../pem.ts';
import { messageOf } from '../reasons.ts';

/** In bytes; a bundle of all public roots has a fifth of it. */
export const largestBundle = 1024 * 1024;

/** Why certificates could not be read; the message stands after the name of the file. */
export class CertificatesError extends Error {
  override readonly name = 'CertificatesError';
}

/** Why a file of certificates is of no use, by what reading it threw; it stands after the name of the file. */
export function whyUnread(thrown: unknown): string {
  return thrown instanceof CertificatesError ? thrown.message : `cannot be read: ${messageOf(thrown)}`;
}

export interface Certificates {
  /** Each in PEM (RFC 7468), without what the file holds around them. */
  readonly pem: readonly string[];
  /** One for each that is not valid at `now`. */
  readonly warnings: readonly string[];
}

/**
 * The certificates of a PEM bundle. Throws CertificatesError where there is none, where one does not parse, or where the file holds
 * anything else in PEM: a private key is nothing to hand around. `now`: milliseconds since 1970.
 */
export function readCertificates(bytes: Uint8Array, now: number): Certificates {
  if (bytes.length > largestBundle) throw new CertificatesError(`is larger than ${largestBundle} bytes`);
  const { blocks } = readPem(Buffer.from(bytes).toString('latin1'));
  if (blocks.length === 0) throw new CertificatesError('holds no certificate in PEM');
  const pem: string[] = [];
  const warnings: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const { text, label } = block;
    if (label !== 'CERTIFICATE')
      throw new CertificatesError(`holds ${labelOf(block)}: certificates alone belong there`);
    const warning = validity(parsed(text, index + 1), index + 1, now);
    if (warning !== undefined) warnings.push(warning);
    pem.push(`${text}\n`);
  }
  return { pem, warnings };
}

function parsed(block: string, position: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw new CertificatesError(`cannot be read: its certificate ${position} does not parse`);
  }
}

function validity({ validFromDate, validToDate }: X509Certificate, position: number, now: number): string | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (validToDate.getTime() < now) return `certificate ${position} has expired on ${day(validToDate)}`;
  if (validFromDate.getTime() > now) return `certificate ${position} is not valid before ${day(validFromDate)}`;
  return undefined;
}
