import { createRun } from '../../expression/run.ts';
import { lazily } from '../../expression/scope.ts';
import type { Json } from '../../expression/value.ts';
import { clusterPolicy, keyless, load, rule } from '../testing/policies.ts';

/** What becomes of a keyless entry with these fields where the object's label, and a ConfigMap's value, are this. */
function becomes(fields: Record<string, unknown>, label: string, data = ''): string {
  const context = [{ name: 'cm', configMap: { name: 'a' } }];
  const attestors = [{ entries: [keyless(fields)] }];
  const verifyImages = [{ imageReferences: ['ghcr.io/acme/*'], attestors }];
  const [first] = load(clusterPolicy({ rules: [rule({ context, verifyImages })] })).rules;
  const scope = lazily(
    new Map<string, () => Json>([
      ['request', () => ({ label })],
      ['cm', () => ({ data: { value: data } })],
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
])('%s', (_, fields, label, expected) => {
  expect(becomes(fields, label)).toBe(expected);
});

test('a pattern that is one variable of the context is what it comes to', () => {
  expect(becomes({ subject: '{{ cm.data.value }}' }, '', 'https://github.com/acme/*')).toBe('an entry');
  expect(becomes({ subjectRegExp: '{{ cm.data.value }}' }, '', '^https://github.com/acme/.*$')).toBe('an entry');
  expect(becomes({ subject: 'https://github.com/{{ cm.data.value }}' }, '', '*')).toBe(asPattern);
});

test('a value never names a key in a KMS', () => {
  const entryWith = (publicKeys: string) => [{ entries: [{ keys: { publicKeys, rekor: { ignoreTlog: true } } }] }];
  const verifyImages = [{ imageReferences: ['ghcr.io/acme/*'], attestors: entryWith('{{ request.key }}') }];
  const [first] = load(clusterPolicy({ rules: [rule({ verifyImages })] })).rules;
  const scope = lazily(new Map([['request', () => ({ key: 'awskms://evil.example/alias/a' })]]));
  expect(first?.entries[0]?.written?.entry(scope, createRun(0))).toMatchObject([
    { message: 'comes to a key in a KMS, which an object must not have called: write its address' },
  ]);
});
