import fc from 'fast-check';
import { caseOf, type Draft, policyOf } from './case.ts';
import { chainOf } from './certificates.ts';
import { image } from './corners.ts';

// Distinguished names drawn at random (RFC 4514), of trusted identities and of signers.

const types = fc.constantFrom(
  'C',
  'ST',
  'S',
  'O',
  'CN',
  'OU',
  'L',
  'STREET',
  'c',
  'o',
  'DC',
  '2.5.4.6',
  'OID.2.5.4.3',
  'SERIALNUMBER',
  'x y',
  '',
);
const values = fc.constantFrom(
  ...['US', 'WA', 'Acme', 'signer', 'Acme, Inc.', 'a+b', 'é', ' Acme ', '#1', 'a=b', 'a;b'],
  ...[
    '\\41cme',
    'Acme\\, Inc.',
    'a\\+b',
    '\\C3\\A9',
    '\\ Acme\\ ',
    '\\#1',
    '"Acme, Inc."',
    'Acme\\',
    'Acme\\4',
    '\\x',
    '#0C04',
    '',
    ' ',
    'a\\=b',
    'a\\;b',
    'a\\"b',
    'a\\\\b',
    'Acme  ',
  ],
);
const separators = fc.constantFrom(',', ', ', ', ', ';', '+', ' , ', ',,', ' ');
const attribute = fc.tuple(types, fc.constantFrom('=', '=', '=', ' = ', '=='), values, separators);

/** A value, and how a name may spell it. */
const organizations = fc.constantFrom<readonly [string, string]>(
  ['Acme', 'Acme'],
  ['Acme', 'Acme'],
  ['Acme', '\\41cme'],
  ['Acme', ' Acme  '],
  ['Acme, Inc.', 'Acme\\, Inc.'],
  ['Acme, Inc.', 'Acme\\2C Inc.'],
  ['Acme, Inc.', '"Acme, Inc."'],
  ['Acme, Inc.', 'Acme, Inc.'],
  ['a+b', 'a\\+b'],
  ['a+b', 'a+b'],
  ['é', 'é'],
  ['é', '\\C3\\A9'],
  ['é', '\\E9'],
  [' Acme ', '\\ Acme\\ '],
  [' Acme ', ' Acme '],
  ['#1', '\\#1'],
  ['#1', '#1'],
  ['a=b', 'a\\=b'],
  ['a=b', 'a=b'],
  ['a"b', 'a\\"b'],
  ['a"b', 'a"b'],
  ['a\\b', 'a\\\\b'],
  ['a\\b', 'a\\b'],
  ['a;b', 'a\\;b'],
  ['<a>', '\\<a\\>'],
  ['<a>', '<a>'],
  ['東京', '東京'],
);

const rarely = <Value>(arbitrary: fc.Arbitrary<Value>, usual: Value) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

/** Who is trusted, and who signed: the same, often, or one that has more. */
const drawing = fc
  .record({
    organization: organizations,
    state: rarely(fc.constantFrom('S=WA', 'st=WA', 'ST=wa', 'ST=OR', ''), 'ST=WA'),
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    separator: rarely(fc.constantFrom(',', ';', ' , ', '+'), ', '),
    more: rarely(fc.array(attribute, { minLength: 1, maxLength: 2 }), []),
    unit: fc.constantFrom(undefined, undefined, 'Web', 'a, b', 'a+b', ' x'),
    wanted: fc.constantFrom<readonly string[]>(
      [],
      [],
      ['OU=Web'],
      ['OU=a\\, b'],
      ['OU=a\\+b'],
      ['OU=\\ x'],
      ['CN=signer'],
    ),
    second: rarely(
      fc.constantFrom<string | undefined>('x509.subject:C=US, ST=WA, O=Others', 'x509.subject:C=US', '*'),
      undefined,
    ),
  })
  .map(({ organization: [name, spelled], state, order, separator, more, unit, wanted, second }) => {
    const must = ['C=US', state, `O=${spelled}`];
    const parts = [...order.flatMap((at) => must[at] ?? []), ...wanted].filter((part) => part !== '');
    const tail = more.map(([type, equals, value, before]) => `${before}${type}${equals}${value}`).join('');
    const first = `x509.subject:${parts.join(separator)}${tail}`;
    const units = unit === undefined ? [] : [['OU', unit]];
    return {
      trustedIdentities: second === undefined ? [first] : [first, second],
      subject: [['C', 'US'], ['ST', 'WA'], ['O', name], ...units, ['CN', 'signer']],
    };
  });

/** So many policies, each with an identity or two, on a signer's name; the same for the same seed. */
export function named(seed: number, count: number): readonly Draft[] {
  return fc.sample(drawing, { seed, numRuns: count }).map(
    ({ trustedIdentities, subject }, index): Draft =>
      () =>
        caseOf(`named ${seed}/${index}: ${JSON.stringify([trustedIdentities, subject])}`, 'jws', image, {
          sign: { certificates: chainOf({ leaf: { subject } }) },
          policy: policyOf({ trustedIdentities }),
          reason: 'A name is written as RFC 4514 has it',
        }),
  );
}
