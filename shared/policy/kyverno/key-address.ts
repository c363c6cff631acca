import { parseAwsKms } from '../kms.ts';

export type ParsedAddress =
  | { readonly kms: string }
  /** `notBuilt` names what Kyverno takes here and Countersign does not yet, `advice` what to write instead. */
  | { readonly notBuilt: string; readonly advice?: string }
  | { readonly problem: string };

const uri = /^\s*([a-z][a-z0-9+.-]*):\/\//i;

const vendors: Readonly<Record<string, string>> = {
  gcpkms: 'Google Cloud KMS',
  azurekms: 'Azure Key Vault',
  hashivault: 'HashiCorp Vault',
  openbao: 'OpenBao',
};

/** The address of a key, as cosign writes it in the place of one; `undefined` where the text is no address. */
export function parseKeyAddress(text: string): ParsedAddress | undefined {
  const scheme = uri.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  const address = text.trim();
  if (scheme === 'awskms') {
    const parsed = parseAwsKms(address);
    return 'problem' in parsed ? parsed : { kms: address };
  }
  if (scheme === 'k8s') return { notBuilt: 'keys in a Secret, k8s://' };
  const vendor = Object.hasOwn(vendors, scheme) ? vendors[scheme] : undefined;
  if (vendor === undefined) return { notBuilt: `keys at an address, ${scheme.slice(0, 40)}://` };
  const command = `cosign public-key --key ${address.slice(0, 200)}`;
  return {
    notBuilt: `keys in ${vendor}, ${scheme}://`,
    advice: `write the public key in PEM in publicKeys; \`${command}\` prints it`,
  };
}
