/**
 * How many of the `choices` can have a key each that no other of them has: the size of a maximum matching between attestors
 * and keys, by augmenting paths (Kuhn). `choices[i]` are the keys that attestor i could stand for.
 */
export function distinctlyMatched(choices: readonly (readonly string[])[]): number {
  const holders = new Map<string, number>();

  const place = (attestor: number, asked: Set<string>): boolean => {
    for (const key of choices[attestor] ?? []) {
      if (asked.has(key)) continue;
      asked.add(key);
      const holder = holders.get(key);
      if (holder === undefined || place(holder, asked)) {
        holders.set(key, attestor);
        return true;
      }
    }
    return false;
  };

  let matched = 0;
  for (const attestor of choices.keys()) if (place(attestor, new Set())) matched += 1;
  return matched;
}

/**
 * Those who share a mark are the same: a certificate that has two names is one signer's, and so are two certificates with one name. Each
 * by one of its marks, the same for all that are the same.
 */
export function sameOnes(choices: readonly (readonly (readonly string[])[])[]): readonly (readonly string[])[] {
  const above = new Map<string, string>();
  const root = (mark: string): string => {
    let here = mark;
    for (let next = above.get(here); next !== undefined; next = above.get(here)) here = next;
    return here;
  };
  for (const [first = '', ...others] of choices.flat()) {
    for (const other of others) if (root(other) !== root(first)) above.set(root(other), root(first));
  }
  return choices.map((ones) => ones.map(([first = '']) => root(first)));
}

/**
 * How many of those that passed a set counts: where every one must verify each did, and a count is of different signers.
 * `passing`: of each one the marks of the signers that it may stand for.
 */
export function countedOf(need: number | 'all', passing: readonly (readonly (readonly string[])[])[]): number {
  return need === 'all' ? passing.length : distinctlyMatched(sameOnes(passing));
}
