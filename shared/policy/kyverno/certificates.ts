import { certificateIn, labelOf, type Pem, readPem } from '../../pem.ts';
import { quoted } from '../../printable.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const comment = /^\s*#.*$/gm;

/**
 * PEM of at most so many certificates, in order and without what stands around them; `undefined` where nothing is written or the
 * report says why not. Every block must be a certificate that parses, and between blocks nothing may stand but white space and `#`
 * comments. Whether a certificate is valid, or of one chain with another, is not looked at.
 */
export function readCertificates(
  text: string | undefined,
  at: Place,
  most: number,
  report: Report,
): string | undefined {
  if (!text || !report.clean(at)) return undefined;
  const pem = readPem(text);
  const problem = problemOf(pem, most);
  if (problem === undefined) return pem.blocks.map((block) => block.text).join('\n');
  report.problem(at, problem);
  return undefined;
}

function problemOf({ blocks, rest }: Pem, most: number): string | undefined {
  if (blocks.length === 0) {
    return 'it holds no PEM block: write -----BEGIN CERTIFICATE-----, the certificate, and -----END CERTIFICATE-----';
  }
  if (blocks.length > most) {
    return `it holds ${blocks.length} PEM blocks: ${most === 1 ? 'write one certificate' : `at most ${most} are read`}`;
  }
  for (const [index, block] of blocks.entries()) {
    const which = `block ${index + 1}`;
    if (block.label !== 'CERTIFICATE') return `${which} is ${labelOf(block)}: write a CERTIFICATE`;
    if (certificateIn(block) === undefined) return `${which} does not parse as a certificate`;
  }
  const beside = rest.replace(comment, '').trim();
  return beside === '' ? undefined : `it holds text beside the PEM blocks: ${quoted(beside, 40)}`;
}
