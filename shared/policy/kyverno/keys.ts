import { createPublicKey } from 'node:crypto';
import { isPublicKeyBlock, labelOf, publicKeyIn, readPem } from '../../pem.ts';
import { quoted } from '../../printable.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const comment = /^\s*#.*$/gm;

export type ParsedKeys = { readonly publicKeys: readonly string[] } | { readonly problem: string };

/**
 * The PEM blocks of `publicKeys`, in order. Every block must be a public key that parses, and between blocks nothing may
 * stand but white space and `#` comments: what is no key must not look like one.
 */
export function parsePublicKeys(text: string): ParsedKeys {
  const { blocks, rest } = readPem(text);
  const publicKeys: string[] = [];
  for (const block of blocks) {
    const which = `block ${publicKeys.length + 1}`;
    if (!isPublicKeyBlock(block)) return { problem: `${which} is ${labelOf(block)}: write a PUBLIC KEY` };
    if (publicKeyIn(block) === undefined) return { problem: `${which} does not parse as a public key` };
    publicKeys.push(block.text);
  }
  if (publicKeys.length === 0)
    return {
      problem: 'it holds no PEM block: write -----BEGIN PUBLIC KEY-----, the key, and -----END PUBLIC KEY-----',
    };
  const beside = rest.replace(comment, '').trim();
  if (beside !== '') return { problem: `it holds text beside the PEM blocks: ${quoted(beside, 40)}` };
  return { publicKeys };
}

/** The same of a field; `undefined` where the report says why not. */
export function readPublicKeys(text: string, at: Place, report: Report): readonly string[] | undefined {
  if (!report.clean(at)) return undefined;
  const parsed = parsePublicKeys(text);
  if ('publicKeys' in parsed) return parsed.publicKeys;
  report.problem(at, parsed.problem);
  return undefined;
}

/** Who a key is, however its PEM is written: base64 of its SubjectPublicKeyInfo. For keys that parse. */
export function keyIdentity(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
}
