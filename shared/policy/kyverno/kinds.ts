import type { KindPattern } from '../policy.ts';

const version = /^(?:v\d+(?:(?:alpha|beta)\d+)?|\*)$/;

/**
 * Kyverno's kind selector: `Kind`, `version/Kind`, `group/version/Kind`, each with `/subresource` or `.subresource` behind
 * it; every part may hold wildcards. A first part that is no version makes `Kind/subresource` of two parts, and
 * `*` followed by a part in lower case is any kind's subresource. `undefined`: too many parts.
 */
export function parseKind(text: string): KindPattern | undefined {
  const slashed = text.split('/');
  const parts = [...slashed.slice(0, -1), ...(slashed.at(-1) ?? '').split('.')];
  const [a = '', b = '', c = '', d = ''] = parts;
  switch (parts.length) {
    case 1:
      return { group: '*', version: '*', kind: a, subresource: '' };
    case 2:
      if (a === '*' && b === '*') return { group: '*', version: '*', kind: '*', subresource: '*' };
      if (a === '*' && b.toLowerCase() === b) return { group: '*', version: '*', kind: a, subresource: b };
      if (version.test(a)) return { group: '*', version: a, kind: b, subresource: '' };
      return { group: '*', version: '*', kind: a, subresource: b };
    case 3:
      if (version.test(a)) return { group: '*', version: a, kind: b, subresource: c };
      return { group: a, version: b, kind: c, subresource: '' };
    case 4:
      return { group: a, version: b, kind: c, subresource: d };
    default:
      return undefined;
  }
}

/** Whether one of the selectors names this kind itself, subresource or not. */
export function namesKind(kinds: readonly string[], kind: string): boolean {
  return kinds.some((text) => parseKind(text)?.kind === kind);
}
