import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test('a bearer challenge as registries write it', () => {
  const header = 'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"';
  expect(read(header)).toEqual([
    ['bearer', { realm: 'https://auth.example/token', service: 'registry', scope: 'repository:a/b:pull,push' }],
  ]);
});

test.each([
  ['Basic realm="x"', [['basic', { realm: 'x' }]]],
  ['BASIC Realm="x"', [['basic', { realm: 'x' }]]],
  ['Basic', [['basic', {}]]],
  ['Basic realm=x', [['basic', { realm: 'x' }]]],
  ['Bearer realm=https://a.example/t,service=s', [['bearer', { realm: 'https://a.example/t', service: 's' }]]],
  ['Bearer realm = "x" , service= "y"', [['bearer', { realm: 'x', service: 'y' }]]],
  ['Bearer realm="a \\"b\\" \\\\ c"', [['bearer', { realm: 'a "b" \\ c' }]]],
  ['Bearer realm=""', [['bearer', { realm: '' }]]],
  ['Bearer realm="one",realm="two"', [['bearer', { realm: 'one' }]]],
  [
    'Basic realm="a, b", Bearer realm="c"',
    [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'c' }],
    ],
  ],
  [
    'Negotiate, Bearer realm="c"',
    [
      ['negotiate', {}],
      ['bearer', { realm: 'c' }],
    ],
  ],
  [
    'Negotiate dG9rZW4=, Unknown a="b", Bearer realm="c"',
    [
      ['negotiate', {}],
      ['unknown', { a: 'b' }],
      ['bearer', { realm: 'c' }],
    ],
  ],
  [', ,Basic realm="x",,', [['basic', { realm: 'x' }]]],
  ['Bearer realm="unterminated', [['bearer', {}]]],
  ['', []],
  ['"realm"', []],
  ['=x', []],
])('%s', (header, expected) => {
  expect(read(header)).toEqual(expected);
});

test('no header takes more than a moment or throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'Ba =,"\\:/\t;'), maxLength: 300 }), (header) => {
      expect(parseChallenges(header).length).toBeLessThanOrEqual(20);
    }),
  );
  expect(parseChallenges('a '.repeat(8000)).length).toBeLessThanOrEqual(20);
  expect(parseChallenges(`Bearer realm="${'\\'.repeat(16_000)}`)).toHaveLength(1);
  expect(parseChallenges(`Bearer ${'a='.repeat(8000)}`)).toHaveLength(1);
});
