import type { NotaryStoreType } from './trust-policy.ts';

/** The document that notation reads where both are there. */
export const ociDocument = 'trustpolicy.oci.json';
/** The document's older name. */
export const olderDocument = 'trustpolicy.json';

/** The folder of trust stores. */
export const trustStore = 'truststore';

const storeTypes: readonly NotaryStoreType[] = ['ca', 'signingAuthority', 'tsa'];
const storeName = /^[a-zA-Z0-9_.-]+$/;
const certificateFile = /\.(?:pem|crt|cert?|der)$/i;
/** Of notation, and nothing that images are verified by: its settings, and trust policies about files. */
const besides: readonly string[] = ['trustpolicy.blob.json', 'config.json', 'signingkeys.json'];

/** What a file of notation's folder is, by its path: what is read, or why it may not be there. */
export type NotaryPath =
  | { readonly kind: 'document' | 'beside' }
  | { readonly kind: 'certificate'; readonly type: NotaryStoreType; readonly store: string }
  | { readonly kind: 'refused'; readonly why: string };

export function isStoreType(text: string): text is NotaryStoreType {
  return storeTypes.some((type) => type === text);
}

/** Whether a store may have this name (trust-store-trust-policy.md, "Trust Store"). */
export function isStoreName(text: string): boolean {
  return storeName.test(text) && text !== '.' && text !== '..';
}

/** `path` is below the folder, with `/` between its parts. */
export function notaryPath(path: string): NotaryPath {
  if (path === ociDocument || path === olderDocument) return { kind: 'document' };
  if (besides.includes(path)) return { kind: 'beside' };
  const [folder, standard, type = '', store = '', file, ...deeper] = path.split('/');
  if (folder === 'localkeys')
    return refused('is a signing key of notation: it has no place beside policies; take it out');
  if (folder === 'plugins') return refused('is of a plugin of notation: none is run here; take it out');
  if (folder !== trustStore) return refused(unknown);
  if (standard !== 'x509' || !isStoreType(type)) return refused(`is in no trust store: ${layout}`);
  if (file === undefined) return refused(`is in no store of its own: ${layout}`);
  if (!isStoreName(store))
    return refused("is in a trust store that has another sign in its name than a-z, A-Z, 0-9, '_', '.' and '-'");
  if (deeper.length > 0) return refused('is in a folder of a trust store, and those have none');
  if (!certificateFile.test(file))
    return refused('is no certificate by its name (.pem, .crt, .cer): rename it, or take it out');
  return { kind: 'certificate', type, store };
}

const layout = 'certificates are in truststore/x509/TYPE/NAME, with a TYPE of ca, signingAuthority or tsa';
const unknown = `is nothing that a trust policy has: ${ociDocument}, ${olderDocument} and ${trustStore} are read`;

function refused(why: string): NotaryPath {
  return { kind: 'refused', why };
}
