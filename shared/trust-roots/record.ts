/**
 * The trusted_root.json that is carried, so that a change of the package that it comes from is seen and looked at: the build and a test
 * compare it. `date`: the day on which the package, @sigstore/tuf 5.0.1, was published.
 */
export const carriedRecord = {
  sha256: '6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66',
  date: '2026-11-05',
} as const;
