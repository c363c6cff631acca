/** The least, the median and the greatest of some values. */
export function spread(values: readonly number[]): readonly [number, number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[0] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
}

/** The same in words, in whole numbers: the median, and in brackets the range. */
export function spreadText(values: readonly number[]): string {
  const [low, middle, high] = spread(values).map(Math.round);
  return `${middle} (${low} to ${high})`;
}
