import { createPublicKey } from 'node:crypto';
import { quoted } from '../../printable.ts';

const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g;
const comment = /^\s*#.*$/gm;
const uri = /^\s*([a-z][a-z0-9+.-]*):\/\//i;

export type ParsedKeys =
  | { readonly publicKeys: readonly string[] }
  /** `notBuilt` names what Kyverno takes here and Countersign does not yet. */
  | { readonly notBuilt: string }
  | { readonly problem: string };

/**
 * The PEM blocks of `publicKeys`, in order. Every block must be a `PUBLIC KEY` that parses, and between blocks nothing may
 * stand but white space and `#` comments: what is no key must not look like one.
 */
export function parsePublicKeys(text: string): ParsedKeys {
  const scheme = uri.exec(text)?.[1];
  if (scheme !== undefined) {
    return { notBuilt: scheme.toLowerCase() === 'k8s' ? 'keys in a Secret, k8s://' : `keys in a KMS, ${scheme}://` };
  }
  const publicKeys: string[] = [];
  for (const [pem, label] of text.matchAll(block)) {
    const which = `block ${publicKeys.length + 1}`;
    if (label !== 'PUBLIC KEY') return { problem: `${which} is a ${label}: write a PUBLIC KEY` };
    if (!isPublicKey(pem)) return { problem: `${which} does not parse as a public key` };
    publicKeys.push(pem);
  }
  if (publicKeys.length === 0)
    return {
      problem: 'it holds no PEM block: write -----BEGIN PUBLIC KEY-----, the key, and -----END PUBLIC KEY-----',
    };
  const rest = text.replace(block, '').replace(comment, '').trim();
  if (rest !== '') return { problem: `it holds text beside the PEM blocks: ${quoted(rest, 40)}` };
  return { publicKeys };
}

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).type === 'public';
  } catch {
    return false;
  }
}

/** Who a key is, however its PEM is written: base64 of its SubjectPublicKeyInfo. For keys that parse. */
export function keyIdentity(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
}
