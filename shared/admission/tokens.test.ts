import { changeTokens, type TokenChange, TokenChangeError } from './token-changes.ts';
import { readTokens, TokensFormatError } from './tokens.ts';

const [a, b, c] = ['A', 'B', 'C'].map((letter) => letter.repeat(32)) as [string, string, string];
const text = (value: unknown) => JSON.stringify(value);

function problemsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(readTokens(text(value)).problems);
}

test('one or two tokens of each cluster', () => {
  const { tokens, problems, unnamed } = readTokens(text({ prod: [a, b], staging: [c] }));
  expect([...tokens]).toEqual([
    ['prod', [a, b]],
    ['staging', [c]],
  ]);
  expect([problems.size, unnamed]).toEqual([0, 0]);
});

test.each([
  ['no list', 'x', /one or two tokens/],
  ['none', [], /one or two tokens/],
  ['three', [a, b, c], /one or two tokens/],
  ['a number', [7], /one or two tokens/],
  ['a short one', [a.slice(1)], /not 32 to 256/],
  ['one that a URL would write otherwise', [`${a}/`], /not 32 to 256/],
  ['one twice', [a, a], /one token twice/],
  ['that of another cluster', [c], /a token of another cluster/],
])('%s is wrong with one cluster, and with no other', (_, staging, problem) => {
  const { tokens, problems } = readTokens(text({ prod: [c], staging, test: [b] }));
  expect([...problems]).toEqual([['staging', expect.stringMatching(problem)]]);
  expect([...problems.values()].join()).not.toMatch(/AAAA|CCCC/);
  // The neighbours of the mistake.
  expect(tokens.get('prod')).toEqual([c]);
  if (!text(staging).includes(b)) expect(tokens.get('test')).toEqual([b]);
});

test('whose name no cluster can have is counted, and not told: it may be a token', () => {
  const read = readTokens(`{"__proto__": ["${a}"], "${c.repeat(4)}": [1], "prod": ["${b}"]}`);
  expect([[...read.tokens.keys()], read.problems.size, read.unnamed]).toEqual([['prod'], 0, 2]);
});

test.each(['', '{"prod": ', '[]', 'null', '"x"'])('%j is no set of tokens at all', (wrong) => {
  expect(() => readTokens(wrong)).toThrow(TokensFormatError);
  expect(() => changeTokens(wrong, { kind: 'add', cluster: 'prod', token: a })).toThrow(TokenChangeError);
});

describe('a change', () => {
  const changed = (value: unknown, change: TokenChange) => JSON.parse(changeTokens(text(value), change));

  test('adds the first token of the first cluster, and of a further one', () => {
    expect(JSON.parse(changeTokens(undefined, { kind: 'add', cluster: 'prod', token: a }))).toEqual({ prod: [a] });
    expect(changed({ prod: [a] }, { kind: 'add', cluster: 'staging', token: b })).toEqual({ prod: [a], staging: [b] });
  });

  test('rotates by way of two that are valid, and retires the older one', () => {
    const two = changed({ prod: [a], staging: [c] }, { kind: 'rotate', cluster: 'prod', token: b });
    expect(two).toEqual({ prod: [a, b], staging: [c] });
    expect(changed(two, { kind: 'retire', cluster: 'prod' })).toEqual({ prod: [b], staging: [c] });
  });

  test('takes out a cluster that is no more, whatever stands of it', () => {
    for (const prod of [[a], [a, b], 'short', null]) {
      expect(changed({ prod, staging: [c] }, { kind: 'remove', cluster: 'prod' })).toEqual({ staging: [c] });
    }
  });

  test.each<[string, unknown, TokenChange, RegExp]>([
    ['a second first token', { prod: [a] }, { kind: 'add', cluster: 'prod', token: b }, /has a token already: rotate/],
    ['a third token', { prod: [a, b] }, { kind: 'rotate', cluster: 'prod', token: c }, /has 2 valid tokens already/],
    ['rotating none', {}, { kind: 'rotate', cluster: 'prod', token: c }, /has no token: add one/],
    ['retiring the only one', { prod: [a] }, { kind: 'retire', cluster: 'prod' }, /has one token, without which/],
    ['retiring none', {}, { kind: 'retire', cluster: 'prod' }, /has no token/],
    ['removing nobody', { staging: [a] }, { kind: 'remove', cluster: 'prod' }, /prod has no token/],
    ['another cluster’s', { staging: [a] }, { kind: 'add', cluster: 'prod', token: a }, /a token of another cluster/],
    ['a short one', {}, { kind: 'add', cluster: 'prod', token: 'short' }, /not 32 to 256/],
    ['what is wrong already', { prod: ['short'] }, { kind: 'rotate', cluster: 'prod', token: a }, /take it out with/],
    ['no name of a cluster', {}, { kind: 'add', cluster: 'a/b', token: a }, /'a\/b' is no name of a cluster/],
  ])('does not make %s', (_, value, change, message) => {
    expect(() => changeTokens(text(value), change)).toThrow(message);
    expect(() => changeTokens(text(value), change)).toThrow(TokenChangeError);
  });

  test('leaves others as they are, even where they are wrong', () => {
    const others = '"staging": ["short"], "__proto__": {"x": 1}, "2": ["x"]';
    const after = changeTokens(`{${others}}`, { kind: 'add', cluster: 'prod', token: a });
    expect(Object.entries(JSON.parse(after))).toEqual([
      ['2', ['x']],
      ['staging', ['short']],
      ['__proto__', { x: 1 }],
      ['prod', [a]],
    ]);
    expect(problemsOf(JSON.parse(after))['prod']).toBeUndefined();
  });

  test('keeps within what a secret holds: hundreds of clusters', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, ['x'.repeat(200)]]));
    expect(() => changed(many(300), { kind: 'add', cluster: 'prod', token: a })).not.toThrow();
    expect(() => changed(many(320), { kind: 'add', cluster: 'prod', token: a })).toThrow(/over 65536 bytes/);
  });
});
