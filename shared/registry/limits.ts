const kibi = 1024;
const mebi = 1024 * kibi;

/** What is read of an image at most; beyond it the answer is a denial with a reason of its own. Sizes in bytes. */
export interface RegistryLimits {
  /** A manifest, an index, a page of referrers. */
  readonly manifest: number;
  /** A simple-signing payload. */
  readonly payload: number;
  /** A Sigstore bundle. */
  readonly bundle: number;
  readonly referrers: number;
  readonly pages: number;
  /** Layers that may be signatures. */
  readonly signatures: number;
  /** Requests for one image under way at a time. */
  readonly parallel: number;
}

export const defaultLimits: RegistryLimits = {
  manifest: 4 * mebi,
  payload: 64 * kibi,
  bundle: 16 * mebi,
  referrers: 200,
  pages: 10,
  signatures: 50,
  parallel: 50,
};
