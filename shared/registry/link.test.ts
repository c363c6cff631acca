import { nextPage } from './link.ts';

const registry = new URL('https://registry.example');
const page = new URL('https://registry.example/v2/app/referrers/sha256:0?n=1');
const next = (header: string | undefined) => nextPage(header, page, registry)?.href;

test.each([
  ['</v2/app/referrers/sha256:0?last=x>; rel="next"', 'https://registry.example/v2/app/referrers/sha256:0?last=x'],
  ['<https://registry.example/more>; rel=next', 'https://registry.example/more'],
  ['<?n=2>;rel="next"', 'https://registry.example/v2/app/referrers/sha256:0?n=2'],
  ['</first>; rel="prev", </second>; title="a, b"; REL="other Next"', 'https://registry.example/second'],
  ['</a,b>; rel=next,', 'https://registry.example/a,b'],
  ['</x> ; a= ; b = "" ; rel = "next" ; rel=prev ,', 'https://registry.example/x'],
  ['</x>; rel="ne\\xt"', 'https://registry.example/x'],
])('%s', (header, url) => {
  expect(next(header)).toBe(url);
});

test.each([
  undefined,
  '',
  ' ',
  '</x>; rel="prev"',
  '</x>; title="rel=next"',
  '</x>; title="; rel=next"',
  '</x>; rel=prev; rel=next',
  '</x>',
  '</x>; rel=nextish, ',
])('the last page: %s', (header) => {
  expect(next(header)).toBeUndefined();
});

test.each([
  'https://evil.example/more',
  '//evil.example/more',
  'http://registry.example/more',
  'https://registry.example:8443/more',
  'https://user@registry.example/more',
])('%s is another host', (target) => {
  expect(() => next(`<${target}>; rel="next"`)).toThrow(expect.objectContaining({ reason: 'redirect-refused' }));
});

test.each([
  'nonsense',
  '</x>; rel="next',
  '</x>; rel=next "',
  '</x> rel=next',
  '</x>; =next',
  '<https://[>; rel=next',
  '</x',
])('%s cannot be read', (header) => {
  expect(() => next(header)).toThrow(expect.objectContaining({ reason: 'malformed-manifest' }));
});

test('a long header takes no more than a moment', () => {
  for (const header of [
    `<x>${'; a'.repeat(5000)}"`,
    `<x>;a${' '.repeat(16_000)}"`,
    `<x>${';a= '.repeat(4000)}"`,
    '<x>;a="'.repeat(2000),
  ]) {
    expect(() => next(header)).toThrow();
  }
});
