import { foldCase, lowerCase, upperCase } from './letter-case.ts';

test('letters change one by one, each into one', () => {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    for (const change of [upperCase, lowerCase, foldCase]) {
      const changed = change(letter);
      if ((changed.codePointAt(0) ?? 0) > 0xffff === changed.length > 1) continue;
      throw new Error(`U+${code.toString(16)} becomes ${JSON.stringify(changed)}`);
    }
  }
});

test.each([
  ['K\u212ak', 'kkk'],
  ['ΣΣς', 'σσσ'],
  ['ẞß', 'ßß'],
  ['\u0345\u1fbe', 'ιι'],
  ['İıIi', 'İıii'],
  ['Ǆǅǆ', 'ǆǆǆ'],
])('%s folds to %s', (text, folded) => {
  expect(foldCase(text)).toBe(folded);
});
