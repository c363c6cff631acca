const mebi = 1024 * 1024;

/** What is read of an image at most; beyond it the answer is a denial with a reason of its own. Sizes in bytes. */
export interface RegistryLimits {
  /** A manifest, an index, a page of referrers. */
  readonly manifest: number;
  /** The config of an image. */
  readonly config: number;
  readonly referrers: number;
  readonly pages: number;
  /** Layers that may be signatures. Their bytes are bound by their kind. */
  readonly signatures: number;
  /** Layers whose manifest says that they attest something else, beside the signatures. */
  readonly attestations: number;
  /** Requests for one image under way at a time. */
  readonly parallel: number;
}

export const defaultLimits: RegistryLimits = {
  manifest: 4 * mebi,
  config: mebi,
  referrers: 200,
  pages: 10,
  signatures: 50,
  attestations: 50,
  parallel: 50,
};
