import { createRun } from '../../expression/run.ts';
import { lazily } from '../../expression/scope.ts';
import type { Json } from '../../expression/value.ts';
import { clusterPolicy, keyless, load, rule } from '../testing/policies.ts';

/** What becomes of a keyless entry with these fields where the object's label, and a ConfigMap's value, are this. */
function becomes(fields: Record<string, unknown>, label: string, data = ''): string {
  const context = [
    { name: 'cm', configMap: { name: 'a' } },
    { name: 'who', variable: { jmesPath: 'request.label' } },
    { name: 'looked', imageRegistry: { reference: 'ghcr.io/acme/app:1' } },
    { name: 'same', variable: { value: '{{ cm.data.value }}' } },
  ];
  const attestors = [{ entries: [keyless(fields)] }];
  const verifyImages = [{ imageReferences: ['ghcr.io/acme/*'], attestors }];
  const [first] = load(clusterPolicy({ rules: [rule({ context, verifyImages })] })).rules;
  const scope = lazily(
    new Map<string, () => Json>([
      ['request', () => ({ label })],
      ['cm', () => ({ data: { value: data, [label]: data } })],
      ['who', () => label],
      ['looked', () => ({ label })],
      ['same', () => data],
    ]),
  );
  const made = first?.entries[0]?.written?.entry(scope, createRun(0));
  return made !== undefined && 'attestors' in made ? 'an entry' : (made?.[0]?.message ?? 'nothing');
}

const asPattern = 'comes to a pattern by a value in it: a value stands for itself alone';

test.each<[string, Record<string, unknown>, string, string]>([
  ['a word in a subject', { subject: 'https://github.com/{{ request.label }}/*' }, 'acme', 'an entry'],
  ['a wildcard in a subject', { subject: 'https://github.com/{{ request.label }}/*' }, '*', asPattern],
  ['a wildcard in an issuer', { issuer: 'https://{{ request.label }}' }, 'a?', asPattern],
  ['a subject that is the value', { subject: '{{ request.label }}' }, '*', asPattern],
  ['a word in a regular expression', { subjectRegExp: '^https://x/{{ request.label }}/$' }, 'acme', 'an entry'],
  ['an alternative in one', { subjectRegExp: '^https://x/{{ request.label }}/$' }, 'x|', asPattern],
  ['any character in one', { subjectRegExp: '^https://x/{{ request.label }}/$' }, '....', asPattern],
  ['an extension', { additionalExtensions: { githubWorkflowRef: 'refs/{{ request.label }}' } }, '*', asPattern],
  ['its twin', { additionalExtensions: { githubWorkflowRef: 'refs/{{ request.label }}' } }, 'heads/main', 'an entry'],
  [
    'a variable in a variable',
    { subjectRegExp: `^https://x/{{ cm.data."{{ request.label }}" || '{{ request.label }}' }}$` },
    '.*',
    asPattern,
  ],
  ['one beside a reference', { subjectRegExp: '^$(./../issuer)/{{ request.label }}$' }, '.*', asPattern],
])('%s', (_, fields, label, expected) => {
  expect(becomes(fields, label)).toBe(expected);
});

test.each(['{{ who }}', '{{ looked.label }}', '{{ cm.data.none || request.label }}', "{{ '{{ request.label }}' }}"])(
  'a pattern is none that an object or an image says, by way of the context: %s',
  (subject) => {
    expect(becomes({ subject }, 'https://github.com/acme/app')).toBe('an entry');
    expect(becomes({ subject }, '*')).toBe(asPattern);
    expect(becomes({ subjectRegExp: subject }, '.*')).toBe(asPattern);
  },
);

test('which pattern of a ConfigMap it is, the object may say', () => {
  const pattern = 'https://github.com/acme/*';
  for (const subject of ['{{ cm.data."{{ request.label }}" }}', '{{ cm.data.{{ request.label }} }}', '{{ same }}'])
    expect(becomes({ subject }, 'shop', pattern)).toBe('an entry');
  expect(becomes({ subject: '{{ cm.data."{{ request.label }}" }}' }, 'shop')).toBe('comes to nothing');
});

test('a pattern that is one variable of the context is what it comes to', () => {
  expect(becomes({ subject: '{{ cm.data.value }}' }, '', 'https://github.com/acme/*')).toBe('an entry');
  expect(becomes({ subjectRegExp: '{{ cm.data.value }}' }, '', '^https://github.com/acme/.*$')).toBe('an entry');
  expect(becomes({ subject: 'https://github.com/{{ cm.data.value }}' }, '', '*')).toBe(asPattern);
});

test('a value of the object never names a key in a KMS; which one of a ConfigMap it is, it may say', () => {
  const made = (publicKeys: string) => {
    const attestors = [{ entries: [{ keys: { publicKeys, rekor: { ignoreTlog: true } } }] }];
    const verifyImages = [{ imageReferences: ['ghcr.io/acme/*'], attestors }];
    const context = [{ name: 'cm', configMap: { name: 'a' } }];
    const [first] = load(clusterPolicy({ rules: [rule({ context, verifyImages })] })).rules;
    const key = 'awskms:///alias/shop';
    const scope = lazily(
      new Map<string, () => Json>([
        ['request', () => ({ key, alias: 'shop' })],
        ['cm', () => ({ data: { shop: key } })],
      ]),
    );
    return first?.entries[0]?.written?.entry(scope, createRun(0));
  };
  for (const publicKeys of ['{{ request.key }}', 'awskms:///alias/{{ request.alias }}'])
    expect(made(publicKeys)).toMatchObject([
      { message: 'comes to a key in a KMS, which an object must not have called: write its address' },
    ]);
  expect(made('{{ cm.data."{{ request.alias }}" }}')).toMatchObject({ path: 'verifyImages[0]' });
});
