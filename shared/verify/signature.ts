import type { SignedEntity } from '@sigstore/verify';
import type { Claim, Material, SignatureEvidence, Signed } from '../evidence/evidence.ts';
import type { Image } from '../registry/registry.ts';
import type { HashName, SigningKey } from '../trust/public-key.ts';
import { digestOf, isSignedBy, sameBytes } from './crypto.ts';

/** What Verifier asks about a signature, and compares with a log entry. */
type SignatureContent = SignedEntity['signature'];

/** By their length, the hashes with which a log names what was signed. */
const hashBySize: Readonly<Record<number, HashName>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' };

/** A piece of evidence as a signature of one image. It remembers which keys it was tried with. */
export class Signature {
  readonly evidence: SignatureEvidence;
  readonly image: Image;
  readonly #tried = new Map<string, boolean>();

  constructor(evidence: SignatureEvidence, image: Image) {
    this.evidence = evidence;
    this.image = image;
  }

  /** What came along to verify it by. */
  get material(): Material {
    return this.evidence.signed.material;
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

  /** For @sigstore/verify, whose own knows neither P-384 in DSSE nor RSA-PSS nor Ed25519ph. */
  content(by: SigningKey): SignatureContent {
    const { signed } = this.evidence;
    const message = this.message;
    return {
      signature: Buffer.from(signed.signature),
      compareSignature: (signature) => sameBytes(signature, signed.signature),
      compareSignedDigest: (digest) => {
        const hash = hashBySize[digest.length];
        return hash !== undefined && sameBytes(digest, digestOf(hash, message));
      },
      // Entries of the kinds dsse and intoto name the envelope's payload; nothing else has one.
      compareDigest: (digest) => signed.format === 'dsse' && sameBytes(digest, digestOf('sha256', signed.payload)),
      verifySignature: (key) => key === by.key && this.isBy(by),
    };
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
