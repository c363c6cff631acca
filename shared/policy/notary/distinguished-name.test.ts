import fc from 'fast-check';
import { isPartOf, parseDistinguishedName } from './distinguished-name.ts';

const parsed = (text: string) => {
  const read = parseDistinguishedName(text);
  return 'problem' in read ? read.problem : Object.fromEntries(read.attributes);
};
const acme = { C: 'US', ST: 'WA', O: 'Acme' };

test.each<[string, Record<string, string>]>([
  ['C=US,ST=WA,O=Acme', acme],
  ['C=US, S=WA, O=Acme', acme],
  ['O=Acme;ST=WA;C=US', acme],
  ['  C = US ,ST=  WA  ,O=Acme ', acme],
  ['C=US,ST=WA,O=Acme\\, Inc.', { ...acme, O: 'Acme, Inc.' }],
  ['C=US,ST=WA,O=Acme\\2C Inc.', { ...acme, O: 'Acme, Inc.' }],
  ['C=US,ST=WA,O=Acme\\ ', { ...acme, O: 'Acme ' }],
  ['C=US,ST=WA,O=Acme\\\\ ', { ...acme, O: 'Acme\\' }],
  ['C=US,ST=WA,O=\\#1\\+\\"\\<\\>\\;\\=', { ...acme, O: '#1+"<>;=' }],
  ['C=US,ST=WA,O=Acme,CN=', { ...acme, CN: '' }],
  ['C=US,ST=WA,O=a=b', { ...acme, O: 'a=b' }],
  ['C=CH,ST=Z\\c3\\bcrich,O=Käse 🧀', { C: 'CH', ST: 'Zürich', O: 'Käse 🧀' }],
  ['C=US,ST=WA,O=Acme,1.2.3.4=x,cn=lower,CN=upper', { ...acme, '1.2.3.4': 'x', cn: 'lower', CN: 'upper' }],
  ['C=US,ST=WA,O=Acme,__proto__=x', JSON.parse('{"C":"US","ST":"WA","O":"Acme","__proto__":"x"}')],
])('%s is read', (text, attributes) => {
  expect(parsed(text)).toEqual(attributes);
});

test.each([
  ['C=US,ST=WA', 'has no O: C, ST (or S) and O are required'],
  ['C=US,O=Acme', 'has no ST: '],
  ['', 'has no C and no ST and no O: '],
  ['c=US,st=WA,o=Acme', 'has no C and no ST and no O: '],
  ['C=US,ST=,O=Acme', 'has no ST: '],
  ['invalid', 'is no list of type=value'],
  ['C=US,ST=WA,O=Acme,', 'is no list of type=value'],
  ['C=US,,ST=WA,O=Acme', 'is no list of type=value'],
  ['C=US,ST=WA,O=Acme,=x', 'is no list of type=value'],
  ['C=US,ST=WA,O=Acme,S=WA', 'has ST twice'],
  ['C=US,ST=WA,O=Acme,OU=a,OU=b', 'has OU twice'],
  ['C=US,ST=WA,O=Acme+CN=a', 'has two values in one (+)'],
  ['C=US,ST=WA,O=#0401ff', 'begins with #'],
  ['C=US,ST=WA,O=Acme\\', 'a \\ that escapes none'],
  ['C=US,ST=WA,O=Acme\\g1', 'a \\ that escapes none'],
  ['C=US,ST=WA,O=Acme\\ff', 'a \\ that escapes none'],
  ['C=US,ST=WA,O="Acme"', 'has to be escaped'],
  [`C=US,ST=WA,O=${'a'.repeat(1100)}`, 'has over 1024 characters'],
])('%s is none', (text, problem) => {
  expect(parsed(text)).toContain(problem);
});

test('one name is part of another where all that it says is said there, exactly', () => {
  const name = (more: Record<string, string>) => new Map(Object.entries({ ...acme, ...more }));
  expect(isPartOf(name({}), name({ L: 'Seattle' }))).toBe(true);
  expect(isPartOf(name({}), name({}))).toBe(true);
  expect(isPartOf(name({}), name({ O: 'Acme 2', CN: 'a' }))).toBe(false);
  expect(isPartOf(name({ CN: 'a' }), name({ L: 'Seattle' }))).toBe(false);
  expect(isPartOf(name({ O: 'acme' }), name({}))).toBe(false);
  // Who has no CN.
  expect(isPartOf(name({ CN: '' }), name({}))).toBe(true);
  expect(isPartOf(name({ CN: '' }), name({ CN: 'a' }))).toBe(false);
});

test('whatever stands there, it is read or refused', () => {
  const pieces = fc.constantFrom('C=US', 'ST=WA', 'O=A', ',', '+', '\\', ' ', '=', '#', '\\2', 'ü', '\ud800', 'CN');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const read = parseDistinguishedName(parts.join(''));
      return 'problem' in read || ['C', 'ST', 'O'].every((type) => read.attributes.get(type) !== '');
    }),
  );
});
