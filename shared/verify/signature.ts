import type { Claim, Material, SignatureEvidence, Signed } from '../evidence/evidence.ts';
import type { Image } from '../registry/registry.ts';
import type { SigningKey } from '../trust/public-key.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import { digestOf, isSignedBy, sameBytes } from './crypto.ts';

/** A piece of evidence as a signature of one image. It remembers which keys it was tried with. */
export class Signature {
  readonly evidence: SignatureEvidence;
  readonly image: Image;
  readonly #tried = new Map<string, boolean>();
  #certificate: Certificate | undefined;

  constructor(evidence: SignatureEvidence, image: Image) {
    this.evidence = evidence;
    this.image = image;
  }

  /** What came along to verify it by. */
  get material(): Material {
    return this.evidence.signed.material;
  }

  get bytes(): Uint8Array {
    return this.evidence.signed.signature;
  }

  /** What an envelope holds, by which some logs name it; nothing else has one. */
  get payload(): Uint8Array | undefined {
    const { signed } = this.evidence;
    return signed.format === 'dsse' ? signed.payload : undefined;
  }

  /** The signer's certificate that came along. Throws where it does not parse. */
  get certificate(): Certificate | undefined {
    const [der] = this.material.certificates;
    if (der !== undefined) this.#certificate ??= new Certificate(der);
    return this.#certificate;
  }

  /** The bytes that the signature is over. */
  get message(): Uint8Array {
    return messageOf(this.evidence.signed, this.image);
  }

  /** What it says about which image; a message signature speaks of the image whose manifest has the digest it names. */
  get claims(): readonly Claim[] {
    const { signed, claims } = this.evidence;
    if (signed.format !== 'manifest') return claims;
    const named = sameBytes(digestOf(signed.hash, this.image.bytes), signed.messageDigest);
    return named ? [{ digest: this.image.digest, annotations: {} }] : [];
  }

  /** Whether this key made it; each key and way of signing is tried once. */
  isBy({ spki, key, algorithm }: SigningKey): boolean {
    const way = algorithm.type === 'ed25519' ? spki : `${spki} ${algorithm.hashes.join()}`;
    let good = this.#tried.get(way);
    if (good === undefined) {
      good = isSignedBy(this.message, this.evidence.signed.signature, key, algorithm);
      this.#tried.set(way, good);
    }
    return good;
  }
}

function messageOf(signed: Signed, image: Image): Uint8Array {
  switch (signed.format) {
    case 'payload':
      return signed.payload;
    case 'manifest':
      return image.bytes;
    case 'dsse':
      return signed.pae;
  }
}
