import type { Claim, Material, Signed, SignedEvidence } from '../evidence/evidence.ts';
import { splitDigest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { HashName, SigningKey } from '../trust/public-key.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import type { Artifact } from './artifact.ts';
import { attempt } from './attempt.ts';
import { digestOf, isSignedBy, sameBytes } from './crypto.ts';

/** A piece of evidence that somebody signed, as a signature of one image or about it. It remembers which keys it was tried with. */
export class Signature {
  readonly evidence: SignedEvidence;
  readonly image: Artifact;
  /** The image's own, by which trust policies say what is asked. */
  readonly repository: Repository;
  readonly #tried = new Map<string, boolean>();
  #certificate: Certificate | undefined;

  constructor(evidence: SignedEvidence, image: Artifact, repository: Repository) {
    this.evidence = evidence;
    this.image = image;
    this.repository = repository;
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

  /** The hash of the envelope as it was attached: bare, so that whatever it holds, this signature as well, is told by it. */
  envelope(hash: HashName): Uint8Array | undefined {
    const { signed } = this.evidence;
    if (signed.format !== 'dsse' || hash === 'sha224') return undefined;
    return signed.envelope?.[hash];
  }

  /**
   * The hashes of what its time stamps may be over, either of which holds the signature: the signature alone, or the envelope where it was
   * attached bare. cosign 2 has the envelope stamped, and cosign 3, where it is told to attach one as cosign 2 did, the signature.
   */
  stamped(hash: HashName): readonly Uint8Array[] {
    const envelope = this.envelope(hash);
    const signature = digestOf(hash, this.bytes);
    return envelope === undefined ? [signature] : [envelope, signature];
  }

  /** The signer's certificate that came along; what does not parse is none. */
  get certificate(): Certificate | undefined {
    const [der] = this.material.certificates;
    if (der === undefined) return undefined;
    const read = this.#certificate ?? attempt(() => new Certificate(der));
    if ('error' in read) return undefined;
    this.#certificate = read;
    return read;
  }

  /** The hash of the bytes that the signature is over; `undefined` where nobody knows it. */
  digest(hash: HashName): Uint8Array | undefined {
    const { message, image } = this;
    if (message !== undefined) return digestOf(hash, message);
    return hash === 'sha256' ? Buffer.from(splitDigest(image.digest).hex, 'hex') : undefined;
  }

  /** What it says about which image; a message signature speaks of the image whose manifest has the digest it names. */
  get claims(): readonly Claim[] {
    const { signed, claims } = this.evidence;
    if (signed.format !== 'manifest') return claims;
    const digest = this.digest(signed.hash);
    const named = digest !== undefined && sameBytes(digest, signed.messageDigest);
    return named ? [{ digest: this.image.digest, annotations: {} }] : [];
  }

  /** Whether this key made it; each key and way of signing is tried once. */
  isBy(by: SigningKey): boolean {
    const { spki, algorithm } = by;
    const paddings = algorithm.type === 'rsa' ? algorithm.paddings : [];
    const way = algorithm.type === 'ed25519' ? spki : [spki, ...algorithm.hashes, ...paddings].join(' ');
    let good = this.#tried.get(way);
    if (good === undefined) {
      good = this.#isBy(by);
      this.#tried.set(way, good);
    }
    return good;
  }

  #isBy({ key, algorithm }: SigningKey): boolean {
    const { message, bytes, image } = this;
    if (message !== undefined) return isSignedBy(message, bytes, key, algorithm);
    return image.bytes === undefined && image.isSigned(bytes, key);
  }

  /** The bytes that the signature is over; `undefined`: they are not here. */
  get message(): Uint8Array | undefined {
    return messageOf(this.evidence.signed, this.image);
  }
}

function messageOf(signed: Signed, { bytes }: Artifact): Uint8Array | undefined {
  switch (signed.format) {
    case 'payload':
      return signed.payload;
    case 'manifest':
      return bytes;
    case 'dsse':
      return signed.pae;
    case 'notary':
      return signed.message;
  }
}
