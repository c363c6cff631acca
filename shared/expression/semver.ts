/** A version as semver.org 2.0.0 has it. What it says of its build plays no part in comparing, and is not kept. */
export interface SemanticVersion {
  /** Major, minor, patch: numbers of 64 bits. */
  readonly numbers: readonly [bigint, bigint, bigint];
  /** `beta.2`: parts that are digits alone are numbers. */
  readonly prerelease: readonly (bigint | string)[];
}

/** 2^64 - 1 has 20 digits. */
const grammar =
  /^(0|[1-9][0-9]{0,19})\.(0|[1-9][0-9]{0,19})\.(0|[1-9][0-9]{0,19})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const digits = /^[0-9]+$/;
const largest = 2n ** 64n - 1n;

/** Reads a version as blang/semver's Parse does: all of three numbers, no `v`; `undefined` for what is none. */
export function parseSemver(text: string): SemanticVersion | undefined {
  const parts = grammar.exec(text);
  if (parts === null) return undefined;
  const [, major = '', minor = '', patch = '', pre, build] = parts;
  if (build?.split('.').includes('') === true) return undefined;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  const prerelease: (bigint | string)[] = [];
  for (const part of pre?.split('.') ?? []) {
    const number = digits.test(part);
    if (part === '' || (number && part.length > 1 && part.startsWith('0')) || (number && part.length > 20))
      return undefined;
    prerelease.push(number ? BigInt(part) : part);
  }
  const tooLarge = [...numbers, ...prerelease].some((part) => typeof part === 'bigint' && part > largest);
  return tooLarge ? undefined : { numbers, prerelease };
}

/** -1 where `a` comes before `b`, 1 where it comes after it. */
export function compareSemver(a: SemanticVersion, b: SemanticVersion): -1 | 0 | 1 {
  for (const [at, number] of a.numbers.entries()) {
    const other = b.numbers[at] ?? 0n;
    if (number !== other) return number < other ? -1 : 1;
  }
  // A version without a prerelease comes after all of its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return order(b.prerelease.length, a.prerelease.length);
  for (const [at, part] of a.prerelease.entries()) {
    const other = b.prerelease[at];
    if (other === undefined) return 1;
    if (part === other) continue;
    if (typeof part !== typeof other) return typeof part === 'bigint' ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return order(a.prerelease.length, b.prerelease.length);
}

function order(a: number, b: number): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
