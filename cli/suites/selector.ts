import { compileWildcard } from '../../shared/image/wildcard.ts';
import { UsageError } from '../usage.ts';
import type { Expected } from './suite.ts';

/** Which expected results are looked at. */
export interface Selector {
  selects(expected: Expected): boolean;
  /** Whether a resource is looked at, by its name, or by `namespace/name`. */
  takes(resource: string): boolean;
}

const keys = ['policy', 'rule', 'resource'] as const;

/**
 * `--test-case-selector "policy=p, rule=r, resource=x"`, each with Kyverno's wildcards; what is not named is selected whatever it is,
 * and so is a result that says nothing of it. Throws UsageError.
 */
export function readSelector(text: string | undefined): Selector {
  const patterns = new Map<string, (text: string) => boolean>();
  for (const part of text === undefined ? [] : text.split(',')) {
    const [key = '', value = '', more] = part.split('=').map((word) => word.trim());
    if (!keys.some((each) => each === key) || value === '' || more !== undefined) {
      throw new UsageError(
        `--test-case-selector takes "policy=p, rule=r, resource=x", not '${part.trim().slice(0, 120)}'`,
      );
    }
    if (patterns.has(key)) throw new UsageError(`--test-case-selector names ${key} twice`);
    patterns.set(key, compileWildcard(value));
  }
  const fits = (key: (typeof keys)[number], value: string) => value === '' || (patterns.get(key)?.(value) ?? true);
  const takes = (resource: string) => fits('resource', resource);
  return {
    takes,
    selects: ({ policy, rule, resources }) =>
      fits('policy', policy) && fits('rule', rule) && (resources === undefined || resources.some(takes)),
  };
}
