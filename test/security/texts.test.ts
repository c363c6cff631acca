import { newKey } from '../../local/signer/keys.ts';
import { countedText } from '../../shared/image/testing/counted-text.ts';
import { compileWildcard } from '../../shared/image/wildcard.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { parseChallenges } from '../../shared/registry/challenge.ts';
import { nextPage } from '../../shared/registry/link.ts';
import { policy } from '../e2e/documents.ts';
import { cpuOf } from '../fixtures/cpu.ts';

describe('D3 CVE-2025-47281, CVE-2026-23881: texts that cost more than their length', () => {
  test.each(['*a*a*a*a*a*a*a*a*a*a*b', `${'?*'.repeat(100)}b`, `${'*'.repeat(1000)}b`, `${'a*'.repeat(120)}b`])(
    'a pattern %s takes at most text × pattern steps',
    (pattern) => {
      const text = countedText('a'.repeat(255));
      expect(compileWildcard(pattern)(text)).toBe(false);
      expect(text.looks).toBeLessThanOrEqual(255 * pattern.length);
      expect(compileWildcard(pattern)(countedText(`${'a'.repeat(254)}b`))).toBe(true);
    },
  );

  /** How much more CPU four times the length costs: 4 if it grows with it, 16 with its square; 5 ms keep noise out. */
  function growth(work: (length: number) => void): number {
    const time = (length: number) => {
      const cpu = cpuOf(() => {
        for (let round = 0; round < 5; round += 1) work(length);
      });
      return cpu + 5;
    };
    time(1000);
    return time(64_000) / time(16_000);
  }

  const registry = new URL('https://registry.test');
  const quietly = (work: () => unknown) => {
    try {
      work();
    } catch {
      // What it throws is looked at elsewhere.
    }
  };
  const texts: readonly [string, (length: number) => void][] = [
    ['WWW-Authenticate of commas', (length) => parseChallenges(`Bearer ${','.repeat(length)}x`)],
    ['WWW-Authenticate of spaces', (length) => parseChallenges(`Bearer${' '.repeat(length)}=`)],
    [
      'WWW-Authenticate, a quote that does not end',
      (length) => parseChallenges(`Bearer realm="${'\\"'.repeat(length)}`),
    ],
    ['WWW-Authenticate of names', (length) => parseChallenges('a '.repeat(length))],
    ['WWW-Authenticate, one long name', (length) => parseChallenges(`Bearer ${'a'.repeat(length)}`)],
    ['Link of spaces', (length) => quietly(() => nextPage(`<a>${' '.repeat(length)};`, registry, registry))],
    ['Link of semicolons', (length) => quietly(() => nextPage(`<a>${';a'.repeat(length)} b`, registry, registry))],
    ['Link of blanks', (length) => quietly(() => nextPage(`<a>${';a= '.repeat(length)}"`, registry, registry))],
    ['Link of commas', (length) => quietly(() => nextPage(`${', '.repeat(length)}x`, registry, registry))],
    ['Link of quotes', (length) => quietly(() => nextPage(`<a>;a="${'\\"'.repeat(length)}`, registry, registry))],
    ['Link of relations', (length) => quietly(() => nextPage(`<a>; rel="${' x'.repeat(length)}"`, registry, registry))],
  ];
  test('and a Link with blanks wherever they may stand is read', () => {
    const header = `<a>${' ; a = '.repeat(1000)}; rel = "next" ,`;
    expect(nextPage(header, registry, registry)?.href).toBe('https://registry.test/a');
  });
  test.each(texts)('%s: the time grows with the length', (_, work) => {
    expect(growth(work)).toBeLessThan(12);
  });

  test('anchors that multiply in a policy are refused, and an honest anchor is read', () => {
    const laughs = Array.from(
      { length: 12 },
      (_, level) => `  l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(', ')}]`,
    );
    const bomb = `apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: x\n  l0: &l0 lol\n${laughs.join('\n')}\n`;
    expect(() => loadPolicies([{ name: 'bomb.yaml', text: bomb }])).toThrow('aliases written out');
    const honest = policy({ images: 'x/*', keys: [newKey()] }).replace(
      '["x/*"]',
      '&images ["x.example/*"]\n          skipImageReferences: *images',
    );
    expect(() => loadPolicies([{ name: 'honest.yaml', text: honest }])).not.toThrow();
  });
});
